-- Each endpoint on each day that was polled. No answer is offline; never asked is unknown, and stays null.
with polls as (
    select * from {{ ref('stg_videoconference_endpoint_status') }}
),

endpoints as (
    select * from {{ ref('dim_endpoint') }}
),

polled_days as (
    select report_date from {{ ref('day_coverage') }}
    where coverage_code = 'videoconference_endpoint_status'
),

expected as (
    select
        endpoints.endpoint_code,
        endpoints.unit_code,
        polled_days.report_date
    from endpoints
    inner join polled_days
        on
            polled_days.report_date
            between endpoints.valid_from and coalesce(endpoints.valid_to, polled_days.report_date)
),

final as (
    select
        expected.endpoint_code,
        expected.report_date,
        expected.unit_code,
        polls.endpoint_code is not null as was_asked,
        polls.outcome_code,
        case
            when polls.endpoint_code is not null
                then polls.outcome_code = 'answered' and coalesce(polls.is_registered, false)
        end as is_online,
        polls.is_in_call,
        polls.packet_loss_rate,
        polls.jitter_ms,
        polls.uptime_seconds,
        polls.software_version
    from expected
    left join polls on expected.endpoint_code = polls.endpoint_code and expected.report_date = polls.covered_date
)

select * from final
