with records as (
    select * from {{ raw_source('videoconference_calls') }}
),

loads_in_force as (
    select * from {{ ref('stg_loads_in_force') }}
    where dataset = 'videoconference_calls'
)

select
    records.session_id,
    records.correlator_index,
    records.record_type,
    records.recorded_at,
    records.call_id,
    records.leg_id,
    records.endpoint_code,
    records.leg_state,
    records.end_reason,
    records.duration_seconds,
    records.activated_seconds,
    records.packet_loss_rate,
    records.load_id,
    records.row_number,
    loads_in_force.load_sequence,
    loads_in_force.partition_key,
    loads_in_force.arrived_at,
    loads_in_force.known_at,
    loads_in_force.covered_date
from records
inner join loads_in_force on records.load_id = loads_in_force.load_id
