{{ config(materialized='view') }}

-- Daily indicators on the boundaries of today.
with apportioned as (
    {{ on_todays_boundaries(
        ref('indicator_daily'),
        on_date='figures.period',
        keys=['indicator_code', 'period'],
        sums=['numerator', 'denominator'],
        base='coalesce(figures.denominator, figures.numerator)',
        others={
            'part_count': 'count(*)',
            'is_whole': 'max(crosswalk.weight) = 1',
            'reported_value': 'max(figures.value)',
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
    is_estimated,
    assumed_share
from apportioned
