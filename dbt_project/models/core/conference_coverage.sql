{{ config(schema='staging', materialized='view', contract={'enforced': false}) }}

-- Days of which every conference system's records came. A system counts from the first day that it ever covered: with
-- one of two missing, the conferences of the day would be too few and look right.
with covered as (
    select
        coverage_code,
        report_date
    from {{ ref('day_coverage') }}
    where
        coverage_code in (
            'videoconference_calls', 'videoconference_dma_conferences', 'videoconference_dma_calls'
        )
),

systems as (
    select
        coverage_code,
        min(report_date) as first_date
    from covered
    group by coverage_code
),

call_days as (
    select distinct report_date
    from covered
),

final as (
    select call_days.report_date
    from call_days
    inner join systems on call_days.report_date >= systems.first_date
    left join covered
        on systems.coverage_code = covered.coverage_code and call_days.report_date = covered.report_date
    group by call_days.report_date
    having count(*) = count(covered.report_date)
)

select * from final
