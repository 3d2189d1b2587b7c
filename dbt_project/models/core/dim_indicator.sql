with indicators as (
    select * from {{ ref('indicators') }}
),

-- The days an indicator stands on are the days of the dataset that it is counted from.
final as (
    select
        indicator_code,
        name_vi as indicator_name_vi,
        name_en as indicator_name_en,
        platform as platform_code,
        grain as grain_code,
        measure as measure_code,
        aggregation as aggregation_code,
        direction as direction_code,
        zero_denominator as zero_denominator_code,
        case
            when grain <> 'daily' then null
            when indicator_code = 'portal_open_late' then 'portal_open_stock'
            when indicator_code = 'document_registered' then 'document_registers'
            when indicator_code = 'videoconference_online' then 'videoconference_endpoint_status'
            when platform = 'portal' then 'portal_dossiers'
            when platform = 'document' then 'document_exchanges'
            when platform = 'videoconference' then 'videoconference_calls'
        end as coverage_code,
        legal_source,
        numerator_en,
        denominator_en,
        formula_vi
    from indicators
)

select * from final
