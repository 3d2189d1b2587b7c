-- Units through time: one row a unit and validity. Whoever joins by the code alone doubles the units that were renamed.
with units as (
    select * from {{ ref('units') }}
),

-- A sub-unit stands at the level of the unit above it when it began; no unit hangs deeper than that.
with_parents as (
    select
        units.*,
        case when units.unit_type = 'sub_unit' then parents.unit_type else units.unit_type end as level_type,
        lower(split_part(units.unit_name_vi, ' ', 1)) as first_word,
        lower(split_part(units.unit_name_vi, ' ', 2)) as second_word
    from units
    left join units as parents
        on
            units.parent_unit_code = parents.unit_code
            and units.valid_from >= parents.valid_from
            and (parents.valid_to is null or units.valid_from <= parents.valid_to)
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
        -- What an administrative unit is by law stands at the head of its name.
        case
            when unit_type not in ('district', 'commune') then null
            when first_word = 'xã' then 'xa'
            when first_word = 'phường' then 'phuong'
            when first_word = 'huyện' then 'huyen'
            when first_word = 'thành' and second_word = 'phố' then 'thanh_pho'
            when first_word = 'thị' and second_word = 'trấn' then 'thi_tran'
            when first_word = 'thị' and second_word = 'xã' then 'thi_xa'
        end as division_type_code,
        parent_unit_code,
        commune_code,
        valid_from,
        valid_to,
        valid_to is null as is_current,
        lead(valid_from) over (partition by unit_code order by valid_from) is null as is_latest,
        source
    from with_parents
)

select * from final
