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

ranked as (
    select
        *,
        row_number() over (
            partition by document_id, recipient_unit_code
            order by status_at, status_order, sender_unit_code, packet_id, partition_key
        ) as first_rank,
        row_number() over (
            partition by document_id, recipient_unit_code
            order by status_at desc, status_order desc, packet_id desc, partition_key desc
        ) as last_rank
    from ordered
),

final as (
    select
        document_id,
        recipient_unit_code,
        max(case when first_rank = 1 then sender_unit_code end) as sender_unit_code,
        max(case when first_rank = 1 then document_symbol end) as document_symbol,
        max(case when first_rank = 1 then document_type_name_vi end) as document_type_name_vi,
        max(case when first_rank = 1 then business_type_code end) as business_type_code,
        min(status_at) as sent_at,
        cast(min(status_at) as date) as sent_date,
        max(case when last_rank = 1 then status_code end) as last_status_code,
        max(status_at) as last_status_at,
        max(case when status_code in ('03', '04', '05', '06') then 1 else 0 end) = 1 as has_been_received,
        max(case when status_code = '06' then 1 else 0 end) = 1 as is_completed,
        count(distinct packet_id) as packet_count,
        max(case when last_rank = 1 then load_id end) as load_id
    from ranked
    group by document_id, recipient_unit_code
)

select * from final
