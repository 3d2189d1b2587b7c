{{ built_by_changes(['period'], [
    ('fct_document_delivery', [month_period('sent_date')]),
    ('document_unit_daily', [month_period('report_date')]),
    (
        'day_coverage', [month_period('report_date')],
        "inner join (select 'document_exchanges' as covered_code) as covered on coverage_code = covered_code",
    ),
]) }}

-- Documents against deliveries by unit and month: one document goes to many recipients, and a re-send is no new one.
with deliveries as (
    select * from {{ ref('fct_document_delivery') }}
),

days as (
    select * from {{ ref('document_unit_daily') }}
    {{ touched([month_period('report_date')], ['period'], opening='where') }}
),

exchange_days as (
    select report_date from {{ ref('day_coverage') }}
    where coverage_code = 'document_exchanges' {{ touched([month_period('report_date')], ['period']) }}
),

-- Counted over the month: a document that goes out on two of its days is one.
documents as (
    select
        deliveries.sender_unit_code as unit_code,
        {{ month_period('deliveries.sent_date') }} as period,
        count(distinct deliveries.document_id) as sent_document_count
    from deliveries
    inner join exchange_days on deliveries.sent_date = exchange_days.report_date
    group by deliveries.sender_unit_code, {{ month_period('deliveries.sent_date') }}
),

months as (
    select
        unit_code,
        {{ month_period('report_date') }} as period,
        sum(sent_count) as sent_count,
        sum(delivered_count) as delivered_count,
        sum(received_count) as received_count,
        sum(completed_count) as completed_count,
        sum(several_packets_count) as several_packets_count
    from days
    where sent_count is not null
    group by unit_code, {{ month_period('report_date') }}
),

final as (
    select
        months.unit_code,
        months.period,
        coalesce(documents.sent_document_count, 0) as sent_document_count,
        cast(months.sent_count as bigint) as sent_count,
        cast(months.delivered_count as bigint) as delivered_count,
        cast(months.received_count as bigint) as received_count,
        cast(months.completed_count as bigint) as completed_count,
        cast(months.several_packets_count as bigint) as several_packets_count
    from months
    left join documents on months.unit_code = documents.unit_code and months.period = documents.period
)

select * from final
