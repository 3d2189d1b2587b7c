{#- As many changes as a unit can have gone through; a test says when these no longer reach today. -#}
{% set steps = 5 -%}

-- From each unit of any time to the units of today: the steps of unit_succession one after the other.
with units as (
    select
        *,
        lead(valid_from) over (partition by unit_code order by valid_from) as next_valid_from,
        lag(valid_from) over (partition by unit_code order by valid_from) as previous_valid_from
    from {{ ref('dim_unit') }}
),

succession as (
    select * from {{ ref('unit_succession') }}
),

after_0 as (
    select
        unit_code,
        valid_from,
        unit_code as to_unit_code,
        valid_from as to_valid_from,
        cast(1 as decimal(18, 8)) as weight,
        cast(null as varchar) as assumption_id,
        source -- noqa: RF04
    from units
),

-- What still exists has no next step and stays where it is.
{% for step in range(1, steps + 1) %}
after_{{ step }} as (
    select
        earlier.unit_code,
        earlier.valid_from,
        case
            when succession.unit_code is null then earlier.to_unit_code else succession.to_unit_code
        end as to_unit_code,
        case
            when succession.unit_code is null then earlier.to_valid_from else succession.to_valid_from
        end as to_valid_from,
        cast(earlier.weight * coalesce(succession.weight, 1) as decimal(18, 8)) as weight,
        coalesce(succession.assumption_id, earlier.assumption_id) as assumption_id,
        coalesce(succession.source, earlier.source) as source -- noqa: RF04
    from after_{{ step - 1 }} as earlier
    left join succession
        on earlier.to_unit_code = succession.unit_code and earlier.to_valid_from = succession.valid_from
),
{% endfor %}

-- Two ways to one unit are one way.
reached as (
    select
        unit_code,
        valid_from,
        to_unit_code,
        cast(sum(weight) as decimal(5, 4)) as weight,
        max(assumption_id) as assumption_id,
        max(source) as source, -- noqa: RF04
        count(*) over (partition by unit_code, valid_from) as target_count
    from after_{{ steps }}
    group by unit_code, valid_from, to_unit_code
),

final as (
    select
        reached.unit_code as from_unit_code,
        reached.valid_from as from_valid_from,
        units.valid_to as from_valid_to,
        {{ add_days('units.valid_to', '1') }} as changed_on,
        reached.to_unit_code,
        reached.weight,
        case
            when reached.to_unit_code is null then 'none'
            when reached.target_count > 1 then 'split'
            when reached.to_unit_code <> reached.unit_code then 'merged'
            when units.valid_to is not null then 'continued'
            else 'unchanged'
        end as relation_code,
        reached.assumption_id is not null as is_assumption,
        reached.assumption_id,
        reached.source,
        -- A figure bears its unit's code, also on a day on which the unit had ended or not begun: without gaps, each
        -- validity of a code answers for the days until its next one.
        case
            when units.previous_valid_from is null then cast('1900-01-01' as date) else reached.valid_from
        end as applies_from,
        coalesce({{ add_days('units.next_valid_from', '- 1') }}, cast('9999-12-31' as date)) as applies_until
    from reached
    inner join units on reached.unit_code = units.unit_code and reached.valid_from = units.valid_from
)

select * from final
