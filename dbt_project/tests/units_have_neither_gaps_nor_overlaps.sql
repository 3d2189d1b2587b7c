-- One code, one unit a day: the validities of an agency code, of an endpoint, and of a commune's national code follow
-- each other. A code's validities must join; a commune's code may rest, for it is given out anew.
with validities as (
    select
        'unit' as subject,
        unit_code as code,
        valid_from,
        valid_to
    from {{ ref('dim_unit') }}
    union all
    select
        'endpoint' as subject,
        endpoint_code as code,
        valid_from,
        valid_to
    from {{ ref('dim_endpoint') }}
    union all
    select
        'commune' as subject,
        commune_code as code,
        valid_from,
        valid_to
    from {{ ref('dim_unit') }}
    where unit_type = 'commune'
),

followed as (
    select
        *,
        lead(valid_from) over (partition by subject, code order by valid_from) as next_valid_from
    from validities
)

select * from followed
where
    valid_to < valid_from
    or (next_valid_from is not null and (valid_to is null or valid_to >= next_valid_from))
    or (next_valid_from is not null and subject <> 'commune' and next_valid_from <> {{ add_days('valid_to', '1') }})
