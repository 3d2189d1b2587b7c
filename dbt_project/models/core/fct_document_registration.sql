{{ built_by_loads('document_registers', ['load_id'], rows_of_loads='ops.loads') }}

with register_rows as (
    select * from {{ ref('stg_document_registers') }}
    {{ touched(['load_id'], opening='where') }}
),

final as (
    select
        covered_date as register_date,
        register_number,
        arrived_date,
        author_unit_code,
        main_handler_unit_code,
        document_symbol,
        document_date,
        document_type_name_vi,
        urgency_name_vi,
        recipient_count,
        load_id
    from register_rows
)

select * from final
