with registered as (
    select * from {{ ref('procedures') }}
),

dossiers as (
    select * from {{ ref('fct_dossier') }}
),

-- Codes that dossiers carry and the register does not know: counted, and named once the register names them.
-- The export's own name for them is free text, which may hold anybody's name.
unregistered as (
    select distinct dossiers.procedure_code
    from dossiers
    left join registered on dossiers.procedure_code = registered.procedure_code
    where registered.procedure_code is null
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
        'Chưa có trong danh mục thủ tục' as procedure_name_vi,
        null as field_name_vi,
        null as level_code,
        null as maximum_working_days,
        false as is_registered
    from unregistered
)

select * from final
