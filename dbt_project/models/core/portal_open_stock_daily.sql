-- Open dossiers at the end of each day, from what flowed in and out: the cost grows with dossiers plus days,
-- never with dossiers times days.
with dossiers as (
    select * from {{ ref('fct_dossier') }}
    where is_received_local
),

stock_days as (
    select report_date from {{ ref('day_coverage') }}
    where coverage_code = 'portal_open_stock'
),

-- Open from the day of receipt to the day before it was settled. Late from the day after the due date,
-- except while a supplement (5), a fee (6) or a stop (8) is what it waits for.
spans as (
    select
        unit_code,
        received_date as open_from,
        settled_date as open_until,
        case
            when status_code not in ('5', '6', '8') and due_date is not null
                then greatest(received_date, {{ add_days('due_date', '1') }})
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
    where open_until is null or open_until > open_from
    union all
    select
        unit_code,
        open_until as flow_date,
        -1 as open_change,
        0 as late_change
    from spans
    where open_until > open_from
    union all
    select
        unit_code,
        late_from as flow_date,
        0 as open_change,
        1 as late_change
    from spans
    where late_from is not null and (open_until is null or open_until > late_from)
    union all
    select
        unit_code,
        open_until as flow_date,
        0 as open_change,
        -1 as late_change
    from spans
    where late_from is not null and open_until > late_from
),

net_flows as (
    select
        unit_code,
        flow_date,
        sum(open_change) as open_change,
        sum(late_change) as late_change
    from flows
    group by unit_code, flow_date
),

-- Every unit gets a place on every day that is asked for, also where nothing flowed.
asked_days as (
    select
        units.unit_code,
        stock_days.report_date
    from (select distinct unit_code from net_flows) as units
    cross join stock_days
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
