{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='append_new_columns',
        pre_hook=[
            "{{ collect_touched_keys('document_exchanges', ['document_id', 'recipient_unit_code']) }}",
            "{{ delete_touched_keys(['document_id', 'recipient_unit_code']) }}",
        ],
        post_hook="{{ remember_loads('document_exchanges') }}",
    )
}}

with statuses as (
    select exchanges.*
    from {{ ref('stg_document_exchanges') }} as exchanges
    {% if is_incremental() %}
    inner join {{ touched_keys() }} as touched
        on
            exchanges.document_id = touched.document_id
            and exchanges.recipient_unit_code = touched.recipient_unit_code
    {% endif %}
),

final as (
    {{ deliveries_of('statuses', ['document_id', 'recipient_unit_code']) }}
)

select * from final
