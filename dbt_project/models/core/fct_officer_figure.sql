{{ told_by_changes() }}

with figures as (
    select * from {{ ref('stg_officer_forms') }}
),

final as (
    select
        indicator_code,
        -- The form is the province's.
        'H56' as unit_code,
        period,
        numerator,
        denominator,
        load_id
    from figures
)

select * from final
