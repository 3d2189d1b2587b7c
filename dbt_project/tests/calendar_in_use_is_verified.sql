{{ config(severity='warn') }}
-- Days off and make-up days that nobody has checked, among the days that have figures and the fortnight after them:
-- due dates, lateness and freshness rest on them. Check them, correct holidays.csv, and set is_verified.
with days_in_use as (
    select
        min(report_date) as first_day,
        {{ add_days('max(report_date)', '14') }} as last_day
    from {{ ref('day_coverage') }}
)

select
    dates.date_day,
    dates.holiday_name_vi,
    dates.holiday_source
from {{ ref('dim_date') }} as dates
inner join days_in_use on dates.date_day between days_in_use.first_day and days_in_use.last_day
where not dates.is_verified
