{{ config(materialized='view') }}

-- Accounts by unit, platform and month on the boundaries of today.
with apportioned as (
    {{ on_todays_boundaries(
        ref('platform_adoption_monthly'),
        on_date=first_day_of_period('figures.period'),
        keys=['platform_code', 'period'],
        sums=[
            'issued_count', 'locked_count', 'usable_count', 'active_count',
        ],
        base='figures.issued_count',
    ) }}
)

select
    unit_code,
    platform_code,
    period,
    issued_count,
    locked_count,
    usable_count,
    active_count,
    {{ share('active_count', 'issued_count') }} as active_rate,
    is_estimated,
    assumed_share
from apportioned
