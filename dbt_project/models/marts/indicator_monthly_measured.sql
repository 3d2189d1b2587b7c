{{ config(schema='staging', contract={'enforced': false}) }}
{{ built_by_changes(['period'], [
    ('indicator_daily', [month_period('period')]),
    ('day_coverage', [month_period('report_date')]),
    ('indicator_figures_monthly', ['period']),
]) }}

-- What the data in force says of each month today. What is published of a closed month is another question.
with indicators as (
    select * from {{ ref('dim_indicator') }}
),

daily as (
    select * from {{ ref('indicator_daily') }}
    {{ touched([month_period('period')], ['period'], opening='where') }}
),

unit_months as (
    select * from {{ ref('indicator_figures_monthly') }}
    {{ touched(['period'], opening='where') }}
),

coverage as (
    select
        coverage_code,
        report_date,
        {{ month_period('report_date') }} as period
    from {{ ref('day_coverage') }}
),

dates as (
    select * from {{ ref('dim_date') }}
),

days_of_months as (
    select
        period,
        count(*) as days_count,
        count(case when is_working_day then 1 end) as working_days_count
    from dates
    group by period
),

-- Every day of a month is expected: the portal and the document system know no day off. A conference system that held
-- no conference may send nothing, so of its days off only those are expected that came, as ops.completeness has it.
covered_months as (
    select
        coverage.coverage_code,
        coverage.period,
        count(*) as days_covered,
        max(coverage.report_date) as last_covered_date,
        case
            when coverage.coverage_code = 'videoconference_calls'
                then max(days_of_months.working_days_count) + count(case when not dates.is_working_day then 1 end)
            else max(days_of_months.days_count)
        end as days_expected
    from coverage
    inner join days_of_months on coverage.period = days_of_months.period
    inner join dates on coverage.report_date = dates.date_day
    group by coverage.coverage_code, coverage.period
),

-- Flows add up over the covered days of a month; a stock is what it was on the last of them.
from_days as (
    select
        daily.indicator_code,
        daily.unit_code,
        covered_months.period,
        sum(daily.numerator) as numerator,
        sum(daily.denominator) as denominator,
        max(covered_months.days_covered) as days_covered,
        max(covered_months.days_expected) as days_expected
    from daily
    inner join indicators on daily.indicator_code = indicators.indicator_code
    inner join covered_months
        on
            indicators.coverage_code = covered_months.coverage_code
            and {{ month_period('daily.period') }} = covered_months.period
    where indicators.aggregation_code = 'sum' or daily.period = covered_months.last_covered_date
    group by daily.indicator_code, daily.unit_code, covered_months.period
),

-- What is counted by the month. The province is all its units, its own office among them; but what may stand under
-- several units and is one in the province comes with the province's own row.
from_months as (
    select
        unit_months.indicator_code,
        unit_months.unit_code,
        unit_months.period,
        unit_months.numerator,
        unit_months.denominator
    from unit_months
    inner join indicators on unit_months.indicator_code = indicators.indicator_code
    where unit_months.unit_code <> 'H56' or indicators.aggregation_code = 'distinct'
    union all
    select
        unit_months.indicator_code,
        'H56' as unit_code,
        unit_months.period,
        sum(unit_months.numerator) as numerator,
        sum(unit_months.denominator) as denominator
    from unit_months
    inner join indicators on unit_months.indicator_code = indicators.indicator_code
    where indicators.aggregation_code <> 'distinct'
    group by unit_months.indicator_code, unit_months.period
),

figures as (
    select * from from_days
    union all
    select
        from_months.indicator_code,
        from_months.unit_code,
        from_months.period,
        from_months.numerator,
        from_months.denominator,
        covered_months.days_covered,
        covered_months.days_expected
    from from_months
    left join indicators on from_months.indicator_code = indicators.indicator_code
    left join covered_months
        on indicators.coverage_code = covered_months.coverage_code and from_months.period = covered_months.period
),

final as (
    select
        figures.indicator_code,
        figures.unit_code,
        figures.period,
        cast(figures.numerator as decimal(18, 4)) as numerator,
        cast(figures.denominator as decimal(18, 4)) as denominator,
        {{ indicator_value('figures.numerator', 'figures.denominator', 'indicators.value_of_nothing') }}
            as value,  -- noqa: RF04
        figures.days_covered,
        figures.days_expected,
        -- A dataset that is told by the month is complete as soon as it is there.
        coalesce(figures.days_covered = figures.days_expected, true) as is_complete
    from figures
    left join indicators on figures.indicator_code = indicators.indicator_code
)

select * from final
