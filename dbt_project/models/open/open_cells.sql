{{ config(schema='staging', contract={'enforced': false}) }}
{{ built_by_changes(['period'], [('indicator_monthly', ['period'])]) }}

-- Counts of dossiers and accounts of whole months, by unit, before anything is hidden. Whatever can be asked of a unit
-- with dossiers stands here, with 0 too: no missing row tells anything. Procedures are not open beside the units: each
-- table may be safe alone, but who knows which units handle which procedures (their level is public) subtracts them.
with figures as (
    select * from {{ ref('indicator_monthly') }}
    where is_complete {{ touched(['period']) }}
),

measures as (
    select * from {{ ref('open_measures') }}
),

told as (
    select
        figures.unit_code,
        figures.period,
        measures.measure_code,
        case when measures.part_code = 'numerator' then figures.numerator else figures.denominator end as counted
    from figures
    inner join measures on figures.indicator_code = measures.indicator_code
),

-- H56 in the indicators is the whole province. Its own office has no row there; whoever subtracts finds it.
by_unit as (
    select
        unit_code as cell_code,
        period,
        measure_code,
        counted
    from told
    where unit_code <> 'H56'
    union all
    select
        'H56' as cell_code,
        period,
        measure_code,
        sum(case when unit_code = 'H56' then counted else -counted end) as counted
    from told
    group by period, measure_code
),

-- The first measure of each family: who has none of it has no cells, and its missing row says just that.
families as (
    select
        measures.measure_code,
        coalesce(grandparents.measure_code, parents.measure_code, measures.measure_code) as root_code
    from measures
    left join measures as parents on measures.parent_measure_code = parents.measure_code
    left join measures as grandparents on parents.parent_measure_code = grandparents.measure_code
),

asked as (
    select
        roots.cell_code,
        roots.period,
        families.measure_code
    from by_unit as roots
    inner join families on roots.measure_code = families.root_code
    where roots.counted > 0
),

-- An indicator that was not counted in a month is absent, not zero.
told_measures as (
    select distinct
        period,
        measure_code
    from by_unit
),

final as (
    select
        asked.cell_code,
        asked.period,
        asked.measure_code,
        measures.parent_measure_code,
        measures.generation,
        cast(coalesce(by_unit.counted, 0) as bigint) as counted
    from asked
    inner join measures on asked.measure_code = measures.measure_code
    inner join told_measures
        on
            asked.period = told_measures.period
            and asked.measure_code = told_measures.measure_code
    left join by_unit
        on
            asked.cell_code = by_unit.cell_code
            and asked.period = by_unit.period
            and asked.measure_code = by_unit.measure_code
)

select * from final
