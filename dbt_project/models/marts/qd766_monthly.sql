{{ built_by_changes(['unit_code', 'period'], [
    ('indicator_monthly', ['unit_code', 'period']),
    ('qd766_months', ['every_unit.unit_code', 'period']),
]) }}

-- QĐ 766 by unit and month: each of its 21 parts, what is measured of it, the points earned of the points that the data
-- covers, and what is missing. A part that is not covered has no points, neither earned nor lost.
with parts as (
    select * from {{ ref('qd766_parts') }}
),

monthly as (
    select * from {{ ref('indicator_monthly') }}
    {{ touched(['unit_code', 'period'], opening='where') }}
),

indicators as (
    select * from {{ ref('dim_indicator') }}
),

portal_figures as (
    select monthly.*
    from monthly
    inner join indicators on monthly.indicator_code = indicators.indicator_code
    where indicators.platform_code = 'portal' and monthly.period >= '202206'
),

months as (
    select * from {{ ref('qd766_months') }}
),

-- Every unit that the portal tells anything of in the month.
unit_months as (
    select distinct
        portal_figures.unit_code,
        portal_figures.period,
        coalesce(months.is_complete, false) as is_complete
    from portal_figures
    left join months on portal_figures.period = months.period
),

-- A covered part without a row has nothing to divide by; of one that is not covered nothing is known.
measured as (
    select
        unit_months.unit_code,
        unit_months.period,
        unit_months.is_complete,
        parts.*,
        case
            when parts.coverage = 'not' then monthly.numerator else coalesce(monthly.numerator, 0)
        end as numerator,
        case
            when parts.coverage = 'not' then monthly.denominator else coalesce(monthly.denominator, 0)
        end as denominator
    from unit_months
    cross join parts
    left join monthly
        on
            parts.piece_code = monthly.indicator_code
            and unit_months.unit_code = monthly.unit_code
            and unit_months.period = monthly.period
),

-- An empty denominator means something else in each part: no value, full points or none.
judged as (
    select
        *,
        case
            when coverage <> 'not' and denominator = 0 and zero_denominator = 'no_value' then 'empty'
            else coverage
        end as coverage_code
    from measured
),

final as (
    select
        unit_code,
        period,
        part_code,
        group_number,
        coverage_code,
        piece_code,
        cast(numerator as decimal(18, 4)) as numerator,
        cast(denominator as decimal(18, 4)) as denominator,
        {{ share('numerator', 'denominator') }} as rate,
        saturation,
        max_points,
        cast(case when coverage_code in ('full', 'partly') then max_points else 0 end as decimal(9, 4))
            as points_covered,
        cast(
            case
                when coverage_code not in ('full', 'partly') then null
                when denominator > 0
                    then
                        least(
                            cast(max_points as double),
                            cast(max_points as double) * cast(numerator as double)
                            / cast(denominator as double) / cast(saturation as double)
                        )
                when zero_denominator = 'full_points' then max_points
                else 0
            end as decimal(9, 4)
        ) as points_earned,
        zero_denominator as zero_denominator_code,
        case
            when coverage_code = 'empty' then 'Trong tháng không có gì để chia (mẫu số 0).' else missing_vi
        end as missing_vi,
        case
            when coverage_code = 'empty' then 'Nothing to divide by in the month (denominator 0).' else missing_en
        end as missing_en,
        is_complete
    from judged
)

select * from final
