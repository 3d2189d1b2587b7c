{{ told_by_changes() }}

with signing as (
    select * from {{ ref('stg_document_signing') }}
),

final as (
    select
        unit_code,
        period,
        issued_count,
        signed_by_person_count,
        signed_by_organisation_count,
        load_id
    from signing
)

select * from final
