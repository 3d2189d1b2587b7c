{#- An export says who is gone of the month before: a load touches its own month and the next that has an export. -#}
{{ built_by_loads(
    'platform_accounts',
    ['period'],
    is_history=true,
    rows_of_loads="(
        select load_id, replace(partition_key, '-', '') as period from ops.loads
        where dataset = 'platform_accounts'
        union all
        select loads.load_id, months.period
        from ops.loads as loads
        inner join (
            select period, lag(period) over (order by period) as period_before
            from (select distinct period from core.load_history where dataset = 'platform_accounts') as known
        ) as months
            on
                months.period > replace(loads.partition_key, '-', '')
                and coalesce(months.period_before, '') <= replace(loads.partition_key, '-', '')
        where loads.dataset = 'platform_accounts'
    ) as exports",
) }}

{%- set keys = ['account_key', 'platform_code', 'period'] -%}
{%- set columns = ['unit_code', 'issued_date', 'last_login_at', 'is_locked'] -%}

with loads as (
    select
        *,
        dense_rank() over (order by period) as month_number
    from {{ ref('load_history') }}
    where dataset = 'platform_accounts'
),

exported as (
    select
        records.account_key,
        records.platform_code,
        loads.period,
        loads.month_number,
        records.unit_code,
        records.issued_date,
        records.last_login_at,
        records.is_locked,
        records.load_id,
        loads.in_force_from,
        loads.in_force_until
    from {{ raw_source('platform_accounts') }} as records
    inner join loads on records.load_id = loads.load_id
),

-- Each export beside the one of the month before, while both were in force.
neighbours as (
    select
        loads.load_id,
        loads.period,
        loads_before.load_id as load_id_before,
        greatest(loads.in_force_from, loads_before.in_force_from) as in_force_from,
        -- Of null (still in force) and a time, least takes the time.
        least(loads.in_force_until, loads_before.in_force_until) as in_force_until
    from loads
    inner join loads as loads_before
        on
            loads.month_number = loads_before.month_number + 1
            and (loads.in_force_until is null or loads.in_force_until > loads_before.in_force_from)
            and (loads_before.in_force_until is null or loads.in_force_from < loads_before.in_force_until)
    {{ touched(['loads.period'], opening='where') }}
),

-- An account that the month before had and this month has not: gone from this month on.
left_out as (
    select
        accounts_before.account_key,
        accounts_before.platform_code,
        neighbours.period,
        accounts_before.unit_code,
        accounts_before.issued_date,
        accounts_before.last_login_at,
        accounts_before.is_locked,
        neighbours.load_id,
        neighbours.in_force_from,
        neighbours.in_force_until
    from neighbours
    inner join exported as accounts_before on neighbours.load_id_before = accounts_before.load_id
    left join exported as accounts_now
        on
            neighbours.load_id = accounts_now.load_id
            and accounts_before.account_key = accounts_now.account_key
            and accounts_before.platform_code = accounts_now.platform_code
    where accounts_now.load_id is null
),

accounts as (
    select
        account_key,
        platform_code,
        period,
        unit_code,
        issued_date,
        last_login_at,
        is_locked,
        load_id,
        in_force_from,
        in_force_until,
        false as is_gone
    from exported
    {{ touched(['period'], opening='where') }}
    union all
    select
        *,
        true as is_gone
    from left_out
),

moments as (
    {{ moments_of('accounts', keys) }}
),

told as (
    {{ told_at('moments', 'accounts', keys) }}
),

final as (
    {{ record_history('moments', 'told', keys, columns) }}
)

select * from final
