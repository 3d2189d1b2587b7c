-- On each day of a unit's or endpoint's validity the unit that it belongs to exists, under whatever name.
with members as (
    select
        unit_code as code,
        parent_unit_code as owner_code,
        valid_from,
        coalesce(valid_to, cast('2099-12-31' as date)) as last_day
    from {{ ref('dim_unit') }}
    where unit_type <> 'province'
    union all
    select
        endpoint_code as code,
        unit_code as owner_code,
        valid_from,
        coalesce(valid_to, cast('2099-12-31' as date)) as last_day
    from {{ ref('dim_endpoint') }}
),

owners as (
    select
        unit_code,
        valid_from,
        coalesce(valid_to, cast('2099-12-31' as date)) as last_day
    from {{ ref('dim_unit') }}
),

shared_days as (
    select
        members.code,
        members.owner_code,
        members.valid_from,
        members.last_day,
        sum({{ days_between(
            'greatest(members.valid_from, owners.valid_from)', 'least(members.last_day, owners.last_day)'
        ) }} + 1) as day_count
    from members
    left join owners
        on
            members.owner_code = owners.unit_code
            and members.valid_from <= owners.last_day
            and members.last_day >= owners.valid_from
    group by members.code, members.owner_code, members.valid_from, members.last_day
)

select * from shared_days
where coalesce(day_count, 0) <> {{ days_between('valid_from', 'last_day') }} + 1
