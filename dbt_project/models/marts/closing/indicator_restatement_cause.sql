-- The loads behind a restatement: those that came into force, or are no longer, since the month was closed, and that
-- hold rows of that unit and month. Where none holds a row of the unit, those with rows of the month. The file that
-- took another's place stands beside it, whether or not it still has such rows.
with restated as (
    select * from {{ ref('restated_figures') }}
),

indicator_datasets as (
    select * from {{ ref('indicator_datasets') }}
),

indicators as (
    select * from {{ ref('dim_indicator') }}
),

changed_loads as (
    select * from {{ ref('loads_since_closing') }}
),

months as (
    select * from {{ ref('months_of_changed_loads') }}
),

arrivals as (
    select * from {{ ops_source('arrivals') }}
),

-- A stock is made by what came in any month before; everything else by what happened in the month itself.
candidates as (
    select
        restated.indicator_code,
        restated.unit_code,
        restated.period,
        changed_loads.load_id,
        changed_loads.dataset,
        changed_loads.partition_key,
        changed_loads.arrival_id,
        changed_loads.event_code,
        changed_loads.happened_at,
        indicators.aggregation_code = 'last' as is_stock
    from restated
    inner join indicators on restated.indicator_code = indicators.indicator_code
    inner join indicator_datasets on restated.indicator_code = indicator_datasets.indicator_code
    inner join changed_loads
        on indicator_datasets.dataset = changed_loads.dataset and restated.period = changed_loads.period
),

load_months as (
    select
        load_id,
        period,
        sum(rows_count) as rows_count
    from months
    group by load_id, period
),

with_rows_of_unit as (
    select
        candidates.indicator_code,
        candidates.unit_code,
        candidates.period,
        candidates.load_id,
        sum(months.rows_count) as rows_count
    from candidates
    inner join months
        on
            candidates.load_id = months.load_id
            and candidates.unit_code = months.unit_code
            and (candidates.period = months.period or (candidates.is_stock and candidates.period > months.period))
    where candidates.unit_code <> 'H56'
    group by candidates.indicator_code, candidates.unit_code, candidates.period, candidates.load_id
),

with_rows_of_month as (
    select
        candidates.indicator_code,
        candidates.unit_code,
        candidates.period,
        candidates.load_id,
        sum(load_months.rows_count) as rows_count
    from candidates
    inner join load_months
        on
            candidates.load_id = load_months.load_id
            and (
                candidates.period = load_months.period
                or (candidates.is_stock and candidates.period > load_months.period)
            )
    group by candidates.indicator_code, candidates.unit_code, candidates.period, candidates.load_id
),

found as (
    select
        *,
        true as is_of_unit
    from with_rows_of_unit
    union all
    -- Every row is the province's.
    select
        *,
        unit_code = 'H56' as is_of_unit
    from with_rows_of_month
),

nearest as (
    select *
    from found
    qualify is_of_unit or not max(is_of_unit) over (partition by indicator_code, unit_code, period)
),

partitions as (
    select distinct
        nearest.indicator_code,
        nearest.unit_code,
        nearest.period,
        nearest.is_of_unit,
        candidates.dataset,
        candidates.partition_key
    from nearest
    inner join candidates
        on
            nearest.indicator_code = candidates.indicator_code
            and nearest.unit_code = candidates.unit_code
            and nearest.period = candidates.period
            and nearest.load_id = candidates.load_id
),

final as (
    select
        candidates.indicator_code,
        candidates.unit_code,
        candidates.period,
        candidates.load_id,
        candidates.event_code,
        candidates.happened_at,
        partitions.is_of_unit,
        cast(coalesce(nearest.rows_count, 0) as bigint) as rows_count,
        candidates.dataset,
        candidates.partition_key,
        arrivals.file_name,
        arrivals.file_sha256,
        arrivals.arrived_at
    from candidates
    inner join partitions
        on
            candidates.indicator_code = partitions.indicator_code
            and candidates.unit_code = partitions.unit_code
            and candidates.period = partitions.period
            and candidates.dataset = partitions.dataset
            and candidates.partition_key = partitions.partition_key
    inner join arrivals on candidates.arrival_id = arrivals.arrival_id
    left join nearest
        on
            candidates.indicator_code = nearest.indicator_code
            and candidates.unit_code = nearest.unit_code
            and candidates.period = nearest.period
            and candidates.load_id = nearest.load_id
)

select * from final
