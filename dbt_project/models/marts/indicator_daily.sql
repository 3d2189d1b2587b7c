{{ built_by_changes(['unit_code', 'period'], [
    ('indicator_figures_daily', ['unit_code', 'period']),
    ('indicator_figures_daily', ["'H56'", 'period']),
]) }}

-- The registry says what is counted (indicator_figures_daily is made from it); here the province is added.
with unit_figures as (
    select * from {{ ref('indicator_figures_daily') }}
    {{ touched(['period'], opening='where') }}
),

-- The province is all its units, its own office among them: that sum stands under H56.
figures as (
    select * from unit_figures
    where unit_code <> 'H56' {{ touched(['unit_code', 'period']) }}
    union all
    select
        indicator_code,
        'H56' as unit_code,
        period,
        cast(sum(numerator) as decimal(18, 4)) as numerator,
        cast(sum(denominator) as decimal(18, 4)) as denominator,
        max(value_of_nothing) as value_of_nothing
    from unit_figures
    group by indicator_code, period
),

final as (
    select
        indicator_code,
        unit_code,
        period,
        numerator,
        denominator,
        {{ indicator_value('numerator', 'denominator', 'value_of_nothing') }} as value  -- noqa: RF04
    from figures
)

select * from final
{{ laid_by_time() }}
