{{ built_by_changes(['period'], [
    ('indicator_monthly', ['period']),
    ('open_cells_hidden', ['period']),
]) }}

-- What may be public of the indicators: whole months, and no cell that tells of fewer persons than the rule says.
with figures as (
    select * from {{ ref('indicator_monthly') }}
    where is_complete {{ touched(['period']) }}
),

indicators as (
    select * from {{ ref('open_indicators') }}
    where is_open
),

cells as (
    select * from {{ ref('open_cells_hidden') }}
    {{ touched(['period'], opening='where') }}
),

-- The province's own office is in no row of its own, as in the indicators; the province is the sum of all.
rows_of_cells as (
    select
        cell_code as unit_code,
        period,
        measure_code,
        counted,
        is_hidden
    from cells
    where cell_code <> 'H56'
    union all
    select
        'H56' as unit_code,
        period,
        measure_code,
        sum(counted) as counted,
        min(case when is_total_open then 1 else 0 end) = 0 as is_hidden
    from cells
    group by period, measure_code
),

persons as (
    select
        indicators.indicator_code,
        numerators.unit_code,
        numerators.period,
        numerators.is_hidden or coalesce(denominators.is_hidden, false) as is_suppressed,
        case
            when not numerators.is_hidden and not coalesce(denominators.is_hidden, false) then numerators.counted
        end as numerator,
        case when not denominators.is_hidden then denominators.counted end as denominator,
        indicators.denominator_measure_code is not null as is_share
    from indicators
    inner join rows_of_cells as numerators on indicators.numerator_measure_code = numerators.measure_code
    left join rows_of_cells as denominators
        on
            indicators.denominator_measure_code = denominators.measure_code
            and numerators.unit_code = denominators.unit_code
            and numerators.period = denominators.period
),

-- What counts no person is open as it is.
things as (
    select
        figures.indicator_code,
        figures.unit_code,
        figures.period,
        false as is_suppressed,
        figures.numerator,
        figures.denominator,
        figures.denominator is not null as is_share
    from figures
    inner join indicators on figures.indicator_code = indicators.indicator_code
    where indicators.numerator_measure_code is null
),

every_row as (
    select * from persons
    union all
    select * from things
),

final as (
    select
        indicator_code,
        unit_code,
        period,
        cast(numerator as decimal(18, 4)) as numerator,
        cast(denominator as decimal(18, 4)) as denominator,
        case
            when is_share then {{ share('numerator', 'denominator') }}
            else cast(numerator as decimal(18, 6))
        end as value,  -- noqa: RF04
        is_suppressed,
        case when is_suppressed then 'small_cells' end as suppression_reason_code
    from every_row
)

select * from final
