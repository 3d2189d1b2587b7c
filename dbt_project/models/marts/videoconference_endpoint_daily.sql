{{ told_by_changes() }}

-- Each endpoint of the registry on each day that its polls or the call records cover.
with endpoints as (
    select * from {{ ref('dim_endpoint') }}
),

endpoint_days as (
    select * from {{ ref('fct_endpoint_day') }}
),

conferences as (
    select * from {{ ref('videoconference_conference') }}
),

conference_endpoints as (
    select * from {{ ref('fct_conference_endpoint') }}
),

endpoint_seconds as (
    select * from {{ ref('fct_conference_endpoint_day') }}
),

covered_days as (
    select
        coalesce(polled_days.report_date, call_days.report_date) as report_date,
        polled_days.report_date is not null as has_polls,
        call_days.report_date is not null as has_calls
    from (
        select report_date from {{ ref('day_coverage') }}
        where coverage_code = 'videoconference_endpoint_status'
    ) as polled_days
    full outer join {{ ref('conference_coverage') }} as call_days on polled_days.report_date = call_days.report_date
),

conference_days as (
    select
        started_date as report_date,
        count(*) as conference_count
    from conferences
    group by started_date
),

-- A conference is attended on the day on which it began; its seconds count on the day on which they passed.
attendance as (
    select
        endpoint_code,
        started_date as report_date,
        count(*) filter (where is_participant) as attended_conference_count
    from conference_endpoints
    group by endpoint_code, started_date
),

connected as (
    select
        endpoint_code,
        report_date,
        sum(connected_seconds) as connected_seconds
    from endpoint_seconds
    group by endpoint_code, report_date
),

final as (
    select
        endpoints.endpoint_code,
        covered_days.report_date,
        endpoints.unit_code,
        -- Polls: null where the day was not polled at all or this endpoint was never asked.
        case when covered_days.has_polls then coalesce(endpoint_days.was_asked, false) end as was_asked,
        endpoint_days.is_online,
        endpoint_days.packet_loss_rate,
        -- Calls: null where the day's call records are missing.
        case
            when covered_days.has_calls then coalesce(conference_days.conference_count, 0)
        end as conference_count,
        case
            when covered_days.has_calls then coalesce(attendance.attended_conference_count, 0)
        end as attended_conference_count,
        case
            when covered_days.has_calls then coalesce(attendance.attended_conference_count, 0) > 0
        end as is_participant,
        case
            when covered_days.has_calls then cast(coalesce(connected.connected_seconds, 0) as bigint)
        end as connected_seconds
    from endpoints
    inner join covered_days
        on
            covered_days.report_date
            between endpoints.valid_from and coalesce(endpoints.valid_to, covered_days.report_date)
    left join endpoint_days
        on
            endpoints.endpoint_code = endpoint_days.endpoint_code
            and covered_days.report_date = endpoint_days.report_date
    left join conference_days on covered_days.report_date = conference_days.report_date
    left join attendance
        on
            endpoints.endpoint_code = attendance.endpoint_code
            and covered_days.report_date = attendance.report_date
    left join connected
        on
            endpoints.endpoint_code = connected.endpoint_code
            and covered_days.report_date = connected.report_date
)

select * from final
