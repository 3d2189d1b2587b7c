with days as (
    select date_day from {{ date_spine_days('2020-01-01', last_calendar_date()) }} as spine
),

holidays as (
    select * from {{ ref('holidays') }}
),

-- The calendar's own word wins over the weekday: holidays off, make-up Saturdays on.
described as (
    select
        days.date_day,
        {{ iso_weekday('days.date_day') }} as weekday_number,
        holidays.name_vi as holiday_name_vi,
        holidays.source as holiday_source,
        coalesce(holidays.is_verified, true) as is_verified,
        coalesce(not holidays.is_working_day, false) as is_holiday,
        coalesce(holidays.is_working_day, {{ iso_weekday('days.date_day') }} <= 5) as is_working_day
    from days
    left join holidays on days.date_day = holidays.holiday_date
),

-- The n-th working day after a day is the working day whose number is that day's plus n.
final as (
    select
        date_day,
        {{ month_period('date_day') }} as period,
        cast(weekday_number as integer) as weekday_number,
        is_working_day,
        is_holiday,
        holiday_name_vi,
        holiday_source,
        is_verified,
        cast(
            sum(case when is_working_day then 1 else 0 end) over (order by date_day) as bigint
        ) as working_day_number
    from described
)

select * from final
