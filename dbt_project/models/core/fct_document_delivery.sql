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

-- A delivery is a document at a recipient. Re-sends and second copies are more packets of the same delivery.
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

-- Statuses of one second (03 and 05 are written together) stand in the order of their codes, sending first.
ordered as (
    select
        *,
        case when status_code = 'SENT' then '000' else lpad(status_code, 3, '0') end as status_order
    from statuses
),

-- Who sent what is the same in every row of a delivery: min only takes one of them.
final as (
    select
        document_id,
        recipient_unit_code,
        min(sender_unit_code) as sender_unit_code,
        min(document_symbol) as document_symbol,
        min(document_type_name_vi) as document_type_name_vi,
        min(business_type_code) as business_type_code,
        -- A delivery whose sending was not seen has no day: guessing one would count an old document as new.
        min(case when status_code = 'SENT' then status_at end) as sent_at,
        cast(min(case when status_code = 'SENT' then status_at end) as date) as sent_date,
        {{ value_at_last('status_code', ['status_at', 'status_order']) }} as last_status_code,
        max(status_at) as last_status_at,
        max(case when status_code in ('03', '04', '05', '06') then 1 else 0 end) = 1 as has_been_received,
        max(case when status_code = '06' then 1 else 0 end) = 1 as is_completed,
        count(distinct packet_id) as packet_count,
        max(load_id) as load_id
    from ordered
    group by document_id, recipient_unit_code
)

select * from final
