{{ built_by_loads('platform_accounts', ['load_id'], rows_of_loads='ops.loads') }}

with accounts as (
    select * from {{ ref('stg_platform_accounts') }}
    {{ touched(['load_id'], opening='where') }}
),

final as (
    select
        account_key,
        platform_code,
        period,
        unit_code,
        issued_date,
        last_login_at,
        is_locked,
        -- Only the last login is known, and the file comes after the month: a login after its end proves nothing
        -- against the account. Active is what was last logged in to in that month or later, and may still be used.
        not is_locked and coalesce({{ month_period('last_login_at') }} >= period, false) as is_active,
        load_id
    from accounts
)

select * from final
