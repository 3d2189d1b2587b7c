-- One row per meeting and poll. The server's 0 is "not yet"; its milliseconds become local times.
with records as (
    select * from {{ raw_source('videoconference_bbb_meetings') }}
),

loads_in_force as (
    select * from {{ ref('stg_loads_in_force') }}
    where dataset = 'videoconference_bbb_meetings'
)

select
    records.meeting_id,
    records.polled_at,
    {{ local_time_of_milliseconds('nullif(records.created_ms, 0)') }} as created_at,
    {{ local_time_of_milliseconds('nullif(records.started_ms, 0)') }} as started_at,
    {{ local_time_of_milliseconds('nullif(records.ended_ms, 0)') }} as ended_at,
    records.is_running,
    records.is_breakout,
    records.participant_count,
    records.listener_count,
    records.voice_participant_count,
    records.video_count,
    records.load_id,
    records.row_number,
    loads_in_force.load_sequence,
    loads_in_force.partition_key,
    loads_in_force.arrived_at,
    loads_in_force.known_at,
    loads_in_force.covered_date
from records
inner join loads_in_force on records.load_id = loads_in_force.load_id
