with records as (
    select * from {{ raw_source('videoconference_dma_calls') }}
),

loads_in_force as (
    select * from {{ ref('stg_loads_in_force') }}
    where dataset = 'videoconference_dma_calls'
)

select
    records.call_id,
    records.call_type,
    records.is_dialin,
    records.started_at,
    records.ended_at,
    records.origin_endpoint_code,
    records.destination_endpoint_code,
    records.conference_id,
    records.load_id,
    records.row_number,
    loads_in_force.load_sequence,
    loads_in_force.partition_key,
    loads_in_force.arrived_at,
    loads_in_force.known_at,
    loads_in_force.covered_date
from records
inner join loads_in_force on records.load_id = loads_in_force.load_id
