-- The portal's own II.06a table beside the warehouse's figures: every column, every unit of either side.
with cells as (
    select * from {{ ref('portal_month_cells') }}
),

explained as (
    select
        period,
        unit_code,
        measure_code,
        sum(explained_count) as explained_count,
        {{ value_at_last('reason_code', ['abs(explained_count)', 'reason_code']) }} as reason_code
    from {{ ref('portal_reconciliation_reason') }}
    where explained_count <> 0
    group by period, unit_code, measure_code
),

differences as (
    select
        cells.*,
        case
            when cells.not_comparable_reason_code is null then cells.warehouse_count - cells.portal_count
        end as difference_count,
        case
            when cells.not_comparable_reason_code is null then coalesce(explained.explained_count, 0)
        end as explained_count,
        coalesce(cells.not_comparable_reason_code, explained.reason_code) as reason_code
    from cells
    left join explained
        on
            cells.period = explained.period
            and cells.unit_code = explained.unit_code
            and cells.measure_code = explained.measure_code
),

final as (
    select
        unit_code,
        period,
        measure_code,
        column_number,
        portal_count,
        warehouse_count,
        difference_count,
        cast(explained_count as bigint) as explained_count,
        cast(difference_count - explained_count as bigint) as unexplained_count,
        case
            when difference_count is null then 'not_comparable'
            when difference_count = 0 then 'equal'
            when difference_count = explained_count then 'explained'
            else 'unexplained'
        end as state,
        reason_code
    from differences
)

select * from final
