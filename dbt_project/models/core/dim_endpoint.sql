-- Endpoints through time: one row an endpoint and validity, with the unit that it stood with then.
with endpoints as (
    select * from {{ ref('endpoints') }}
),

-- Addresses stay out: nobody who reads figures needs to know where an endpoint answers.
final as (
    select
        endpoint_code,
        endpoint_name_vi,
        unit_code,
        valid_from,
        valid_to,
        valid_to is null as is_current
    from endpoints
)

select * from final
