{{ config(schema='staging', materialized='view', contract={'enforced': false}) }}

-- Dossiers as form II.06a sees them: under the unit that reports, for the form has no row for a desk inside a unit, and
-- by the field of their procedure.
with dossiers as (
    select * from {{ ref('fct_dossier') }}
),

-- A unit's newest row: one that was renamed has several.
units as (
    select * from {{ ref('dim_unit') }}
    qualify row_number() over (partition by unit_code order by valid_from desc) = 1
),

procedures as (
    select * from {{ ref('procedures') }}
)

select
    case when units.unit_type = 'sub_unit' then units.parent_unit_code else dossiers.unit_code end as unit_code,
    coalesce(procedures.field_name_vi, 'Chưa rõ lĩnh vực') as field_name_vi,
    dossiers.channel_code,
    dossiers.status_code,
    dossiers.is_received_local,
    dossiers.received_date,
    dossiers.due_date,
    dossiers.settled_date,
    dossiers.gone_date,
    dossiers.is_settled_early_local,
    dossiers.is_settled_on_time_local
from dossiers
left join units on dossiers.unit_code = units.unit_code
left join procedures on dossiers.procedure_code = procedures.procedure_code
