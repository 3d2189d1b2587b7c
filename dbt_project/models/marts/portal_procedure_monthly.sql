{{ built_by_changes(['period'], [
    ('fct_dossier', [month_period('received_date')]),
    ('fct_dossier', [month_period('settled_date')]),
    ('day_coverage', [month_period('report_date')], "inner join (select 'portal_dossiers' as covered_code) as covered on coverage_code = covered_code"),
]) }}

-- Procedures over the whole province, month by month, on covered days only.
with dossiers as (
    select * from {{ ref('fct_dossier') }}
),

procedures as (
    select * from {{ ref('dim_procedure') }}
),

covered_days as (
    select
        report_date,
        {{ month_period('report_date') }} as period
    from {{ ref('day_coverage') }}
    where coverage_code = 'portal_dossiers' {{ touched([month_period('report_date')], ['period']) }}
),

received as (
    select
        dossiers.procedure_code,
        covered_days.period,
        count(*) as received_count,
        count(*) filter (where dossiers.is_submitted_online) as received_online_count,
        count(*) filter (where dossiers.is_fully_online) as received_fully_online_count,
        count(*) filter (where dossiers.is_fully_online is null) as received_level_unreported_count
    from dossiers
    inner join covered_days on dossiers.received_date = covered_days.report_date
    where dossiers.is_received_local
    group by dossiers.procedure_code, covered_days.period
),

settled as (
    select
        dossiers.procedure_code,
        covered_days.period,
        count(*) as settled_count,
        count(*) filter (where dossiers.is_settled_on_time_local) as settled_on_time_count,
        count(*) filter (where not dossiers.is_settled_on_time_local) as settled_late_count,
        median({{ days_between('dossiers.received_date', 'dossiers.settled_date') }}) as median_handling_days
    from dossiers
    inner join covered_days on dossiers.settled_date = covered_days.report_date
    group by dossiers.procedure_code, covered_days.period
),

final as (
    select
        coalesce(received.procedure_code, settled.procedure_code) as procedure_code,
        coalesce(received.period, settled.period) as period,
        procedures.procedure_name_vi,
        procedures.field_name_vi,
        procedures.is_registered,
        coalesce(received.received_count, 0) as received_count,
        coalesce(received.received_online_count, 0) as received_online_count,
        coalesce(received.received_fully_online_count, 0) as received_fully_online_count,
        coalesce(received.received_level_unreported_count, 0) as received_level_unreported_count,
        coalesce(settled.settled_count, 0) as settled_count,
        coalesce(settled.settled_on_time_count, 0) as settled_on_time_count,
        coalesce(settled.settled_late_count, 0) as settled_late_count,
        cast(settled.median_handling_days as decimal(18, 1)) as median_handling_days
    from received
    full outer join settled
        on received.procedure_code = settled.procedure_code and received.period = settled.period
    inner join procedures on coalesce(received.procedure_code, settled.procedure_code) = procedures.procedure_code
)

select * from final
