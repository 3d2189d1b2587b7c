-- What may be public of the procedures over the whole province, by the rule of the indicators of the same dossiers.
with cells as (
    select * from {{ ref('open_cells_hidden') }}
    where breakdown_code = 'procedure'
),

procedures as (
    select * from {{ ref('dim_procedure') }}
),

final as (
    select
        cells.cell_code as procedure_code,
        cells.period,
        cells.measure_code,
        procedures.procedure_name_vi,
        procedures.field_name_vi,
        cast(case when not cells.is_hidden then cells.counted end as bigint) as dossier_count,
        cells.is_hidden as is_suppressed,
        case when cells.is_hidden then 'small_cells' end as suppression_reason_code
    from cells
    inner join procedures on cells.cell_code = procedures.procedure_code
)

select * from final
