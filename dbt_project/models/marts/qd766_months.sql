{{ config(schema='staging', contract={'enforced': false}) }}
{{ told_by_changes() }}

-- The months that QĐ 766 is told of. A month is as complete as its dossiers are; the stock may know fewer days of it.
select
    monthly.period,
    bool_and(monthly.is_complete) as is_complete
from {{ ref('indicator_monthly') }} as monthly
inner join {{ ref('dim_indicator') }} as indicators on monthly.indicator_code = indicators.indicator_code
where
    indicators.platform_code = 'portal'
    and indicators.coverage_code = 'portal_dossiers'
    and monthly.period >= '202206'
group by monthly.period
