-- What is known to be missing of the call records: a session numbers its records, so a number that was skipped is a
-- record that was lost on the way, stands in a file that never came, or was set apart as faulty.
with records as (
    select * from {{ ref('stg_videoconference_calls') }}
),

legs as (
    select * from {{ ref('fct_conference_leg') }}
),

covered_days as (
    select report_date from {{ ref('day_coverage') }}
    where coverage_code = 'videoconference_calls'
),

-- Bodies are re-sent: session and index identify a record.
distinct_records as (
    select
        session_id,
        correlator_index,
        min(recorded_at) as recorded_at
    from records
    group by session_id, correlator_index
),

-- The gap stands on the day of the record after it. What a session sent before its first record here is not known.
numbered as (
    select
        session_id,
        cast(recorded_at as date) as report_date,
        correlator_index
        - lag(correlator_index) over (partition by session_id order by correlator_index) - 1 as skipped_count
    from distinct_records
),

record_days as (
    select
        report_date,
        count(distinct session_id) as session_count,
        count(*) as record_count,
        sum(coalesce(skipped_count, 0)) as missing_record_count
    from numbered
    group by report_date
),

-- Of a leg without its start nobody knows whose it was: the endpoint is not credited with it.
leg_days as (
    select
        cast(last_recorded_at as date) as report_date,
        count(*) filter (where call_id is not null and endpoint_code is null) as unattributed_leg_count
    from legs
    group by cast(last_recorded_at as date)
),

final as (
    select
        covered_days.report_date,
        coalesce(record_days.session_count, 0) as session_count,
        coalesce(record_days.record_count, 0) as record_count,
        cast(coalesce(record_days.missing_record_count, 0) as bigint) as missing_record_count,
        coalesce(leg_days.unattributed_leg_count, 0) as unattributed_leg_count
    from covered_days
    left join record_days on covered_days.report_date = record_days.report_date
    left join leg_days on covered_days.report_date = leg_days.report_date
)

select * from final
