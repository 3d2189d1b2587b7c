-- When each conference began and ended. Few records tell it (two a conference), so it is read whole.
with records as (
    select * from {{ ref('stg_videoconference_calls') }}
    where record_type in ('callStart', 'callEnd')
),

legs as (
    select * from {{ ref('fct_conference_leg') }}
    where call_id is not null
),

newest as (
    select *
    from records
    where call_id is not null
    qualify
        row_number() over (
            partition by session_id, correlator_index
            order by recorded_at desc, known_at desc, arrived_at desc, load_sequence desc, row_number desc
        ) = 1
),

calls as (
    select
        call_id,
        min(case when record_type = 'callStart' then recorded_at end) as start_recorded_at,
        max(case when record_type = 'callEnd' then recorded_at end) as end_recorded_at,
        max(case when record_type = 'callEnd' then duration_seconds end) as duration_seconds
    from newest
    group by call_id
),

calls_of_legs as (
    select
        call_id,
        min(joined_at) as first_joined_at,
        max(last_recorded_at) as last_recorded_at,
        count(*) as leg_count,
        sum(case when is_guest then 1 else 0 end) as guest_leg_count,
        sum(case when activated_seconds = 0 then 1 else 0 end) as failed_leg_count
    from legs
    group by call_id
),

-- Without a record of its start the end tells how long the call was, or else its first leg stands for it; without one
-- of its end, the last moment that any of its legs tells of.
bounded as (
    select
        coalesce(calls.call_id, calls_of_legs.call_id) as call_id,
        coalesce(
            calls.start_recorded_at,
            {{ add_seconds('calls.end_recorded_at', '-calls.duration_seconds') }},
            calls_of_legs.first_joined_at,
            calls.end_recorded_at
        ) as started_at,
        coalesce(calls.end_recorded_at, calls_of_legs.last_recorded_at, calls.start_recorded_at) as ended_at,
        calls.start_recorded_at is not null as has_start_record,
        calls.end_recorded_at is not null as has_end_record,
        coalesce(calls_of_legs.leg_count, 0) as leg_count,
        cast(coalesce(calls_of_legs.guest_leg_count, 0) as bigint) as guest_leg_count,
        cast(coalesce(calls_of_legs.failed_leg_count, 0) as bigint) as failed_leg_count
    from calls
    full outer join calls_of_legs on calls.call_id = calls_of_legs.call_id
),

final as (
    select
        call_id,
        started_at,
        cast(started_at as date) as started_date,
        ended_at,
        has_start_record,
        has_end_record,
        leg_count,
        guest_leg_count,
        failed_leg_count
    from bounded
)

select * from final
