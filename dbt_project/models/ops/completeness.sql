{{ built_by_changes(['dataset', 'day'], [
    ('completeness_periods', ['dataset', 'day']),
    ('completeness_subjects', ['dataset', 'day']),
]) }}

-- Who reported, who reported nothing, who is late, who is missing and who was never asked: absent is not zero.
with dataset_states as (
    select * from {{ ref('completeness_periods') }}
    {{ touched(['dataset', 'day'], opening='where') }}
),

-- A day told by several loads is told once.
reporting as (
    select distinct
        dataset,
        day,
        subject_code
    from {{ ref('completeness_subjects') }}
    {{ touched(['dataset', 'day'], opening='where') }}
),

units as (
    select * from {{ ref('dim_unit') }}
),

endpoints as (
    select * from {{ ref('dim_endpoint') }}
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
            and dataset_states.day = reporting.day
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
