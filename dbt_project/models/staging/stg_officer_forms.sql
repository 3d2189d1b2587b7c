with records as (
    select * from {{ raw_source('officer_forms') }}
),

loads_in_force as (
    select * from {{ ref('stg_loads_in_force') }}
    where dataset = 'officer_forms'
)

select
    records.indicator_code,
    records.numerator,
    records.denominator,
    records.load_id,
    records.row_number,
    loads_in_force.load_sequence,
    loads_in_force.partition_key,
    loads_in_force.arrived_at,
    loads_in_force.known_at,
    loads_in_force.period
from records
inner join loads_in_force on records.load_id = loads_in_force.load_id
