-- The same figures, whichever boundaries they are read on: no share is lost and none counts twice. On the newest
-- 31 days and three months, for a day's build must not pay for history; the map itself is tested whole (crosswalk_…).
{% set months = [
    ('indicator_monthly', 'indicator_code', 'numerator'),
    ('platform_adoption_monthly', 'platform_code', 'issued_count'),
] %}

{% set newest_day = newest_day_with_figures() -%}

with as_reported as (
    select
        'indicator ' || indicator_code || case when unit_code = 'H56' then ' of the province' else '' end as figure,
        cast(period as varchar) as period,
        sum(numerator) as amount
    from {{ ref('indicator_daily') }}
    where period > {{ add_days(newest_day, '- 31') }}
    group by 1, 2
    union all
    select
        'dossiers received' as figure,
        cast(report_date as varchar) as period,
        sum(received_count) as amount
    from {{ ref('portal_unit_daily') }}
    where report_date > {{ add_days(newest_day, '- 31') }}
    group by 1, 2
    union all
    select
        'documents delivered' as figure,
        cast(report_date as varchar) as period,
        sum(delivered_count) as amount
    from {{ ref('document_unit_daily') }}
    where report_date > {{ add_days(newest_day, '- 31') }}
    group by 1, 2
    {% for mart, key, amount in months %}
    union all
    select
        '{{ mart }} ' || {{ key }} || case when unit_code = 'H56' then ' of the province' else '' end as figure,
        period,
        sum({{ amount }}) as amount
    from {{ ref(mart) }}
    where period >= {{ month_period(add_days(newest_day, '- 62')) }}
    group by 1, 2
    {% endfor %}
),

as_today as (
    select
        'indicator ' || indicator_code || case when unit_code = 'H56' then ' of the province' else '' end as figure,
        cast(period as varchar) as period,
        sum(numerator) as amount
    from {{ ref('indicator_daily_today') }}
    where period > {{ add_days(newest_day, '- 31') }}
    group by 1, 2
    union all
    select
        'dossiers received' as figure,
        cast(report_date as varchar) as period,
        sum(received_count) as amount
    from {{ ref('portal_unit_daily_today') }}
    where report_date > {{ add_days(newest_day, '- 31') }}
    group by 1, 2
    union all
    select
        'documents delivered' as figure,
        cast(report_date as varchar) as period,
        sum(delivered_count) as amount
    from {{ ref('document_unit_daily_today') }}
    where report_date > {{ add_days(newest_day, '- 31') }}
    group by 1, 2
    {% for mart, key, amount in months %}
    union all
    select
        '{{ mart }} ' || {{ key }} || case when unit_code = 'H56' then ' of the province' else '' end as figure,
        period,
        sum({{ amount }}) as amount
    from {{ ref(mart ~ '_today') }}
    where period >= {{ month_period(add_days(newest_day, '- 62')) }}
    group by 1, 2
    {% endfor %}
)

select
    coalesce(as_reported.figure, as_today.figure) as figure,
    coalesce(as_reported.period, as_today.period) as period,
    as_reported.amount as reported_amount,
    as_today.amount as today_amount
from as_reported
full outer join as_today on as_reported.figure = as_today.figure and as_reported.period = as_today.period
where
    as_reported.amount is distinct from as_today.amount
    -- What does not add up from units cannot be put together for those that were merged or divided.
    and coalesce(as_reported.figure, as_today.figure) not in (
        select 'indicator_monthly ' || indicators.indicator_code
        from {{ ref('dim_indicator') }} as indicators
        where indicators.aggregation_code = 'distinct'
    )
