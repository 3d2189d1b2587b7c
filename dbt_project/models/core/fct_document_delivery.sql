{{ built_by_loads(
    'document_exchanges', ['document_id', 'recipient_unit_code'], in_parts=true, earliest=('status_at', 'first_status_at')
) }}

with statuses as (
    select exchanges.*
    from {{ ref('stg_document_exchanges') }} as exchanges
    {{ touched(
        ['exchanges.document_id', 'exchanges.recipient_unit_code'], opening='where', time_column='exchanges.status_at'
    ) }}
),

final as (
    {{ deliveries_of('statuses', ['document_id', 'recipient_unit_code']) }}
)

select * from final
{{ laid_by_time() }}
