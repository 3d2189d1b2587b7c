-- Each unit of any time goes to units of today, and its shares add up to exactly one. A unit that goes nowhere is a
-- district or stood below one: anything else is a hole in the map.
with crosswalk as (
    select * from {{ ref('unit_crosswalk') }}
),

units as (
    select * from {{ ref('dim_unit') }}
),

shares as (
    select
        units.unit_code,
        units.valid_from,
        sum(crosswalk.weight) as weight
    from units
    left join crosswalk
        on units.unit_code = crosswalk.from_unit_code and units.valid_from = crosswalk.from_valid_from
    group by units.unit_code, units.valid_from
)

select
    unit_code,
    'shares do not add up to 1' as problem
from shares
where coalesce(weight, 0) <> 1
union all
select
    crosswalk.from_unit_code as unit_code,
    'goes to a unit that has ended' as problem
from crosswalk
left join units on crosswalk.to_unit_code = units.unit_code and units.is_current
where crosswalk.to_unit_code is not null and units.unit_code is null
union all
select
    crosswalk.from_unit_code as unit_code,
    'goes nowhere' as problem
from crosswalk
inner join units on crosswalk.from_unit_code = units.unit_code and crosswalk.from_valid_from = units.valid_from
where crosswalk.to_unit_code is null and units.administrative_level_code <> 'district'
union all
select
    from_unit_code as unit_code,
    'an assumption without a name, or a split without an assumption' as problem
from crosswalk
where is_assumption <> (assumption_id is not null) or (relation_code = 'split' and not is_assumption)
