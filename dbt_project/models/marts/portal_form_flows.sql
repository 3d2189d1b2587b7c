{{ config(schema='staging', contract={'enforced': false}) }}
{{ built_by_changes(['period'], [
    ('fct_dossier', [month_period('received_date')]),
    ('fct_dossier', [month_period('coalesce(settled_date, gone_date)')]),
    ('fct_dossier', [month_period(add_days('due_date', '1'))]),
    ('day_coverage', [month_period('report_date')], "inner join (select 'portal_dossiers' as covered_code) as covered on coverage_code = covered_code"),
]) }}

{#- What flows, by where it is counted from. -#}
{% set received = ['received_online_count', 'received_direct_count', 'received_channel_unreported_count'] %}
{% set settled = ['settled_early_count', 'settled_on_time_count', 'settled_late_count'] %}
{% set stock = ['open_change', 'late_change', 'open_change_ahead', 'late_change_ahead'] %}
{% set flows = received + settled + stock %}
{% set own_flows = {'received': received, 'settled': settled, 'stock': stock} -%}

-- What flowed in and out of each field of a reporting unit in each month, by the local report's definitions. A month's
-- rows come from the days of that month alone.
with dossiers as (
    select * from {{ ref('portal_form_dossiers') }}
    {{ not_before_touched(['received_date', 'settled_date'], opening='where') }}
),

dates as (
    select
        date_day,
        period
    from {{ ref('dim_date') }}
    {{ touched(['period'], opening='where') }}
),

covered_days as (
    select
        coverage.report_date,
        dates.period
    from {{ ref('day_coverage') }} as coverage
    inner join dates on coverage.report_date = dates.date_day
    where coverage.coverage_code = 'portal_dossiers'
),

-- What was received or settled on a day that is not covered is in no column; the stock knows of it all the same.
received as (
    select
        dossiers.unit_code,
        dossiers.field_name_vi,
        covered_days.period,
        sum(case when dossiers.channel_code = '2' then 1 else 0 end) as received_online_count,
        sum(case when dossiers.channel_code in ('1', '3') then 1 else 0 end) as received_direct_count,
        sum(case when dossiers.channel_code is null then 1 else 0 end) as received_channel_unreported_count
    from dossiers
    inner join covered_days on dossiers.received_date = covered_days.report_date
    where dossiers.is_received_local
    group by dossiers.unit_code, dossiers.field_name_vi, covered_days.period
),

settled as (
    select
        dossiers.unit_code,
        dossiers.field_name_vi,
        covered_days.period,
        sum(case when dossiers.is_settled_early_local then 1 else 0 end) as settled_early_count,
        sum(
            case when dossiers.is_settled_on_time_local and not dossiers.is_settled_early_local then 1 else 0 end
        ) as settled_on_time_count,
        sum(case when dossiers.is_settled_on_time_local then 0 else 1 end) as settled_late_count
    from dossiers
    inner join covered_days on dossiers.settled_date = covered_days.report_date
    group by dossiers.unit_code, dossiers.field_name_vi, covered_days.period
),

newest_days as (
    select
        period,
        max(report_date) as report_date
    from covered_days
    group by period
),

-- What lies ahead of a month's newest covered day is mostly due dates that have not come.
stock as (
    select
        stock_changes.unit_code,
        stock_changes.field_name_vi,
        dates.period,
        sum(stock_changes.open_change) as open_change,
        sum(stock_changes.late_change) as late_change,
        sum(case when stock_changes.flow_date > newest_days.report_date then stock_changes.open_change else 0 end)
            as open_change_ahead,
        sum(case when stock_changes.flow_date > newest_days.report_date then stock_changes.late_change else 0 end)
            as late_change_ahead
    from {{ ref('portal_form_moves') }} as stock_changes
    inner join dates on stock_changes.flow_date = dates.date_day
    left join newest_days on dates.period = newest_days.period
    {{ not_before_touched(['stock_changes.flow_date'], opening='where') }}
    group by stock_changes.unit_code, stock_changes.field_name_vi, dates.period
),

every_flow as (
    {% for relation, own in own_flows.items() -%}
    select
        unit_code,
        field_name_vi,
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

final as (
    select
        unit_code,
        field_name_vi,
        period,
        -- noqa: disable=LT02
        {% for flow in flows -%}
        sum({{ flow }}) as {{ flow }}{{ ',' if not loop.last }}
        {% endfor -%}
        -- noqa: enable=LT02
    from every_flow
    group by unit_code, field_name_vi, period
)

select * from final
