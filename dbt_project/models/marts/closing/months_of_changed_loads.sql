{{ config(schema="staging", materialized="view", contract={"enforced": false}) }}

-- Of which units and months the loads that changed since a closing speak; no unit where a row names none.
with changed_loads as (
    select distinct
        load_id,
        dataset
    from {{ ref('loads_since_closing') }}
),

loads as (
    select * from {{ ops_source('loads') }}
),

-- A dossier counts in the month in which it came and in those in which something ended it.
dossier_rows as (
    {% for column in ['received_at', 'finished_at', 'refused_at', 'stopped_at', 'withdrawn_at'] %}
    select
        load_id,
        unit_code,
        row_number as record_number,
        {{ month_period('cast(' ~ column ~ ' as date)') }} as period
    from {{ raw_source('portal_dossiers') }}
    where {{ column }} is not null and load_id in (select changed_loads.load_id from changed_loads)
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

exchange_rows as (
    select *
    from {{ raw_source('document_exchanges') }}
    where load_id in (select changed_loads.load_id from changed_loads)
),

deliveries as (
    select
        document_id,
        recipient_unit_code,
        sent_date
    from {{ ref('fct_document_delivery') }}
    where document_id in (select exchange_rows.document_id from exchange_rows)
),

-- A delivery counts on the day it was sent, whenever its later statuses come.
dated_exchange_rows as (
    select
        exchange_rows.load_id,
        exchange_rows.sender_unit_code,
        exchange_rows.recipient_unit_code,
        exchange_rows.row_number as record_number,
        {{ month_period('coalesce(deliveries.sent_date, cast(exchange_rows.status_at as date))') }} as period
    from exchange_rows
    left join deliveries
        on
            exchange_rows.document_id = deliveries.document_id
            and exchange_rows.recipient_unit_code = deliveries.recipient_unit_code
),

unit_rows as (
    select * from dossier_rows
    union all
    select
        load_id,
        sender_unit_code as unit_code,
        record_number,
        period
    from dated_exchange_rows
    union all
    select
        load_id,
        recipient_unit_code as unit_code,
        record_number,
        period
    from dated_exchange_rows
    union all
    select
        load_id,
        author_unit_code as unit_code,
        row_number as record_number,
        {{ month_period('arrived_date') }} as period
    from {{ raw_source('document_registers') }}
    where load_id in (select changed_loads.load_id from changed_loads)
),

-- Other datasets speak of the month that their file is of, and of every unit.
file_months as (
    select
        loads.load_id,
        replace(substr(loads.partition_key, 1, 7), '-', '') as period,
        loads.rows_accepted as rows_count
    from loads
    inner join changed_loads on loads.load_id = changed_loads.load_id
    where changed_loads.dataset not in ('portal_dossiers', 'document_exchanges', 'document_registers')
),

final as (
    select
        load_id,
        unit_code,
        period,
        count(distinct record_number) as rows_count
    from unit_rows
    group by load_id, unit_code, period
    union all
    select
        load_id,
        null as unit_code,
        period,
        rows_count
    from file_months
)

select * from final
