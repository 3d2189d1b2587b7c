-- How far the province is from each of its targets, by the newest whole month, or by one in progress.
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
    qualify row_number() over (partition by indicator_code, scope_code order by is_complete desc, period desc) = 1
),

-- Today is the newest month that has any figure, never the clock.
today as (
    select max(period) as period from monthly
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
        end as value,  -- noqa: RF04
        -- Months from the figure's to December of the year in which it is due.
        (targets.due_year - cast(substr(latest.period, 1, 4) as integer)) * 12
        + 12 - cast(substr(latest.period, 5, 2) as integer) as months_remaining,
        today.period < {{ month_period('targets.valid_from') }} as is_too_early,
        coalesce(today.period > {{ month_period('targets.valid_to') }}, false) as is_over,
        coalesce(targets.counted_on <> latest.denominator, false) as is_counted_otherwise
    from targets
    cross join today
    left join latest
        on targets.indicator_code = latest.indicator_code and targets.scope_code = latest.scope_code
),

-- A target that is over, not yet in force, or set on another number of units has a value beside it, never a gap.
compared as (
    select
        *,
        case
            when is_over then void_reason
            when is_too_early
                then 'Chưa đến ngày có hiệu lực của mục tiêu. | The target is not in force yet.'
            when is_counted_otherwise
                then
                    'Đặt trên ' || cast(counted_on as varchar) || ' đơn vị, số liệu tính trên '
                    || cast(cast(denominator as integer) as varchar) || '. | Set on ' || cast(counted_on as varchar)
                    || ' units; the figure counts ' || cast(cast(denominator as integer) as varchar) || '.'
        end as refusal,
        coalesce(is_over or is_too_early or is_counted_otherwise, false) as is_refused
    from measured
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
        not is_refused as is_comparable,
        refusal as void_reason,
        period,
        numerator,
        denominator,
        value,
        is_complete,
        case when not is_refused then cast(value - target_value as decimal(18, 6)) end as gap,
        -- What each remaining month has to add: a share, or units of count. Nothing where it is met or too late.
        case
            when not is_refused and value < target_value
                then case when months_remaining < 0 then 0 else months_remaining end
        end as months_remaining,
        case
            when not is_refused and value < target_value and months_remaining > 0
                then
                    cast(
                        cast(target_value - value as double) / cast(months_remaining as double) as decimal(18, 6)
                    )
        end as pace_needed,
        -- Some days of a month say nothing of the month.
        case when not is_refused and is_complete then value >= target_value end as is_met,
        case
            when is_over or is_counted_otherwise then 'void'
            when is_too_early then 'not_in_force'
            when value is null then 'not_measured'
            when not is_complete then 'in_progress'
            when value >= target_value then 'met'
            when months_remaining <= 0 then 'overdue'
            else 'below'
        end as state_code
    from compared
)

select * from final
