with measured as (
    select * from {{ ref('indicator_monthly_measured') }}
)

select
    indicator_code,
    unit_code,
    period,
    numerator,
    denominator,
    value,
    days_covered,
    days_expected,
    is_complete
from measured
