{{ config(materialized='view') }}

-- Monthly indicators on the boundaries of today. Boundaries change on the first of a month. What counts a thing once
-- for each unit that tells of it cannot be put together from units: of one that was merged or divided it has no row.
with apportioned as (
    {{ on_todays_boundaries(
        ref('indicator_monthly'),
        on_date=first_day_of_period('figures.period'),
        keys=['indicator_code', 'period'],
        sums=['numerator', 'denominator'],
        base='coalesce(figures.denominator, figures.numerator)',
        others={
            'part_count': 'count(*)',
            'is_whole': 'max(crosswalk.weight) = 1',
            'reported_value': 'max(figures.value)',
            'days_covered': 'max(figures.days_covered)',
            'days_expected': 'max(figures.days_expected)',
            'is_complete': 'bool_and(figures.is_complete)',
        },
    ) }}
)

select
    indicator_code,
    unit_code,
    period,
    numerator,
    denominator,
    {{ value_on_todays_boundaries() }} as value, -- noqa: RF04
    days_covered,
    days_expected,
    is_complete,
    is_estimated,
    assumed_share
from apportioned
where
    (part_count = 1 and is_whole)
    or indicator_code not in (
        select indicators.indicator_code
        from {{ ref('dim_indicator').include(database=false) }} as indicators
        where indicators.aggregation_code = 'distinct'
    )
