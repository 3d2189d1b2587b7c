{{ built_by_loads(
    'document_exchanges', ['document_id', 'recipient_unit_code'], is_history=true, in_parts=true,
    earliest=('status_at', 'first_status_at')
) }}

{%- set keys = ['document_id', 'recipient_unit_code'] -%}
{%- set columns = [
    'sender_unit_code', 'document_symbol', 'document_type_name_vi', 'business_type_code', 'sent_at', 'sent_date',
    'last_status_code', 'last_status_at', 'first_status_at', 'has_been_received', 'is_completed', 'packet_count',
] %}

with statuses as (
    select
        records.*,
        loads.in_force_from,
        loads.in_force_until
    from {{ raw_source('document_exchanges') }} as records
    inner join {{ ref('load_history') }} as loads on records.load_id = loads.load_id
    {{ touched(
        ['records.document_id', 'records.recipient_unit_code'], opening='where', time_column='records.status_at'
    ) }}
),

moments as (
    {{ moments_of('statuses', keys) }}
),

told as (
    {{ told_at('moments', 'statuses', keys) }}
),

deliveries as (
    select
        *,
        false as is_gone
    from ({{ deliveries_of('told', keys + ['moment']) }}) as deliveries_told
),

final as (
    {{ record_history('moments', 'deliveries', keys, columns) }}
)

select * from final
{{ laid_by_time() }}
