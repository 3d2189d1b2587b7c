{{ built_by_changes(['unit_code', 'report_date'], [
    (
        'portal_stock_flows', ['unit_code', 'days.report_date'],
        "inner join core.day_coverage as days
            on days.coverage_code = 'portal_open_stock' and days.report_date >= flow_date",
    ),
    (
        'day_coverage', ['every_unit.unit_code', 'report_date'],
        "inner join (select 'portal_open_stock' as stock_code) as stock on coverage_code = stock_code",
    ),
]) }}

-- Open dossiers at the end of each day, from what flowed in and out: the cost grows with dossiers plus days,
-- never with dossiers times days.
with flows as (
    select * from {{ ref('portal_stock_flows') }}
),

stock_days as (
    select report_date from {{ ref('day_coverage') }}
    where coverage_code = 'portal_open_stock'
),

{% if is_partial() -%}
-- What flowed before the first day that is asked for is one flow.
first_asked as (
    select
        unit_code,
        min(report_date) as first_date
    from {{ touched_keys() }}
    group by unit_code
),

net_flows as (
    select
        flows.unit_code,
        greatest(flows.flow_date, {{ add_days('first_asked.first_date', '-1') }}) as flow_date,
        sum(flows.open_change) as open_change,
        sum(flows.late_change) as late_change
    from flows
    inner join first_asked on flows.unit_code = first_asked.unit_code
    group by flows.unit_code, greatest(flows.flow_date, {{ add_days('first_asked.first_date', '-1') }})
),
{%- else -%}
net_flows as (
    select * from flows
),
{%- endif %}

-- Every unit gets a place on every day that is asked for, also where nothing flowed.
asked_days as (
    select
        units.unit_code,
        stock_days.report_date
    from (select distinct unit_code from net_flows) as units
    cross join stock_days
    {{ touched(['units.unit_code', 'stock_days.report_date'], opening='where') }}
),

timeline as (
    select
        coalesce(asked_days.unit_code, net_flows.unit_code) as unit_code,
        coalesce(asked_days.report_date, net_flows.flow_date) as report_date,
        asked_days.report_date is not null as is_asked,
        coalesce(net_flows.open_change, 0) as open_change,
        coalesce(net_flows.late_change, 0) as late_change
    from asked_days
    full outer join net_flows
        on asked_days.unit_code = net_flows.unit_code and asked_days.report_date = net_flows.flow_date
),

running as (
    select
        unit_code,
        report_date,
        is_asked,
        sum(open_change) over (partition by unit_code order by report_date) as open_count,
        sum(late_change) over (partition by unit_code order by report_date) as open_late_count
    from timeline
),

final as (
    select
        unit_code,
        report_date,
        cast(open_count as bigint) as open_count,
        cast(open_late_count as bigint) as open_late_count
    from running
    where is_asked and open_count > 0
)

select * from final
