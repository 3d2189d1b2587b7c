{{ told_by_changes() }}

with accounts as (
    select * from {{ ref('fct_account') }}
),

counted as (
    select
        unit_code,
        platform_code,
        period,
        count(*) as issued_count,
        count(*) filter (where is_locked) as locked_count,
        count(*) filter (where not is_locked) as usable_count,
        count(*) filter (where is_active) as active_count
    from accounts
    group by unit_code, platform_code, period
),

final as (
    select
        unit_code,
        platform_code,
        period,
        issued_count,
        locked_count,
        usable_count,
        active_count,
        {{ share('active_count', 'issued_count') }} as active_rate
    from counted
)

select * from final
