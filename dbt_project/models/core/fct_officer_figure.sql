{{ told_by_changes() }}

with figures as (
    select * from {{ ref('stg_officer_forms') }}
),

final as (
    select
        indicator_code,
        period,
        numerator,
        denominator,
        load_id
    from figures
)

select * from final
