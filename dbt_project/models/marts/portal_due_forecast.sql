-- What falls due, for whoever must act: open dossiers of a unit by the working day on which they are due, or by how
-- late they are, at the end of the newest covered day. Never by the clock.
with dossiers as (
    select * from {{ ref('fct_dossier') }}
    where is_received_local
),

coverage as (
    select * from {{ ref('day_coverage') }}
),

dates as (
    select * from {{ ref('dim_date') }}
),

-- Where a day is missing before it, nobody knows what is open: then nothing is said.
reported_day as (
    select
        newest.report_date,
        dates.working_day_number
    from (
        select max(report_date) as report_date from coverage
        where coverage_code = 'portal_dossiers'
    ) as newest
    inner join coverage as stock
        on newest.report_date = stock.report_date and stock.coverage_code = 'portal_open_stock'
    inner join dates on newest.report_date = dates.date_day
),

still_open as (
    select
        dossiers.unit_code,
        dossiers.due_date,
        reported_day.report_date,
        reported_day.working_day_number,
        sum(case when dossiers.status_code in ('5', '6', '8') then 0 else 1 end) as due_count,
        sum(case when dossiers.status_code in ('5', '6', '8') then 1 else 0 end) as waiting_count
    from dossiers
    inner join reported_day
        on
            dossiers.received_date <= reported_day.report_date
            and coalesce(
                dossiers.settled_date > reported_day.report_date, dossiers.gone_date > reported_day.report_date, true
            )
    group by
        dossiers.unit_code, dossiers.due_date, reported_day.report_date, reported_day.working_day_number
),

-- Terms are counted in working days, so a date on a day off comes of another calendar than ours (a later decree).
-- Bộ luật Dân sự 2015, Điều 148, would end that term on the next working day; the portal and II.06a compare with the
-- date as it stands. Whoever settles it on the last working day before is in time by both.
counted_days as (
    select
        still_open.*,
        dates.working_day_number - still_open.working_day_number as working_days_ahead
    from still_open
    left join dates on still_open.due_date = dates.date_day
),

-- A date that the calendar does not know lies far behind it or far ahead.
in_buckets as (
    select
        *,
        case
            when due_date is null then 'no_due_date'
            when due_date < report_date and working_days_ahead >= -5 then 'late_1_5'
            when due_date < report_date and working_days_ahead >= -20 then 'late_6_20'
            when due_date < report_date then 'late_over_20'
            when working_days_ahead = 0 then 'due_today'
            when working_days_ahead <= 5 then 'due_in_' || cast(working_days_ahead as varchar)
            else 'due_later'
        end as bucket_code
    from counted_days
),

by_unit as (
    select
        unit_code,
        bucket_code,
        report_date,
        working_day_number,
        case when bucket_code = 'due_today' or bucket_code like 'due_in_%' then working_days_ahead end as days_ahead,
        sum(due_count) as due_count,
        sum(waiting_count) as waiting_count
    from in_buckets
    group by unit_code, bucket_code, report_date, working_day_number, days_ahead
),

final as (
    select
        by_unit.unit_code,
        by_unit.bucket_code,
        by_unit.report_date,
        cast(by_unit.days_ahead as bigint) as working_days_ahead,
        case when by_unit.days_ahead = 0 then by_unit.report_date else dates.date_day end as due_working_date,
        cast(by_unit.due_count as bigint) as due_count,
        cast(by_unit.waiting_count as bigint) as waiting_count
    from by_unit
    left join dates
        on
            by_unit.days_ahead > 0
            and by_unit.working_day_number + by_unit.days_ahead = dates.working_day_number
            and dates.is_working_day
)

select * from final
