{{ config(schema="staging", materialized="view", contract={"enforced": false}) }}

-- Of each closed month: the loads in force today that were not when it was closed, and those that no longer are.
with closures as (
    select * from {{ ref('month_closures_in_force') }}
),

in_force as (
    select * from {{ ref('stg_loads_in_force') }}
),

load_history as (
    select * from {{ ref('load_history') }}
),

loads as (
    select * from {{ ops_source('loads') }}
),

at_closing as (
    select
        period,
        unnest(load_ids) as load_id
    from closures
),

today as (
    select
        closures.period,
        in_force.load_id
    from closures
    cross join in_force
),

differing as (
    select
        coalesce(today.period, at_closing.period) as period,
        coalesce(today.load_id, at_closing.load_id) as load_id,
        case when at_closing.load_id is null then 'came' else 'left' end as event_code
    from today
    full outer join at_closing on today.period = at_closing.period and today.load_id = at_closing.load_id
    where today.load_id is null or at_closing.load_id is null
),

final as (
    select
        differing.period,
        differing.load_id,
        loads.dataset,
        loads.partition_key,
        loads.arrival_id,
        differing.event_code,
        -- A load that left because its verdict turned has no interval any more: when is not known.
        case differing.event_code
            when 'came' then load_history.in_force_from
            else load_history.in_force_until
        end as happened_at
    from differing
    inner join loads on differing.load_id = loads.load_id
    left join load_history on differing.load_id = load_history.load_id
)

select * from final
