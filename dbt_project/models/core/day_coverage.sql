{{ told_by_changes() }}

-- Which days may be counted. A day that no load in force covers has no figures, which is not the same as zero.
with loads_in_force as (
    select * from {{ ref('stg_loads_in_force') }}
),

covered as (
    select distinct
        dataset,
        covered_date
    from loads_in_force
    where covered_date is not null
),

-- Unbroken runs of dossier days: within one, the date minus its rank stays the same.
dossier_days as (
    select
        covered_date,
        {{ add_days('covered_date', '- row_number() over (order by covered_date)') }} as run_code
    from covered
    where dataset = 'portal_dossiers'
),

dossier_runs as (
    select
        run_code,
        min(covered_date) as first_date,
        max(covered_date) as last_date
    from dossier_days
    group by run_code
),

-- The open stock is known from a baseline on, as long as no day after it is missing.
-- A baseline of a day holds what was open when that day began, so that day itself must be covered.
baselines as (
    select distinct baseline_date
    from loads_in_force
    where dataset = 'portal_dossiers' and baseline_date is not null
),

stock_runs as (
    select
        dossier_runs.run_code,
        min(baselines.baseline_date) as known_from
    from dossier_runs
    inner join baselines on baselines.baseline_date between dossier_runs.first_date and dossier_runs.last_date
    group by dossier_runs.run_code
),

stock_days as (
    select dossier_days.covered_date
    from dossier_days
    inner join stock_runs on dossier_days.run_code = stock_runs.run_code
    where dossier_days.covered_date >= stock_runs.known_from
),

final as (
    select
        dataset as coverage_code,
        covered_date as report_date
    from covered
    union all
    select
        'portal_open_stock' as coverage_code,
        covered_date as report_date
    from stock_days
)

select * from final
