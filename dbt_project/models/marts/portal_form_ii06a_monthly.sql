{#- What can be told without the stock. -#}
{% set flows = [
    'received_online_count', 'received_direct_count', 'received_channel_unreported_count', 'settled_early_count',
    'settled_on_time_count', 'settled_late_count',
] -%}

-- Form II.06a by reporting unit, field and month, by the local report's definitions. Stocks are what flowed in and out
-- up to then, so the cost follows the months' flows and never the dossiers.
with by_field as (
    select * from {{ ref('portal_form_flows') }}
),

dates as (
    select * from {{ ref('dim_date') }}
),

covered_days as (
    select report_date from {{ ref('day_coverage') }}
    where coverage_code = 'portal_dossiers'
),

stock_days as (
    select report_date from {{ ref('day_coverage') }}
    where coverage_code = 'portal_open_stock'
),

newest_day as (
    select max(report_date) as report_date from covered_days
),

-- A month in progress ends on the newest covered day. Its beginning is known if the stock of its first day is.
months as (
    select
        dates.period,
        min(dates.date_day) as first_date,
        max(dates.date_day) as month_end_date,
        least(max(dates.date_day), min(newest_day.report_date)) as last_date,
        count(*) as days_expected,
        count(covered_days.report_date) as days_covered
    from dates
    cross join newest_day
    left join covered_days on dates.date_day = covered_days.report_date
    group by dates.period
    having count(covered_days.report_date) > 0
),

known_months as (
    select
        months.*,
        opening.report_date is not null as is_opening_known,
        closing.report_date is not null as is_closing_known
    from months
    left join stock_days as opening on months.first_date = opening.report_date
    left join stock_days as closing on months.last_date = closing.report_date
),

newest_month as (
    select max(period) as period from months
),

unit_fields as (
    select distinct
        unit_code,
        field_name_vi
    from by_field
),

-- Every field of a unit gets a place in every month asked for, also where nothing flowed.
asked as (
    select
        unit_fields.unit_code,
        unit_fields.field_name_vi,
        known_months.period
    from unit_fields
    cross join known_months
),

-- What lies ahead in the month in progress has not come yet.
timeline as (
    select
        asked.period is not null as is_asked,
        coalesce(asked.unit_code, by_field.unit_code) as unit_code,
        coalesce(asked.field_name_vi, by_field.field_name_vi) as field_name_vi,
        coalesce(asked.period, by_field.period) as period,
        -- noqa: disable=LT02
        {% for flow in flows -%}
        coalesce(by_field.{{ flow }}, 0) as {{ flow }},
        {% endfor -%}
        -- noqa: enable=LT02
        coalesce(by_field.open_change, 0)
        - case when by_field.period = newest_month.period then by_field.open_change_ahead else 0 end as open_change,
        coalesce(by_field.late_change, 0)
        - case when by_field.period = newest_month.period then by_field.late_change_ahead else 0 end as late_change
    from asked
    full outer join by_field
        on
            asked.unit_code = by_field.unit_code
            and asked.field_name_vi = by_field.field_name_vi
            and asked.period = by_field.period
    cross join newest_month
),

running as (
    select
        *,
        sum(open_change) over (partition by unit_code, field_name_vi order by period) as open_count,
        sum(late_change) over (partition by unit_code, field_name_vi order by period) as open_late_count
    from timeline
),

figures as (
    select
        running.*,
        known_months.first_date,
        known_months.last_date,
        known_months.days_covered,
        known_months.days_expected,
        known_months.is_opening_known,
        known_months.is_closing_known,
        running.received_online_count + running.received_direct_count
        + running.received_channel_unreported_count as received_in_period_count,
        running.open_count - running.open_change as carried_over_count,
        running.settled_early_count + running.settled_on_time_count + running.settled_late_count as settled_count
    from running
    inner join known_months on running.period = known_months.period
    where running.is_asked
),

final as (
    select
        unit_code,
        field_name_vi,
        period,
        first_date,
        last_date,
        days_covered,
        days_expected,
        is_opening_known,
        is_closing_known,
        days_covered = days_expected and is_opening_known and is_closing_known as is_complete,
        cast(
            case when is_opening_known then carried_over_count + received_in_period_count end as bigint
        ) as received_count,
        cast(received_online_count as bigint) as received_online_count,
        cast(received_direct_count as bigint) as received_direct_count,
        cast(received_channel_unreported_count as bigint) as received_channel_unreported_count,
        cast(case when is_opening_known then carried_over_count end as bigint) as carried_over_count,
        cast(settled_count as bigint) as settled_count,
        cast(settled_early_count as bigint) as settled_early_count,
        cast(settled_on_time_count as bigint) as settled_on_time_count,
        cast(settled_late_count as bigint) as settled_late_count,
        cast(case when is_closing_known then open_count end as bigint) as open_count,
        cast(case when is_closing_known then open_count - open_late_count end as bigint) as open_in_time_count,
        cast(case when is_closing_known then open_late_count end as bigint) as open_late_count
    from figures
    where received_in_period_count + settled_count + open_count + carried_over_count > 0
)

select * from final
