-- How far each dataset has come, beside how far it should have come by the newest attempt.
-- A system that not every province has owes nothing until it was asked for the first time.
with datasets as (
    select * from {{ ops_source('datasets') }}
    where
        not coalesce(is_optional, false)
        or dataset in (select attempts.dataset from {{ ops_source('attempts') }} as attempts)
),

expected_periods as (
    select * from {{ ref('expected_periods') }}
),

in_force as (
    select distinct
        dataset,
        coalesce(
            covered_date,
            cast(substr(period, 1, 4) || '-' || substr(period, 5, 2) || '-01' as date)
        ) as day -- noqa: RF04
    from {{ ref('stg_loads_in_force') }}
    where baseline_date is null
),

newest as (
    select
        dataset,
        max(day) as newest_period_date
    from in_force
    group by dataset
),

-- Only what is owed and due by now can be missed.
due_periods as (
    select
        expected_periods.dataset,
        expected_periods.day,
        expected_periods.due_at,
        expected_periods.due_at > expected_periods.measured_at - interval 30 day as is_recent,
        in_force.day is not null as is_in_force,
        newest.newest_period_date is null or expected_periods.day > newest.newest_period_date as is_beyond_newest
    from expected_periods
    left join in_force on expected_periods.dataset = in_force.dataset and expected_periods.day = in_force.day
    left join newest on expected_periods.dataset = newest.dataset
    where expected_periods.is_owed and expected_periods.is_due
),

measured as (
    select
        dataset,
        max(day) as expected_period_date,
        min(case when is_beyond_newest then due_at end) as late_since_at,
        count(case when is_recent and not is_in_force then 1 end) as missing_period_count
    from due_periods
    group by dataset
),

moments as (
    select max(measured_at) as measured_at
    from expected_periods
),

final as (
    select
        datasets.dataset,
        newest.newest_period_date,
        measured.expected_period_date,
        case when measured.late_since_at is null then 'fresh' else 'late' end as state,
        measured.late_since_at,
        coalesce(measured.missing_period_count, 0) as missing_period_count,
        moments.measured_at
    from datasets
    left join newest on datasets.dataset = newest.dataset
    left join measured on datasets.dataset = measured.dataset
    cross join moments
    where moments.measured_at is not null
)

select * from final
