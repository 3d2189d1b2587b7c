{{ built_by_changes(['period'], [
    ('indicator_monthly_measured', ['period']),
    ('month_closures_in_force', ['period']),
]) }}

-- What is published of each month: what was read when it was closed, or what the data in force tells of it.
with measured as (
    select * from {{ ref('indicator_monthly_measured') }}
    {{ touched(['period'], opening='where') }}
),

closures as (
    select * from {{ ref('month_closures_in_force') }}
),

closed_figures as (
    select * from {{ ops_source('closed_figures') }}
),

closed as (
    select closed_figures.*
    from closed_figures
    inner join closures on closed_figures.closure_sequence = closures.closure_sequence
    {{ touched(['closed_figures.period'], ['period'], opening='where') }}
),

final as (
    select
        indicator_code,
        unit_code,
        period,
        numerator,
        denominator,
        value,
        days_covered,
        days_expected,
        is_complete,
        true as is_closed
    from closed
    union all
    select
        indicator_code,
        unit_code,
        period,
        numerator,
        denominator,
        value,
        days_covered,
        days_expected,
        is_complete,
        false as is_closed
    from measured
    where period not in (select closures.period from closures)
)

select * from final
