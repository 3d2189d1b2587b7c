-- What electronic documents save: an estimate. Each line is what is counted times one assumption, which it names; of
-- it only the quantity is measured.
with months as (
    select * from {{ ref('document_unit_monthly') }}
),

assumptions as (
    select * from {{ ref('saving_assumptions') }}
),

quantities as (
    select
        unit_code,
        period,
        'delivery' as basis_code,
        sent_count as quantity
    from months
    union all
    select
        unit_code,
        period,
        'document' as basis_code,
        sent_document_count as quantity
    from months
),

-- An assumption holds for the months that begin within its validity.
unit_savings as (
    select
        quantities.unit_code,
        quantities.period,
        assumptions.assumption_id,
        quantities.basis_code,
        quantities.quantity,
        assumptions.amount_vnd,
        assumptions.assumed_on
    from quantities
    inner join assumptions
        on
            quantities.basis_code = assumptions.basis_code
            and quantities.period >= {{ month_period('assumptions.valid_from') }}
            and (assumptions.valid_to is null or quantities.period <= {{ month_period('assumptions.valid_to') }})
    where quantities.quantity > 0
),

-- The province is all its units, its own office among them.
figures as (
    select * from unit_savings
    where unit_code <> 'H56'
    union all
    select
        'H56' as unit_code,
        period,
        assumption_id,
        basis_code,
        sum(quantity) as quantity,
        amount_vnd,
        assumed_on
    from unit_savings
    group by period, assumption_id, basis_code, amount_vnd, assumed_on
),

final as (
    select
        unit_code,
        period,
        assumption_id,
        basis_code,
        cast(quantity as bigint) as quantity,
        amount_vnd,
        cast(quantity * amount_vnd as decimal(18, 2)) as saved_vnd,
        assumed_on,
        true as is_estimate
    from figures
)

select * from final
