{%- set late_from = 'greatest(received_date, ' ~ add_days('due_date', '1') ~ ')' -%}
{%- set dates = ['received_date', add_days('due_date', '1'), 'settled_date', 'gone_date'] -%}
{%- set flow = ['unit_code', 'flow_date'] -%}
{%- set late = ['unit_code', 'late_from'] -%}
{{ config(schema='staging', contract={'enforced': false}) }}
{{ built_by_changes(flow, [
    ('fct_dossier', ['unit_code', 'received_date']),
    ('fct_dossier', ['unit_code', 'coalesce(settled_date, gone_date)']),
    ('fct_dossier', ['unit_code', late_from]),
]) }}

-- How the stock of open dossiers changes from day to day, by unit: what comes in, what goes out, what becomes late.
with dossiers as (
    select * from {{ ref('fct_dossier') }}
    where is_received_local {{ not_before_touched(dates) }}
),

-- Open from the day of receipt to the day before it was settled, or was known to be gone. Late from the day after the
-- due date, except while a supplement (5), a fee (6) or a stop (8) is what it waits for.
spans as (
    select
        unit_code,
        received_date as open_from,
        coalesce(settled_date, gone_date) as open_until,
        case
            when status_code not in ('5', '6', '8') and due_date is not null
                then {{ late_from }}
        end as late_from
    from dossiers
),

flows as (
    select
        unit_code,
        open_from as flow_date,
        1 as open_change,
        0 as late_change
    from spans
    where (open_until is null or open_until > open_from) {{ touched(['unit_code', 'open_from'], flow) }}
    union all
    select
        unit_code,
        open_until as flow_date,
        -1 as open_change,
        0 as late_change
    from spans
    where open_until > open_from {{ touched(['unit_code', 'open_until'], flow) }}
    union all
    select
        unit_code,
        late_from as flow_date,
        0 as open_change,
        1 as late_change
    from spans
    where late_from is not null and (open_until is null or open_until > late_from) {{ touched(late, flow) }}
    union all
    select
        unit_code,
        open_until as flow_date,
        0 as open_change,
        -1 as late_change
    from spans
    where late_from is not null and open_until > late_from {{ touched(['unit_code', 'open_until'], flow) }}
),

final as (
    select
        unit_code,
        flow_date,
        cast(sum(open_change) as bigint) as open_change,
        cast(sum(late_change) as bigint) as late_change
    from flows
    group by unit_code, flow_date
)

select * from final
