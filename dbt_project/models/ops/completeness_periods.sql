{{ config(schema='staging', contract={'enforced': false}) }}
{{ told_by_changes() }}

-- Of each period of each dataset: whether it came, came empty, is late, is missing or was never asked for.
with datasets as (
    select * from {{ ops_source('datasets') }}
),

attempts as (
    select * from {{ ops_source('attempts') }}
),

loads_in_force as (
    select * from {{ ref('stg_loads_in_force') }}
),

accepted as (
    select
        load_id,
        rows_accepted
    from {{ ops_source('loads') }}
),

expected_periods as (
    select * from {{ ref('expected_periods') }}
),

-- The last word on each period that was asked for; a month stands on its first day.
last_attempts as (
    select
        attempts.dataset,
        attempts.outcome,
        attempts.attempted_at,
        case
            when length(attempts.partition_key) = 7 then cast(attempts.partition_key || '-01' as date)
            else cast(attempts.partition_key as date)
        end as day -- noqa: RF04
    from attempts
    where attempts.partition_key not like 'baseline-%'
    qualify
        row_number() over (
            partition by attempts.dataset, attempts.partition_key order by attempts.attempted_at desc
        ) = 1
),

horizon as (
    select
        min(last_attempts.day) as first_day,
        max(last_attempts.day) as last_day
    from last_attempts
    inner join datasets on last_attempts.dataset = datasets.dataset
    where datasets.cadence = 'daily'
),

-- Each day between the first and the last that was asked for, of every dataset; each month that was asked for.
expected as (
    select
        expected_periods.*,
        datasets.completeness_subject
    from expected_periods
    inner join datasets on expected_periods.dataset = datasets.dataset
    inner join horizon on expected_periods.day between horizon.first_day and horizon.last_day
    where datasets.cadence = 'daily'
    union all
    select
        expected_periods.*,
        datasets.completeness_subject
    from expected_periods
    inner join datasets on expected_periods.dataset = datasets.dataset
    inner join last_attempts
        on expected_periods.dataset = last_attempts.dataset and expected_periods.day = last_attempts.day
    where datasets.cadence = 'monthly'
),

loaded as (
    select
        loads_in_force.dataset,
        coalesce(
            loads_in_force.covered_date,
            cast(substr(loads_in_force.period, 1, 4) || '-' || substr(loads_in_force.period, 5, 2) || '-01' as date)
        ) as day, -- noqa: RF04
        sum(accepted.rows_accepted) as rows_accepted
    from loads_in_force
    inner join accepted on loads_in_force.load_id = accepted.load_id
    where loads_in_force.baseline_date is null
    group by 1, 2
),

-- What did not come is late from the minute it was due, and missing after three working days more. What came and
-- was refused is missing at once: it is there, and nobody can use it.
final as (
    select
        expected.dataset,
        expected.day,
        expected.completeness_subject,
        case
            when loaded.rows_accepted > 0 then 'reported'
            when loaded.rows_accepted = 0 then 'zero'
            when last_attempts.outcome is null then 'never_asked'
            when last_attempts.outcome = 'refused' then 'missing'
            when expected.working_days_since_due <= 3 then 'late'
            else 'missing'
        end as state
    from expected
    left join loaded on expected.dataset = loaded.dataset and expected.day = loaded.day
    left join last_attempts on expected.dataset = last_attempts.dataset and expected.day = last_attempts.day
    -- Nothing is owed for a day off, nor before it is due: silence then has no row at all, because a row would
    -- have to call it late or missing, and it is neither.
    where
        loaded.rows_accepted is not null
        or (expected.is_owed and (expected.is_due or coalesce(last_attempts.outcome, '') = 'refused'))
)

select * from final
