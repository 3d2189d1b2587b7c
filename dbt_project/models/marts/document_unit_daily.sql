{{ built_by_changes(['unit_code', 'report_date'], [
    ('fct_document_delivery', ['sender_unit_code', 'sent_date']),
    ('fct_document_delivery', ['recipient_unit_code', 'sent_date']),
    ('fct_document_registration', ['author_unit_code', 'arrived_date']),
    (
        'day_coverage', ['every_unit.unit_code', 'report_date'],
        "inner join (select 'document_exchanges' as covered_code union all select 'document_registers') as covered
            on coverage_code = covered_code",
    ),
]) }}

-- Documents per unit and day: sent by it, delivered to it, entered in the register under its name.
with deliveries as (
    select * from {{ ref('fct_document_delivery') }}
    {{ touched(['sent_date'], ['report_date'], opening='where') }}
),

registrations as (
    select * from {{ ref('fct_document_registration') }}
    {{ touched(['arrived_date'], ['report_date'], opening='where') }}
),

exchange_days as (
    select report_date from {{ ref('day_coverage') }}
    where coverage_code = 'document_exchanges'
),

register_days as (
    select report_date from {{ ref('day_coverage') }}
    where coverage_code = 'document_registers'
),

sent as (
    select
        deliveries.sender_unit_code as unit_code,
        deliveries.sent_date as report_date,
        count(*) as sent_count,
        count(distinct deliveries.document_id) as sent_document_count
    from deliveries
    inner join exchange_days on deliveries.sent_date = exchange_days.report_date
    group by deliveries.sender_unit_code, deliveries.sent_date
),

delivered as (
    select
        deliveries.recipient_unit_code as unit_code,
        deliveries.sent_date as report_date,
        count(*) as delivered_count,
        count(*) filter (where deliveries.has_been_received) as received_count,
        count(*) filter (where deliveries.is_completed) as completed_count,
        count(*) filter (where deliveries.packet_count > 1) as several_packets_count
    from deliveries
    inner join exchange_days on deliveries.sent_date = exchange_days.report_date
    group by deliveries.recipient_unit_code, deliveries.sent_date
),

registered as (
    select
        registrations.author_unit_code as unit_code,
        registrations.arrived_date as report_date,
        count(*) as registered_count
    from registrations
    inner join register_days on registrations.arrived_date = register_days.report_date
    group by registrations.author_unit_code, registrations.arrived_date
),

unit_days as (
    select
        unit_code,
        report_date
    from sent
    union
    select
        unit_code,
        report_date
    from delivered
    union
    select
        unit_code,
        report_date
    from registered
),

-- Zero where the dataset covers the day, null where it does not.
final as (
    select
        unit_days.unit_code,
        unit_days.report_date,
        case when exchange_days.report_date is not null then coalesce(sent.sent_count, 0) end as sent_count,
        case
            when exchange_days.report_date is not null then coalesce(sent.sent_document_count, 0)
        end as sent_document_count,
        case
            when exchange_days.report_date is not null then coalesce(delivered.delivered_count, 0)
        end as delivered_count,
        case
            when exchange_days.report_date is not null then coalesce(delivered.received_count, 0)
        end as received_count,
        case
            when exchange_days.report_date is not null then coalesce(delivered.completed_count, 0)
        end as completed_count,
        case
            when exchange_days.report_date is not null then coalesce(delivered.several_packets_count, 0)
        end as several_packets_count,
        case
            when register_days.report_date is not null then coalesce(registered.registered_count, 0)
        end as registered_count
    from unit_days
    left join exchange_days on unit_days.report_date = exchange_days.report_date
    left join register_days on unit_days.report_date = register_days.report_date
    left join sent on unit_days.unit_code = sent.unit_code and unit_days.report_date = sent.report_date
    left join delivered
        on unit_days.unit_code = delivered.unit_code and unit_days.report_date = delivered.report_date
    left join registered
        on unit_days.unit_code = registered.unit_code and unit_days.report_date = registered.report_date
    {{ touched(['unit_days.unit_code', 'unit_days.report_date'], opening='where') }}
)

select * from final
