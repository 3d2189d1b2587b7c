with records as (
    select * from {{ raw_source('document_exchanges') }}
),

loads_in_force as (
    select * from {{ ref('stg_loads_in_force') }}
    where dataset = 'document_exchanges'
)

select
    records.packet_id,
    records.document_id,
    records.document_symbol,
    records.document_type_name_vi,
    records.business_type_code,
    records.sender_unit_code,
    records.recipient_unit_code,
    records.status_code,
    records.status_at,
    records.secrecy_mark,
    records.urgency_name_vi,
    records.load_id,
    records.row_number,
    loads_in_force.load_sequence,
    loads_in_force.partition_key,
    loads_in_force.arrived_at,
    loads_in_force.known_at,
    loads_in_force.covered_date
from records
inner join loads_in_force on records.load_id = loads_in_force.load_id
