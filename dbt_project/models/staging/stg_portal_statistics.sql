with records as (
    select * from {{ raw_source('portal_statistics') }}
),

loads_in_force as (
    select * from {{ ref('stg_loads_in_force') }}
    where dataset = 'portal_statistics'
)

select
    records.unit_code,
    records.group_name_vi,
    records.received_count,
    records.received_online_count,
    records.received_direct_count,
    records.carried_over_count,
    records.settled_count,
    records.settled_early_count,
    records.settled_on_time_count,
    records.settled_late_count,
    records.open_count,
    records.open_in_time_count,
    records.open_late_count,
    records.load_id,
    records.row_number,
    loads_in_force.load_sequence,
    loads_in_force.partition_key,
    loads_in_force.arrived_at,
    loads_in_force.known_at,
    loads_in_force.period
from records
inner join loads_in_force on records.load_id = loads_in_force.load_id
