-- The form adds up to what the daily mart says of the same month: its flows over the days, its stocks on the last.
with form as (
    select
        period,
        last_date,
        sum(received_online_count) as received_online_count,
        sum(received_direct_count) as received_direct_count,
        sum(received_channel_unreported_count) as received_channel_unreported_count,
        sum(settled_early_count) as settled_early_count,
        sum(settled_on_time_count) as settled_on_time_count,
        sum(settled_late_count) as settled_late_count,
        sum(open_count) as open_count,
        sum(open_late_count) as open_late_count
    from {{ ref('portal_form_ii06a_monthly') }}
    group by period, last_date
),

unit_days as (
    select
        *,
        {{ month_period('report_date') }} as period
    from {{ ref('portal_unit_daily') }}
),

months as (
    select
        form.period,
        coalesce(sum(unit_days.received_online_count), 0) as received_online_count,
        coalesce(sum(unit_days.received_direct_count + unit_days.received_post_count), 0) as received_direct_count,
        coalesce(sum(unit_days.received_channel_unreported_count), 0) as received_channel_unreported_count,
        coalesce(sum(unit_days.settled_early_count), 0) as settled_early_count,
        coalesce(sum(unit_days.settled_on_due_count), 0) as settled_on_time_count,
        coalesce(sum(unit_days.settled_late_count), 0) as settled_late_count,
        sum(case when unit_days.report_date = form.last_date then unit_days.open_count end) as open_count,
        sum(case when unit_days.report_date = form.last_date then unit_days.open_late_count end) as open_late_count
    from form
    left join unit_days on form.period = unit_days.period
    group by form.period
)

select
    form.period,
    form.open_count,
    months.open_count as daily_open_count
from form
inner join months on form.period = months.period
where
    form.received_online_count <> months.received_online_count
    or form.received_direct_count <> months.received_direct_count
    or form.received_channel_unreported_count <> months.received_channel_unreported_count
    or form.settled_early_count <> months.settled_early_count
    or form.settled_on_time_count <> months.settled_on_time_count
    or form.settled_late_count <> months.settled_late_count
    or coalesce(form.open_count, 0) <> coalesce(months.open_count, 0)
    or coalesce(form.open_late_count, 0) <> coalesce(months.open_late_count, 0)
