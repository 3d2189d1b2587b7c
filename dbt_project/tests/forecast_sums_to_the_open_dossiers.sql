-- Whatever is open stands in one bucket of the forecast, and what is late there is late by II.06a.
with forecast as (
    select
        unit_code,
        report_date,
        sum(due_count + waiting_count) as open_count,
        sum(case when bucket_code like 'late_%' then due_count else 0 end) as open_late_count
    from {{ ref('portal_due_forecast') }}
    group by unit_code, report_date
),

newest_day as (
    select max(report_date) as report_date from {{ ref('portal_unit_daily') }}
)

select
    unit_days.unit_code,
    unit_days.open_count,
    forecast.open_count as forecast_open_count
from {{ ref('portal_unit_daily') }} as unit_days
inner join newest_day on unit_days.report_date = newest_day.report_date
full outer join forecast
    on unit_days.unit_code = forecast.unit_code and unit_days.report_date = forecast.report_date
where
    unit_days.open_count is not null
    and (
        unit_days.open_count <> coalesce(forecast.open_count, 0)
        or unit_days.open_late_count <> coalesce(forecast.open_late_count, 0)
    )
