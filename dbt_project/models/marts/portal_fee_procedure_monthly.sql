{{ config(schema='staging', contract={'enforced': false}) }}
{{ built_by_changes(['period'], [
    ('fct_dossier', [month_period('received_date')]),
    (
        'day_coverage', [month_period('report_date')],
        "inner join (select 'portal_dossiers' as covered_code) as covered on coverage_code = covered_code",
    ),
]) }}

-- Of the procedures with dossiers that had something to pay and tell whether it was paid online, how many were paid so
-- at least once. A procedure is one in the province, however many units handle it: here H56 is the whole province and
-- not the sum of its units.
with dossiers as (
    select * from {{ ref('fct_dossier') }}
    where is_received_local and has_payment_obligation and is_paid_online is not null
),

covered_days as (
    select
        report_date,
        {{ month_period('report_date') }} as period
    from {{ ref('day_coverage') }}
    where coverage_code = 'portal_dossiers' {{ touched([month_period('report_date')], ['period']) }}
),

procedures as (
    select
        dossiers.unit_code,
        covered_days.period,
        dossiers.procedure_code,
        max(case when dossiers.is_paid_online then 1 else 0 end) as paid_online_count
    from dossiers
    inner join covered_days on dossiers.received_date = covered_days.report_date
    group by dossiers.unit_code, covered_days.period, dossiers.procedure_code
),

province as (
    select
        'H56' as unit_code,
        period,
        procedure_code,
        max(paid_online_count) as paid_online_count
    from procedures
    group by period, procedure_code
),

everywhere as (
    select * from procedures
    where unit_code <> 'H56'
    union all
    select * from province
),

final as (
    select
        unit_code,
        period,
        count(*) as fee_procedure_count,
        sum(paid_online_count) as paid_online_procedure_count
    from everywhere
    group by unit_code, period
)

select * from final
