with indicators as (
    select * from {{ ref('dim_indicator') }}
),

daily as (
    select * from {{ ref('indicator_daily') }}
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

signing as (
    select * from {{ ref('fct_document_signing') }}
),

adoption as (
    select * from {{ ref('platform_adoption_monthly') }}
),

officer_figures as (
    select * from {{ ref('fct_officer_figure') }}
),

days_of_months as (
    select
        period,
        count(*) as days_expected
    from dates
    group by period
),

covered_months as (
    select
        coverage_code,
        period,
        count(*) as days_covered,
        max(report_date) as last_covered_date
    from coverage
    group by coverage_code, period
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
        max(days_of_months.days_expected) as days_expected
    from daily
    inner join indicators on daily.indicator_code = indicators.indicator_code
    inner join covered_months
        on
            indicators.coverage_code = covered_months.coverage_code
            and {{ month_period('daily.period') }} = covered_months.period
    inner join days_of_months on covered_months.period = days_of_months.period
    where indicators.aggregation_code = 'sum' or daily.period = covered_months.last_covered_date
    group by daily.indicator_code, daily.unit_code, covered_months.period
),

from_unit_months as (
    select
        'document_signed_by_organisation' as indicator_code,
        unit_code,
        period,
        signed_by_organisation_count as numerator,
        issued_count as denominator
    from signing
    union all
    select
        'document_signed_by_person' as indicator_code,
        unit_code,
        period,
        signed_by_person_count as numerator,
        issued_count as denominator
    from signing
    union all
    select
        'accounts_active' as indicator_code,
        unit_code,
        period,
        sum(active_count) as numerator,
        sum(usable_count) as denominator
    from adoption
    group by unit_code, period
),

-- The province is all its units, its own office among them; what an officer fills in is the province's already.
from_months as (
    select * from from_unit_months
    where unit_code <> 'H56'
    union all
    select
        indicator_code,
        'H56' as unit_code,
        period,
        sum(numerator) as numerator,
        sum(denominator) as denominator
    from from_unit_months
    group by indicator_code, period
    union all
    select
        indicator_code,
        'H56' as unit_code,
        period,
        numerator,
        denominator
    from officer_figures
),

figures as (
    select * from from_days
    union all
    select
        indicator_code,
        unit_code,
        period,
        numerator,
        denominator,
        null as days_covered,
        null as days_expected
    from from_months
    where denominator > 0
),

final as (
    select
        indicator_code,
        unit_code,
        period,
        cast(numerator as decimal(18, 4)) as numerator,
        cast(denominator as decimal(18, 4)) as denominator,
        case
            when denominator is null then cast(numerator as decimal(18, 6))
            else {{ share('numerator', 'denominator') }}
        end as value,  -- noqa: RF04
        days_covered,
        days_expected,
        -- A dataset that is told by the month is complete as soon as it is there.
        coalesce(days_covered = days_expected, true) as is_complete
    from figures
)

select * from final
