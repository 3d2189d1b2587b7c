-- How far the province is from each of its targets, by the newest month that has a figure.
with targets as (
    select * from {{ ref('targets') }}
),

-- What a code means now or meant last; a renamed unit has a row for each of its names.
units as (
    select * from {{ ref('dim_unit') }}
    qualify row_number() over (partition by unit_code order by valid_from desc) = 1
),

monthly as (
    select * from {{ ref('indicator_monthly') }}
),

-- A target is set for the whole province, or for the units of one level of its administration. H56 holds
-- everything, so the provincial level is what remains of it without the levels below.
province as (
    select * from monthly
    where unit_code = 'H56'
),

lower_levels as (
    select
        monthly.indicator_code,
        units.administrative_level_code,
        monthly.period,
        sum(monthly.numerator) as numerator,
        sum(monthly.denominator) as denominator
    from monthly
    inner join units on monthly.unit_code = units.unit_code
    where units.administrative_level_code <> 'province'
    group by monthly.indicator_code, units.administrative_level_code, monthly.period
),

below_province as (
    select
        indicator_code,
        period,
        sum(numerator) as numerator,
        sum(denominator) as denominator
    from lower_levels
    group by indicator_code, period
),

scoped as (
    select
        indicator_code,
        'province' as scope_code,
        period,
        numerator,
        denominator,
        is_complete
    from province
    union all
    select
        province.indicator_code,
        'province_level' as scope_code,
        province.period,
        province.numerator - coalesce(below_province.numerator, 0) as numerator,
        province.denominator - coalesce(below_province.denominator, 0) as denominator,
        province.is_complete
    from province
    left join below_province
        on province.indicator_code = below_province.indicator_code and province.period = below_province.period
    union all
    select
        lower_levels.indicator_code,
        lower_levels.administrative_level_code || '_level' as scope_code,
        lower_levels.period,
        lower_levels.numerator,
        lower_levels.denominator,
        province.is_complete
    from lower_levels
    inner join province
        on lower_levels.indicator_code = province.indicator_code and lower_levels.period = province.period
),

latest as (
    select *
    from scoped
    qualify row_number() over (partition by indicator_code, scope_code order by period desc) = 1
),

measured as (
    select
        targets.*,
        latest.period,
        latest.numerator,
        latest.denominator,
        latest.is_complete,
        case
            when targets.unit_of_count = 'share' then {{ share('latest.numerator', 'latest.denominator') }}
            else cast(latest.numerator as decimal(18, 6))
        end as value  -- noqa: RF04
    from targets
    left join latest
        on targets.indicator_code = latest.indicator_code and targets.scope_code = latest.scope_code
),

final as (
    select
        target_code,
        indicator_code,
        target_name_vi,
        target_name_en,
        scope_code,
        due_year,
        unit_of_count,
        target_value,
        legal_source,
        is_comparable,
        void_reason,
        period,
        numerator,
        denominator,
        value,
        is_complete,
        -- A target counted on units that no longer exist has a value beside it, never a gap.
        case when is_comparable then cast(value - target_value as decimal(18, 6)) end as gap,
        case when is_comparable then value >= target_value end as is_met,
        case
            when not is_comparable then 'void'
            when value is null then 'not_measured'
            when value >= target_value then 'met'
            else 'below'
        end as state_code
    from measured
)

select * from final
