with units as (
    select * from {{ ref('units') }}
),

-- A sub-unit stands at the level of the unit above it; no unit hangs deeper than that.
with_parents as (
    select
        units.*,
        case when units.unit_type = 'sub_unit' then parents.unit_type else units.unit_type end as level_type
    from units
    left join units as parents on units.parent_unit_code = parents.unit_code
),

final as (
    select
        unit_code,
        unit_name_vi,
        unit_type,
        case
            when level_type in ('province', 'department') then 'province'
            when level_type = 'district' then 'district'
            when level_type = 'commune' then 'commune'
        end as administrative_level_code,
        parent_unit_code,
        commune_code,
        valid_from,
        valid_to,
        valid_to is null as is_current
    from with_parents
)

select * from final
