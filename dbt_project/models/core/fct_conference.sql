-- When each conference began and ended. Few records tell it (two a conference), so it is read whole.
with records as (
    select * from {{ ref('stg_videoconference_calls') }}
    where record_type in ('callStart', 'callEnd')
),

legs as (
    select * from {{ ref('conference_legs') }}
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

cms_calls as (
    select
        'cms' as system_code,
        call_id,
        min(case when record_type = 'callStart' then recorded_at end) as start_recorded_at,
        max(case when record_type = 'callEnd' then recorded_at end) as end_recorded_at,
        max(case when record_type = 'callEnd' then duration_seconds end) as duration_seconds,
        cast(null as timestamp) as last_seen_at,
        cast(null as bigint) as peak_participant_count
    from newest
    group by call_id
),

-- One line a conference, written when it is over; a later export may tell it again.
dma_calls as (
    select
        'dma' as system_code,
        'dma:' || conference_id as call_id,
        started_at as start_recorded_at,
        ended_at as end_recorded_at,
        cast(null as bigint) as duration_seconds,
        cast(null as timestamp) as last_seen_at,
        cast(null as bigint) as peak_participant_count
    from {{ ref('stg_videoconference_dma_conferences') }}
    qualify
        row_number() over (
            partition by conference_id
            order by ended_at desc, known_at desc, arrived_at desc, load_sequence desc, row_number desc
        ) = 1
),

-- A meeting as polls saw it. One that nobody ever joined is none; a breakout room is a part of its meeting. A poll is
-- told by our clock and a start by the server's: what was seen did not end before it began.
bbb_calls as (
    select
        'bbb' as system_code,
        'bbb:' || meeting_id as call_id,
        min(started_at) as start_recorded_at,
        max(ended_at) as end_recorded_at,
        cast(null as bigint) as duration_seconds,
        greatest(max(polled_at), min(started_at)) as last_seen_at,
        max(participant_count) as peak_participant_count
    from {{ ref('stg_videoconference_bbb_meetings') }}
    where not coalesce(is_breakout, false)
    group by meeting_id
    having min(started_at) is not null
),

calls as (
    select * from cms_calls
    union all
    select * from dma_calls
    union all
    select * from bbb_calls
),

calls_of_legs as (
    select
        system_code,
        call_id,
        min(joined_at) as first_joined_at,
        max(last_recorded_at) as last_recorded_at,
        count(*) as leg_count,
        sum(case when is_guest then 1 else 0 end) as guest_leg_count,
        sum(case when activated_seconds = 0 then 1 else 0 end) as failed_leg_count
    from legs
    group by system_code, call_id
),

-- Without a record of its start the end tells how long the call was, or else its first leg stands for it; without one
-- of its end, the last moment that any of its legs tells of.
bounded as (
    select
        coalesce(calls.call_id, calls_of_legs.call_id) as call_id,
        coalesce(calls.system_code, calls_of_legs.system_code) as system_code,
        coalesce(
            calls.start_recorded_at,
            {{ add_seconds('calls.end_recorded_at', '-calls.duration_seconds') }},
            calls_of_legs.first_joined_at,
            calls.end_recorded_at
        ) as started_at,
        coalesce(
            calls.end_recorded_at, calls_of_legs.last_recorded_at, calls.last_seen_at, calls.start_recorded_at
        ) as ended_at,
        calls.start_recorded_at is not null as has_start_record,
        calls.end_recorded_at is not null as has_end_record,
        coalesce(calls_of_legs.leg_count, 0) as leg_count,
        cast(coalesce(calls_of_legs.guest_leg_count, 0) as bigint) as guest_leg_count,
        cast(coalesce(calls_of_legs.failed_leg_count, 0) as bigint) as failed_leg_count,
        calls.peak_participant_count
    from calls
    full outer join calls_of_legs on calls.call_id = calls_of_legs.call_id
),

final as (
    select
        call_id,
        system_code,
        started_at,
        cast(started_at as date) as started_date,
        ended_at,
        has_start_record,
        has_end_record,
        leg_count,
        guest_leg_count,
        failed_leg_count,
        peak_participant_count
    from bounded
)

select * from final
