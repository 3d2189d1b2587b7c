{{ config(schema='staging', contract={'enforced': false}) }}
{{ built_by_loads(none, ['load_id'], rows_of_loads='ops.loads') }}

-- Whom each load in force tells of, as the contracts with `completeness` say: which dataset, in which column.
with loads_in_force as (
    select
        load_id,
        dataset,
        coalesce(
            covered_date,
            cast(substr(period, 1, 4) || '-' || substr(period, 5, 2) || '-01' as date)
        ) as day -- noqa: RF04
    from {{ ref('stg_loads_in_force') }}
    where baseline_date is null {{ touched(['load_id']) }}
),

told as (
    {{ subjects_told('loads_in_force') }}
),

final as (
    select
        load_id,
        dataset,
        day,
        subject_code
    from told
)

select * from final
