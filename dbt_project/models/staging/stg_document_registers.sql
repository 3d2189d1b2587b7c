with records as (
    select * from {{ raw_source('document_registers') }}
),

loads_in_force as (
    select * from {{ ref('stg_loads_in_force') }}
    where dataset = 'document_registers'
)

select
    records.arrived_date,
    records.register_number,
    records.author_unit_code,
    records.document_symbol,
    records.document_date,
    records.recipient_count,
    records.document_type_name_vi,
    records.urgency_name_vi,
    records.main_handler_unit_code,
    records.load_id,
    records.row_number,
    loads_in_force.load_sequence,
    loads_in_force.partition_key,
    loads_in_force.arrived_at,
    loads_in_force.known_at,
    loads_in_force.covered_date
from records
inner join loads_in_force on records.load_id = loads_in_force.load_id
