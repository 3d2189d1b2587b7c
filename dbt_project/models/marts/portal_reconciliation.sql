{#- The columns of II.06a that both sides count in the same words. -#}
{% set measures = [
    'received_online_count', 'received_direct_count', 'settled_count', 'settled_early_count',
    'settled_on_time_count', 'settled_late_count', 'open_count', 'open_late_count',
] -%}

-- The portal's own II.06a table beside the warehouse's figures for the same unit and month.
with portal_statistics as (
    select * from {{ ref('stg_portal_statistics') }}
),

unit_days as (
    select
        *,
        {{ month_period('report_date') }} as period
    from {{ ref('portal_unit_daily') }}
),

stock_ends as (
    select
        {{ month_period('report_date') }} as period,
        max(report_date) as last_stock_date
    from {{ ref('day_coverage') }}
    where coverage_code = 'portal_open_stock'
    group by {{ month_period('report_date') }}
),

counted as (
    select
        unit_days.unit_code,
        unit_days.period,
        sum(unit_days.received_online_count) as received_online_count,
        sum(unit_days.received_count - unit_days.received_online_count) as received_direct_count,
        sum(unit_days.settled_count) as settled_count,
        sum(unit_days.settled_early_count) as settled_early_count,
        sum(unit_days.settled_on_due_count) as settled_on_time_count,
        sum(unit_days.settled_late_count) as settled_late_count,
        sum(case when unit_days.report_date = stock_ends.last_stock_date then unit_days.open_count end) as open_count,
        sum(
            case when unit_days.report_date = stock_ends.last_stock_date then unit_days.open_late_count end
        ) as open_late_count
    from unit_days
    left join stock_ends on unit_days.period = stock_ends.period
    group by unit_days.unit_code, unit_days.period
),

compared as (
    {% for measure in measures %}
    select
        portal_statistics.unit_code,
        portal_statistics.period,
        '{{ measure }}' as measure_code,
        portal_statistics.{{ measure }} as portal_count,
        cast(counted.{{ measure }} as bigint) as warehouse_count
    from portal_statistics
    left join counted
        on portal_statistics.unit_code = counted.unit_code and portal_statistics.period = counted.period
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

final as (
    select
        unit_code,
        period,
        measure_code,
        portal_count,
        warehouse_count,
        warehouse_count - portal_count as difference_count
    from compared
)

select * from final
