{{ config(schema='staging', materialized='table', contract={'enforced': false}) }}

{#- What the procedures' mart counts of the same dossiers, by measure. -#}
{% set of_procedures = {
    'received': 'received_count', 'received_online': 'received_online_count',
    'received_fully_online': 'received_fully_online_count', 'settled': 'settled_count',
    'settled_on_time': 'settled_on_time_count',
} -%}

-- Counts of dossiers and accounts of whole months, by unit and by procedure, before anything is hidden. Whatever can be
-- asked of a unit with dossiers stands here, with 0 too: no missing row tells anything.
with figures as (
    select * from {{ ref('indicator_monthly') }}
    where is_complete
),

measures as (
    select * from {{ ref('open_measures') }}
),

procedure_months as (
    select * from {{ ref('portal_procedure_monthly') }}
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
        'unit' as breakdown_code,
        unit_code as cell_code,
        period,
        measure_code,
        counted
    from told
    where unit_code <> 'H56'
    union all
    select
        'unit' as breakdown_code,
        'H56' as cell_code,
        period,
        measure_code,
        sum(case when unit_code = 'H56' then counted else -counted end) as counted
    from told
    group by period, measure_code
),

by_procedure as (
    {% for measure, counted in of_procedures.items() -%}
    select
        'procedure' as breakdown_code,
        procedure_months.procedure_code as cell_code,
        procedure_months.period,
        '{{ measure }}' as measure_code,
        procedure_months.{{ counted }} as counted
    from procedure_months
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

whole_months as (
    select distinct period from figures
    where indicator_code = 'portal_received'
),

every_cell as (
    select * from by_unit
    union all
    select by_procedure.*
    from by_procedure
    inner join whole_months on by_procedure.period = whole_months.period
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
        roots.breakdown_code,
        roots.cell_code,
        roots.period,
        families.measure_code
    from every_cell as roots
    inner join families on roots.measure_code = families.root_code
    where roots.counted > 0
),

-- An indicator that was not counted in a month is absent, not zero.
told_measures as (
    select distinct
        breakdown_code,
        period,
        measure_code
    from every_cell
),

final as (
    select
        asked.breakdown_code,
        asked.cell_code,
        asked.period,
        asked.measure_code,
        measures.parent_measure_code,
        measures.generation,
        cast(coalesce(every_cell.counted, 0) as bigint) as counted
    from asked
    inner join measures on asked.measure_code = measures.measure_code
    inner join told_measures
        on
            asked.breakdown_code = told_measures.breakdown_code
            and asked.period = told_measures.period
            and asked.measure_code = told_measures.measure_code
    left join every_cell
        on
            asked.breakdown_code = every_cell.breakdown_code
            and asked.cell_code = every_cell.cell_code
            and asked.period = every_cell.period
            and asked.measure_code = every_cell.measure_code
)

select * from final
