{#- What can be known without the stock: the flows of the month. -#}
{% set received = ['received_online_count', 'received_direct_count', 'received_channel_unreported_count'] %}
{% set settled = ['settled_early_count', 'settled_on_time_count', 'settled_late_count'] %}
{% set stock = ['open_change', 'late_change'] %}
{% set flows = received + settled + stock %}
{% set own_flows = {'received': received, 'settled': settled, 'stock': stock} -%}

-- Form II.06a by reporting unit, field and month, by the local report's definitions. Stocks come from what flowed in
-- and out, so the cost is one pass over the dossiers and then months, whatever their number.
with dossiers as (
    select * from {{ ref('fct_dossier') }}
),

procedures as (
    select * from {{ ref('dim_procedure') }}
),

units as (
    select * from {{ ref('dim_unit') }}
),

dates as (
    select * from {{ ref('dim_date') }}
),

covered_days as (
    select report_date from {{ ref('day_coverage') }}
    where coverage_code = 'portal_dossiers'
),

stock_days as (
    select report_date from {{ ref('day_coverage') }}
    where coverage_code = 'portal_open_stock'
),

newest_day as (
    select max(report_date) as report_date from covered_days
),

-- A month in progress ends on the newest covered day. Its beginning is known if the stock of its first day is.
months as (
    select
        dates.period,
        min(dates.date_day) as first_date,
        least(max(dates.date_day), min(newest_day.report_date)) as last_date,
        count(*) as days_expected,
        count(covered_days.report_date) as days_covered
    from dates
    cross join newest_day
    left join covered_days on dates.date_day = covered_days.report_date
    group by dates.period
    having count(covered_days.report_date) > 0
),

known_months as (
    select
        months.*,
        opening.report_date is not null as is_opening_known,
        closing.report_date is not null as is_closing_known
    from months
    left join stock_days as opening on months.first_date = opening.report_date
    left join stock_days as closing on months.last_date = closing.report_date
),

-- What was received or settled on a day that is not covered is in no column; the stock knows of it all the same.
received as (
    select
        dossiers.unit_code,
        dossiers.procedure_code,
        {{ month_period('dossiers.received_date') }} as period,
        sum(case when dossiers.channel_code = '2' then 1 else 0 end) as received_online_count,
        sum(case when dossiers.channel_code in ('1', '3') then 1 else 0 end) as received_direct_count,
        sum(case when dossiers.channel_code is null then 1 else 0 end) as received_channel_unreported_count
    from dossiers
    inner join covered_days on dossiers.received_date = covered_days.report_date
    where dossiers.is_received_local
    group by dossiers.unit_code, dossiers.procedure_code, {{ month_period('dossiers.received_date') }}
),

settled as (
    select
        dossiers.unit_code,
        dossiers.procedure_code,
        {{ month_period('dossiers.settled_date') }} as period,
        sum(case when dossiers.is_settled_early_local then 1 else 0 end) as settled_early_count,
        sum(
            case when dossiers.is_settled_on_time_local and not dossiers.is_settled_early_local then 1 else 0 end
        ) as settled_on_time_count,
        sum(case when dossiers.is_settled_on_time_local then 0 else 1 end) as settled_late_count
    from dossiers
    inner join covered_days on dossiers.settled_date = covered_days.report_date
    group by dossiers.unit_code, dossiers.procedure_code, {{ month_period('dossiers.settled_date') }}
),

-- Open from the day of receipt to the day before it was settled. Late from the day after the due date, except while a
-- supplement (5), a fee (6) or a stop (8) is what it waits for.
spans as (
    select
        unit_code,
        procedure_code,
        received_date as open_from,
        settled_date as open_until,
        case
            when status_code not in ('5', '6', '8') and due_date is not null
                then greatest(received_date, {{ add_days('due_date', '1') }})
        end as late_from
    from dossiers
    where is_received_local and (settled_date is null or settled_date > received_date)
),

stock_changes as (
    select
        unit_code,
        procedure_code,
        open_from as flow_date,
        1 as open_change,
        0 as late_change
    from spans
    union all
    select
        unit_code,
        procedure_code,
        open_until as flow_date,
        -1 as open_change,
        case when late_from < open_until then -1 else 0 end as late_change
    from spans
    where open_until is not null
    union all
    select
        unit_code,
        procedure_code,
        late_from as flow_date,
        0 as open_change,
        1 as late_change
    from spans
    where late_from is not null and (open_until is null or late_from < open_until)
),

stock as (
    select
        stock_changes.unit_code,
        stock_changes.procedure_code,
        {{ month_period('stock_changes.flow_date') }} as period,
        sum(stock_changes.open_change) as open_change,
        sum(stock_changes.late_change) as late_change
    from stock_changes
    inner join newest_day on stock_changes.flow_date <= newest_day.report_date
    group by stock_changes.unit_code, stock_changes.procedure_code, {{ month_period('stock_changes.flow_date') }}
),

every_flow as (
    {% for relation, own in own_flows.items() -%}
    select
        unit_code,
        procedure_code,
        period,
        -- noqa: disable=LT02
        {% for flow in flows -%}
        {{ flow if flow in own else '0' }} as {{ flow }}{{ ',' if not loop.last }}
        {% endfor -%}
        -- noqa: enable=LT02
    from {{ relation }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- The form has no row for a desk inside a unit: it counts for the unit above it.
by_field as (
    select
        case when units.unit_type = 'sub_unit' then units.parent_unit_code else every_flow.unit_code end as unit_code,
        coalesce(procedures.field_name_vi, 'Chưa rõ lĩnh vực') as field_name_vi,
        every_flow.period,
        -- noqa: disable=LT02
        {% for flow in flows -%}
        sum(every_flow.{{ flow }}) as {{ flow }}{{ ',' if not loop.last }}
        {% endfor -%}
        -- noqa: enable=LT02
    from every_flow
    left join units on every_flow.unit_code = units.unit_code
    left join procedures on every_flow.procedure_code = procedures.procedure_code
    group by
        case when units.unit_type = 'sub_unit' then units.parent_unit_code else every_flow.unit_code end,
        coalesce(procedures.field_name_vi, 'Chưa rõ lĩnh vực'),
        every_flow.period
),

unit_fields as (
    select distinct
        unit_code,
        field_name_vi
    from by_field
),

-- Every field of a unit gets a place in every month asked for, also where nothing flowed.
asked as (
    select
        unit_fields.unit_code,
        unit_fields.field_name_vi,
        known_months.period
    from unit_fields
    cross join known_months
),

timeline as (
    select
        asked.period is not null as is_asked,
        coalesce(asked.unit_code, by_field.unit_code) as unit_code,
        coalesce(asked.field_name_vi, by_field.field_name_vi) as field_name_vi,
        coalesce(asked.period, by_field.period) as period,
        -- noqa: disable=LT02
        {% for flow in flows -%}
        coalesce(by_field.{{ flow }}, 0) as {{ flow }}{{ ',' if not loop.last }}
        {% endfor -%}
        -- noqa: enable=LT02
    from asked
    full outer join by_field
        on
            asked.unit_code = by_field.unit_code
            and asked.field_name_vi = by_field.field_name_vi
            and asked.period = by_field.period
),

running as (
    select
        *,
        sum(open_change) over (partition by unit_code, field_name_vi order by period) as open_count,
        sum(late_change) over (partition by unit_code, field_name_vi order by period) as open_late_count
    from timeline
),

figures as (
    select
        running.*,
        known_months.first_date,
        known_months.last_date,
        known_months.days_covered,
        known_months.days_expected,
        known_months.is_opening_known,
        known_months.is_closing_known,
        running.received_online_count + running.received_direct_count
        + running.received_channel_unreported_count as received_in_period_count,
        running.open_count - running.open_change as carried_over_count,
        running.settled_early_count + running.settled_on_time_count + running.settled_late_count as settled_count
    from running
    inner join known_months on running.period = known_months.period
    where running.is_asked
),

final as (
    select
        unit_code,
        field_name_vi,
        period,
        first_date,
        last_date,
        days_covered,
        days_expected,
        is_opening_known,
        is_closing_known,
        days_covered = days_expected and is_opening_known and is_closing_known as is_complete,
        cast(
            case when is_opening_known then carried_over_count + received_in_period_count end as bigint
        ) as received_count,
        cast(received_online_count as bigint) as received_online_count,
        cast(received_direct_count as bigint) as received_direct_count,
        cast(received_channel_unreported_count as bigint) as received_channel_unreported_count,
        cast(case when is_opening_known then carried_over_count end as bigint) as carried_over_count,
        cast(settled_count as bigint) as settled_count,
        cast(settled_early_count as bigint) as settled_early_count,
        cast(settled_on_time_count as bigint) as settled_on_time_count,
        cast(settled_late_count as bigint) as settled_late_count,
        cast(case when is_closing_known then open_count end as bigint) as open_count,
        cast(case when is_closing_known then open_count - open_late_count end as bigint) as open_in_time_count,
        cast(case when is_closing_known then open_late_count end as bigint) as open_late_count
    from figures
    where received_in_period_count + settled_count + open_count + carried_over_count > 0
)

select * from final
