-- Why a cell of II.06a differs: what is proved, with the share that it explains, and what is known and proves nothing.
--
-- Proof has two forms. A record: the warehouse holds the very dossiers and knows why it did not count them. A way of
-- counting: it gives the portal's figure to the last dossier in this cell, and in more than half of the units in which
-- it makes a difference in this column and month; a fit by chance is no proof.
with cells as (
    select * from {{ ref('portal_month_cells') }}
    where not_comparable_reason_code is null
),

counts as (
    select * from {{ ref('portal_month_counts') }}
),

-- What a code means now or meant last; a renamed unit has a row for each of its names.
units as (
    select * from {{ ref('dim_unit') }}
    qualify row_number() over (partition by unit_code order by valid_from desc) = 1
),

-- First proof: dossiers of days that were not loaded. It may shorten the difference, never turn it round.
unloaded as (
    select
        cells.period,
        cells.unit_code,
        cells.measure_code,
        counts.counted - cells.warehouse_count as found_count
    from cells
    inner join counts
        on
            cells.period = counts.period
            and cells.unit_code = counts.unit_code
            and cells.measure_code = counts.measure_code
    where
        counts.definition_code = 'day_not_loaded'
        and not counts.is_as_of_month_end
        and not counts.has_predecessors
        and counts.counted - cells.warehouse_count between 1 and cells.portal_count - cells.warehouse_count
),

-- What remains to be reproduced by another way of counting.
remaining as (
    select
        cells.*,
        coalesce(unloaded.found_count, 0) as unloaded_count,
        cells.portal_count - coalesce(unloaded.found_count, 0) as remaining_count
    from cells
    left join unloaded
        on
            cells.period = unloaded.period
            and cells.unit_code = unloaded.unit_code
            and cells.measure_code = unloaded.measure_code
),

ways as (
    select
        remaining.period,
        remaining.unit_code,
        remaining.measure_code,
        counts.is_as_of_month_end,
        counts.has_predecessors,
        counts.definition_code,
        counts.counted = remaining.remaining_count as is_reproduced,
        avg(case when counts.counted = remaining.remaining_count then 1.0 else 0.0 end) over (
            partition by
                remaining.period, remaining.measure_code, counts.is_as_of_month_end, counts.has_predecessors,
                counts.definition_code
        ) as reproduced_share,
        sum(case when counts.counted = remaining.remaining_count then 1 else 0 end) over (
            partition by
                remaining.period, remaining.measure_code, counts.is_as_of_month_end, counts.has_predecessors,
                counts.definition_code
        ) as reproduced_units
    from remaining
    inner join counts
        on
            remaining.period = counts.period
            and remaining.unit_code = counts.unit_code
            and remaining.measure_code = counts.measure_code
    where counts.definition_code <> 'day_not_loaded' and counts.counted <> remaining.warehouse_count
),

-- Of the ways that are proved, the simplest one; between equals, the one that fits most units.
proved_ways as (
    select *
    from ways
    -- One unit's figure may be met by another definition by chance; our own, for the month's end, is none.
    where is_reproduced and reproduced_share > 0.5 and (reproduced_units > 1 or definition_code = 'as_defined')
    qualify
        row_number() over (
            partition by period, unit_code, measure_code
            order by
                case when is_as_of_month_end then 1 else 0 end
                + case when has_predecessors then 1 else 0 end
                + case when definition_code <> 'as_defined' then 1 else 0 end asc,
                reproduced_share desc,
                definition_code asc,
                has_predecessors asc
        ) = 1
),

-- The steps of the proved way, each with the figure that it leads to.
steps as (
    select
        remaining.period,
        remaining.unit_code,
        remaining.measure_code,
        proved_ways.definition_code,
        remaining.warehouse_count,
        case
            when proved_ways.is_as_of_month_end then coalesce(as_of_month_end.counted, remaining.warehouse_count)
            else remaining.warehouse_count
        end as as_of_count,
        coalesce(in_scope.counted, remaining.warehouse_count) as scope_count,
        remaining.remaining_count
    from remaining
    inner join proved_ways
        on
            remaining.period = proved_ways.period
            and remaining.unit_code = proved_ways.unit_code
            and remaining.measure_code = proved_ways.measure_code
    left join counts as as_of_month_end
        on
            remaining.period = as_of_month_end.period
            and remaining.unit_code = as_of_month_end.unit_code
            and remaining.measure_code = as_of_month_end.measure_code
            and as_of_month_end.is_as_of_month_end
            and not as_of_month_end.has_predecessors
            and as_of_month_end.definition_code = 'as_defined'
    left join counts as in_scope
        on
            remaining.period = in_scope.period
            and remaining.unit_code = in_scope.unit_code
            and remaining.measure_code = in_scope.measure_code
            and proved_ways.is_as_of_month_end = in_scope.is_as_of_month_end
            and proved_ways.has_predecessors = in_scope.has_predecessors
            and in_scope.definition_code = 'as_defined'
),

-- The difference is ours minus the portal's: what we lack explains it with a minus.
explained as (
    select
        period,
        unit_code,
        measure_code,
        'day_not_loaded' as reason_code,
        -found_count as explained_count,
        found_count as evidence_count
    from unloaded
    union all
    select
        period,
        unit_code,
        measure_code,
        'changed_after_month_end' as reason_code,
        warehouse_count - as_of_count as explained_count,
        abs(warehouse_count - as_of_count) as evidence_count
    from steps
    union all
    select
        period,
        unit_code,
        measure_code,
        'predecessor_unit' as reason_code,
        as_of_count - scope_count as explained_count,
        abs(as_of_count - scope_count) as evidence_count
    from steps
    union all
    select
        period,
        unit_code,
        measure_code,
        definition_code as reason_code,
        scope_count - remaining_count as explained_count,
        abs(scope_count - remaining_count) as evidence_count
    from steps
    where definition_code <> 'as_defined'
),

missing_days as (
    select
        dates.period,
        count(*) as missing_day_count
    from {{ ref('dim_date') }} as dates
    left join {{ ref('day_coverage') }} as coverage
        on dates.date_day = coverage.report_date and coverage.coverage_code = 'portal_dossiers'
    where coverage.report_date is null
    group by dates.period
),

rows_quarantined as (
    select
        {{ month_period('loads.covered_date') }} as period,
        case when units.unit_type = 'sub_unit' then units.parent_unit_code else units.unit_code end as unit_code,
        count(*) as row_count
    from {{ ops_source('quarantine') }} as quarantine
    inner join {{ ref('stg_loads_in_force') }} as loads on quarantine.load_id = loads.load_id
    inner join units on quarantine.unit_code = units.unit_code
    where loads.dataset = 'portal_dossiers' and loads.covered_date is not null
    group by
        {{ month_period('loads.covered_date') }},
        case when units.unit_type = 'sub_unit' then units.parent_unit_code else units.unit_code end
),

explained_sums as (
    select
        period,
        unit_code,
        measure_code,
        sum(explained_count) as explained_count
    from explained
    group by period, unit_code, measure_code
),

-- Only what is still open has circumstances; they explain nothing.
still_open as (
    select
        cells.period,
        cells.unit_code,
        cells.measure_code
    from cells
    left join explained_sums
        on
            cells.period = explained_sums.period
            and cells.unit_code = explained_sums.unit_code
            and cells.measure_code = explained_sums.measure_code
    where cells.warehouse_count - cells.portal_count <> coalesce(explained_sums.explained_count, 0)
),

circumstances as (
    select
        still_open.period,
        still_open.unit_code,
        still_open.measure_code,
        'days_missing' as reason_code,
        0 as explained_count,
        missing_days.missing_day_count as evidence_count
    from still_open
    inner join missing_days on still_open.period = missing_days.period
    union all
    select
        still_open.period,
        still_open.unit_code,
        still_open.measure_code,
        'rows_quarantined' as reason_code,
        0 as explained_count,
        rows_quarantined.row_count as evidence_count
    from still_open
    inner join rows_quarantined
        on still_open.period = rows_quarantined.period and still_open.unit_code = rows_quarantined.unit_code
),

final as (
    select * from explained
    where explained_count <> 0
    union all
    select * from circumstances
)

select
    unit_code,
    period,
    measure_code,
    reason_code,
    cast(explained_count as bigint) as explained_count,
    cast(evidence_count as bigint) as evidence_count
from final
