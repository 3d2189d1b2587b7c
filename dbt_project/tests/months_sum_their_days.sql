{%- set months = [
    ('indicator_daily', [month_period('period')]), ('indicator_monthly_measured', ['period']),
] -%}
-- A monthly flow is the sum of its days, numerator and denominator apart; as measured, for a closed month stands still.
with from_days as (
    select
        daily.indicator_code,
        daily.unit_code,
        {{ month_period('daily.period') }} as period,
        sum(daily.numerator) as numerator,
        sum(daily.denominator) as denominator
    from {{ ref('indicator_daily') }} as daily
    inner join {{ ref('dim_indicator') }} as indicators on daily.indicator_code = indicators.indicator_code
    where
        indicators.aggregation_code = 'sum'
        {{ unchecked([month_period('daily.period')], months, opening='and') }}  -- noqa: LT02
        {{ not_before_unchecked_month('daily.period', months) }}  -- noqa: LT02
    group by daily.indicator_code, daily.unit_code, {{ month_period('daily.period') }}
)

select from_days.*
from from_days
left join {{ ref('indicator_monthly_measured') }} as monthly
    on
        from_days.indicator_code = monthly.indicator_code
        and from_days.unit_code = monthly.unit_code
        and from_days.period = monthly.period
where
    monthly.numerator is distinct from from_days.numerator
    or monthly.denominator is distinct from from_days.denominator
