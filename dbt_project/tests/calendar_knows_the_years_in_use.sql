{{ config(severity='warn') }}
-- A year without holidays in the table counts Tết as working days: due times by QĐ 766 would come too early.
select distinct extract(year from coverage.report_date) as year_in_use
from {{ ref('day_coverage') }} as coverage
where extract(year from coverage.report_date) not in (
    select extract(year from dates.date_day)
    from {{ ref('dim_date') }} as dates
    where dates.is_holiday
)
