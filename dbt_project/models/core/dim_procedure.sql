with registered as (
    select * from {{ ref('procedures') }}
),

dossiers as (
    select * from {{ ref('fct_dossier') }}
),

-- Codes that dossiers carry and the registry does not know: shown under the name that came last.
unregistered as (
    select
        dossiers.procedure_code,
        dossiers.procedure_name_vi,
        dossiers.field_name_vi
    from dossiers
    left join registered on dossiers.procedure_code = registered.procedure_code
    where registered.procedure_code is null
    qualify
        row_number() over (
            partition by dossiers.procedure_code order by dossiers.updated_at desc, dossiers.dossier_key desc
        ) = 1
),

final as (
    select
        procedure_code,
        procedure_name_vi,
        field_name_vi,
        level as level_code,
        maximum_working_days,
        true as is_registered
    from registered
    union all
    select
        procedure_code,
        procedure_name_vi,
        field_name_vi,
        null as level_code,
        null as maximum_working_days,
        false as is_registered
    from unregistered
)

select * from final
