{{ config(schema='staging', materialized='view', contract={'enforced': false}) }}

-- Every period for which an export is expected, and when it is due on the working calendar.
with datasets as (
    select * from {{ ops_source('datasets') }}
),

attempts as (
    select * from {{ ops_source('attempts') }}
    where partition_key not like 'baseline-%'
),

days as (
    select
        date_day,
        is_working_day,
        working_day_number
    from {{ ref('dim_date') }}
),

-- "Now" is the newest attempt and never the clock, so that a rebuild says what the first build said.
latest as (
    select max(attempts.attempted_at) as measured_at
    from attempts
),

-- A month stands on its first day.
asked as (
    select
        datasets.cadence,
        case
            when datasets.cadence = 'monthly' then cast(attempts.partition_key || '-01' as date)
            else cast(attempts.partition_key as date)
        end as day -- noqa: RF04
    from attempts
    inner join datasets on attempts.dataset = datasets.dataset
),

-- Nothing is expected from before the first period that was ever asked for.
horizons as (
    select
        asked.cadence,
        min(asked.day) as first_day,
        greatest(max(asked.day), max(cast(latest.measured_at as date))) as last_day
    from asked
    cross join latest
    group by asked.cadence
),

periods as (
    select
        datasets.dataset,
        datasets.cadence,
        datasets.due_days_after,
        datasets.due_time,
        days.date_day as day, -- noqa: RF04
        case
            when datasets.cadence = 'monthly' then cast(days.date_day + interval 1 month - interval 1 day as date)
            else days.date_day
        end as last_day,
        -- Offices that do not work owe nothing for that day; a month always has working days.
        datasets.cadence = 'monthly' or days.is_working_day as is_owed
    from datasets
    inner join horizons on datasets.cadence = horizons.cadence
    inner join days on days.date_day between horizons.first_day and horizons.last_day
    where datasets.cadence = 'daily' or extract(day from days.date_day) = 1
),

-- What falls due on a day off is due on the next working day: the one with the next number.
due_days as (
    select
        periods.*,
        working_days.date_day as due_date,
        working_days.working_day_number as due_working_day_number
    from periods
    inner join days as nominal_days
        on nominal_days.date_day = {{ add_days('periods.last_day', 'periods.due_days_after') }}
    inner join days as working_days
        on
            working_days.is_working_day
            and working_days.working_day_number
            = nominal_days.working_day_number + case when nominal_days.is_working_day then 0 else 1 end
),

final as (
    select
        due_days.dataset,
        due_days.day,
        due_days.last_day,
        due_days.is_owed,
        cast(cast(due_days.due_date as varchar) || ' ' || cast(due_days.due_time as varchar) as timestamp) as due_at,
        latest.measured_at,
        -- Working days begun since the day on which it was due; on a day off none is added.
        measured_days.working_day_number - due_days.due_working_day_number as working_days_since_due
    from due_days
    cross join latest
    inner join days as measured_days on measured_days.date_day = cast(latest.measured_at as date)
)

select
    dataset,
    day,
    last_day,
    is_owed,
    due_at,
    measured_at,
    due_at <= measured_at as is_due,
    working_days_since_due
from final
