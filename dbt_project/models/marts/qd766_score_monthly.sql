{{ built_by_changes(['unit_code', 'period'], [('qd766_monthly', ['unit_code', 'period'])]) }}

-- Points earned of points covered. Never a score of 100: what is not covered was not measured, and is said beside it.
with parts as (
    select * from {{ ref('qd766_monthly') }}
    {{ touched(['unit_code', 'period'], opening='where') }}
),

final as (
    select
        unit_code,
        period,
        cast(coalesce(sum(points_earned), 0) as decimal(9, 4)) as points_earned,
        cast(sum(points_covered) as decimal(9, 4)) as points_covered,
        {{ share('sum(points_earned)', 'sum(points_covered)') }} as earned_rate,
        cast(sum(case when coverage_code = 'full' then points_earned else 0 end) as decimal(9, 4))
            as points_earned_fully_covered,
        cast(sum(case when coverage_code = 'full' then points_covered else 0 end) as decimal(9, 4))
            as points_fully_covered,
        cast(sum(max_points) as decimal(9, 4)) as points_possible,
        count(case when coverage_code = 'full' then 1 end) as full_part_count,
        count(case when coverage_code = 'partly' then 1 end) as partly_part_count,
        count(case when coverage_code in ('not', 'empty') then 1 end) as missing_part_count,
        {{ distinct_list("case when coverage_code in ('not', 'empty') then part_code end") }} as missing_parts,
        bool_and(is_complete) as is_complete
    from parts
    group by unit_code, period
)

select * from final
