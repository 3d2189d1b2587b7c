with indicators as (
    select * from {{ ref('indicators') }}
),

-- The days an indicator stands on are the days of the dataset that it is counted from.
final as (
    select
        indicator_code,
        group_code,
        name_vi as indicator_name_vi,
        name_en as indicator_name_en,
        platform as platform_code,
        grain as grain_code,
        measure as measure_code,
        aggregation as aggregation_code,
        direction as direction_code,
        zero_denominator as zero_denominator_code,
        case zero_denominator when 'zero' then 0 when 'full' then 1 end as value_of_nothing,
        unit_vi,
        unit_en,
        coverage as coverage_code,
        legal_source,
        numerator_en,
        denominator_en,
        formula_vi,
        numerator_en || coalesce(' / ' || denominator_en, '') as formula_en,
        relation as relation_name,
        numerator_sql,
        denominator_sql,
        filter_sql,
        bias as bias_code,
        caveat_vi,
        caveat_en,
        owner as owner_name_vi,
        valid_from,
        valid_to
    from indicators
)

select * from final
