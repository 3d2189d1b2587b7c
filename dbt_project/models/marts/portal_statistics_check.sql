{#- Sums that II.06a must keep within a row: check, left side, right side. -#}
{% set sums = [
    ('received_is_the_sum_of_its_parts', 'received_count', 'received_online_count + received_direct_count + carried_over_count'),
    ('settled_is_the_sum_of_its_parts', 'settled_count', 'settled_early_count + settled_on_time_count + settled_late_count'),
    ('open_is_the_sum_of_its_parts', 'open_count', 'open_in_time_count + open_late_count'),
    ('open_is_received_less_settled', 'open_count', 'received_count - settled_count'),
] -%}

-- The portal's own table against itself: sums within a row, and each month's opening stock against the last one's end.
with portal_statistics as (
    select
        *,
        cast(partition_key || '-01' as date) as first_day
    from {{ ref('stg_portal_statistics') }}
),

within_rows as (
    {% for check, left, right in sums -%}
    select
        unit_code,
        period,
        '{{ check }}' as check_code,
        {{ left }} as left_count,
        {{ right }} as right_count
    from portal_statistics
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- Where the month before has no row for the unit there is nothing to hold against.
between_months as (
    select
        this_month.unit_code,
        this_month.period,
        'carried_over_is_open_before' as check_code,
        this_month.carried_over_count as left_count,
        last_month.open_count as right_count
    from portal_statistics as this_month
    inner join portal_statistics as last_month
        on
            this_month.unit_code = last_month.unit_code
            and cast(this_month.first_day - interval 1 month as date) = last_month.first_day
),

-- A row that breaks a sum was set apart when it was loaded: its figures are gone, that it broke is not.
quarantined as (
    select
        unit_code,
        period,
        max(case when reasons like '%rule: received_is_the_sum_of_its_parts%' then 1 else 0 end) as is_received_broken,
        max(case when reasons like '%rule: settled_is_the_sum_of_its_parts%' then 1 else 0 end) as is_settled_broken,
        max(case when reasons like '%rule: open_is_the_sum_of_its_parts%' then 1 else 0 end) as is_open_broken
    from (
        select
            quarantine.unit_code,
            loads.period,
            cast(quarantine.reasons as varchar) as reasons
        from {{ ops_source('quarantine') }} as quarantine
        inner join {{ ref('stg_loads_in_force') }} as loads on quarantine.load_id = loads.load_id
        where loads.dataset = 'portal_statistics' and quarantine.unit_code is not null
    ) as set_apart
    group by unit_code, period
),

broken as (
    {% for check, flag in [
        ('received_is_the_sum_of_its_parts', 'is_received_broken'),
        ('settled_is_the_sum_of_its_parts', 'is_settled_broken'),
        ('open_is_the_sum_of_its_parts', 'is_open_broken'),
    ] -%}
    select
        quarantined.unit_code,
        quarantined.period,
        '{{ check }}' as check_code,
        cast(null as bigint) as left_count,
        cast(null as bigint) as right_count
    from quarantined
    left join portal_statistics
        on quarantined.unit_code = portal_statistics.unit_code and quarantined.period = portal_statistics.period
    where quarantined.{{ flag }} = 1 and portal_statistics.unit_code is null
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

final as (
    select * from within_rows
    union all
    select * from between_months
    union all
    select * from broken
)

select
    unit_code,
    period,
    check_code,
    left_count,
    right_count,
    left_count - right_count as difference_count,
    coalesce(left_count = right_count, false) as is_satisfied
from final
