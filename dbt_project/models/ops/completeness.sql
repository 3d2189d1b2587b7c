-- Who reported, who reported nothing, who is late, who is missing and who was never asked: absent is not zero.
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

days as (
    select
        date_day,
        is_working_day
    from {{ ref('dim_date') }}
),

units as (
    select * from {{ ref('dim_unit') }}
),

endpoints as (
    select * from {{ ref('dim_endpoint') }}
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

-- Lateness is measured at the newest run, whenever the silent dataset itself was asked last.
latest as (
    select cast(max(attempts.attempted_at) as date) as asked_date
    from attempts
),

horizon as (
    select
        min(last_attempts.day) as first_day,
        max(last_attempts.day) as last_day
    from last_attempts
    inner join datasets on last_attempts.dataset = datasets.dataset
    where datasets.cadence = 'daily'
),

-- Every period for which something is expected: each day between the first and the last that was asked for.
expected as (
    select
        datasets.dataset,
        datasets.completeness_subject,
        datasets.due_days_after,
        days.date_day as day, -- noqa: RF04
        days.date_day as last_day,
        days.is_working_day
    from datasets
    inner join horizon on datasets.cadence = 'daily'
    inner join days on days.date_day between horizon.first_day and horizon.last_day
    union all
    select
        datasets.dataset,
        datasets.completeness_subject,
        datasets.due_days_after,
        last_attempts.day,
        cast(last_attempts.day + interval 1 month - interval 1 day as date) as last_day,
        true as is_working_day
    from last_attempts
    inner join datasets on last_attempts.dataset = datasets.dataset
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

-- An export that did not come is late for three days, then it is missing; one that was refused is missing at once.
dataset_states as (
    select
        expected.dataset,
        expected.day,
        expected.completeness_subject,
        case
            when loaded.rows_accepted > 0 then 'reported'
            when loaded.rows_accepted = 0 then 'zero'
            when last_attempts.outcome is null then 'never_asked'
            when
                last_attempts.outcome <> 'refused'
                and {{ days_between('expected.last_day', 'latest.asked_date') }} <= expected.due_days_after + 3
                then 'late'
            else 'missing'
        end as state
    from expected
    left join loaded on expected.dataset = loaded.dataset and expected.day = loaded.day
    left join last_attempts on expected.dataset = last_attempts.dataset and expected.day = last_attempts.day
    cross join latest
    -- On a day off nothing is late: a silent dataset has no row at all.
    where expected.is_working_day or loaded.rows_accepted is not null
),

reporting as (
    select distinct
        'portal_dossiers' as dataset,
        partition_key,
        unit_code as subject_code
    from {{ ref('stg_portal_dossiers') }}
    union all
    select distinct
        'document_exchanges' as dataset,
        partition_key,
        recipient_unit_code as subject_code
    from {{ ref('stg_document_exchanges') }}
    union all
    select distinct
        'videoconference_endpoint_status' as dataset,
        partition_key,
        endpoint_code as subject_code
    from {{ ref('stg_videoconference_endpoint_status') }}
),

subjects as (
    select
        'unit' as subject_type,
        unit_code as subject_code,
        valid_from,
        valid_to
    from units
    union all
    select
        'endpoint' as subject_type,
        endpoint_code as subject_code,
        valid_from,
        valid_to
    from endpoints
),

-- A unit that is not in a whole export reported zero; an endpoint that is not in a poll was never asked.
subject_states as (
    select
        dataset_states.dataset,
        dataset_states.day,
        subjects.subject_type,
        subjects.subject_code,
        case
            when reporting.subject_code is not null then 'reported'
            when dataset_states.state in ('reported', 'zero') and subjects.subject_type = 'endpoint' then 'never_asked'
            when dataset_states.state = 'reported' then 'zero'
            else dataset_states.state
        end as state
    from dataset_states
    inner join subjects
        on
            dataset_states.completeness_subject = subjects.subject_type
            and dataset_states.day >= subjects.valid_from
            and (subjects.valid_to is null or dataset_states.day <= subjects.valid_to)
    left join reporting
        on
            dataset_states.dataset = reporting.dataset
            and cast(dataset_states.day as varchar) = reporting.partition_key
            and subjects.subject_code = reporting.subject_code
),

final as (
    select
        dataset,
        day,
        'dataset' as subject_type,
        dataset as subject_code,
        state
    from dataset_states
    union all
    select * from subject_states
)

select
    dataset,
    day,
    subject_type,
    subject_code,
    state
from final
