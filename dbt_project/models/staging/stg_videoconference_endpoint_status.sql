with records as (
    select * from {{ raw_source('videoconference_endpoint_status') }}
),

loads_in_force as (
    select * from {{ ref('stg_loads_in_force') }}
    where dataset = 'videoconference_endpoint_status'
)

select
    records.endpoint_code,
    records.outcome_code,
    records.is_registered,
    records.is_in_call,
    records.software_version,
    records.uptime_seconds,
    records.packet_loss_rate,
    records.jitter_ms,
    records.load_id,
    records.row_number,
    loads_in_force.load_sequence,
    loads_in_force.partition_key,
    loads_in_force.arrived_at,
    loads_in_force.known_at,
    loads_in_force.covered_date
from records
inner join loads_in_force on records.load_id = loads_in_force.load_id
