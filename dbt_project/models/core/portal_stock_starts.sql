{{ config(schema='staging', contract={'enforced': false}) }}
{{ told_by_changes() }}

-- The days from which the open stock of dossiers is known: the first of each unbroken run of days. Its baseline holds
-- whatever was open when that day began.
with stock_days as (
    select report_date from {{ ref('day_coverage') }}
    where coverage_code = 'portal_open_stock'
),

final as (
    select stock_days.report_date as known_from
    from stock_days
    left join stock_days as days_before
        on {{ add_days('stock_days.report_date', '-1') }} = days_before.report_date
    where days_before.report_date is null
)

select * from final
