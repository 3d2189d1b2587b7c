-- The gate. Whatever stands here is counted; whatever does not is nowhere.
with loads as (
    select * from {{ ops_source('loads') }}
),

arrivals as (
    select * from {{ ops_source('arrivals') }}
),

datasets as (
    select * from {{ ops_source('datasets') }}
),

accepted as (
    select
        loads.load_id,
        loads.load_sequence,
        loads.dataset,
        datasets.mode,
        loads.partition_key,
        arrivals.arrived_at,
        arrivals.file_sha256,
        -- How fresh the source says its file is; where it does not say, or names a time to come, when it came.
        least(coalesce(arrivals.source_modified_at, arrivals.arrived_at), arrivals.arrived_at) as known_at
    from loads
    inner join arrivals on loads.arrival_id = arrivals.arrival_id
    inner join datasets on loads.dataset = datasets.dataset
    where loads.verdict in ('accepted', 'accepted_with_warnings')
),

-- A snapshot tells its partition whole, so the newest replaces the others; changes add to each other.
-- Either way, a file that was judged again after its rules were mended counts once.
in_force as (
    select *
    from accepted
    qualify
        row_number() over (
            partition by dataset, partition_key, case when mode = 'changes' then file_sha256 end
            order by known_at desc, arrived_at desc, load_sequence desc
        ) = 1
),

final as (
    select
        load_id,
        load_sequence,
        dataset,
        mode,
        partition_key,
        arrived_at,
        known_at,
        case when length(partition_key) = 10 then cast(partition_key as date) end as covered_date,
        case when partition_key like 'baseline-%' then cast(substr(partition_key, 10) as date) end as baseline_date,
        case when length(partition_key) = 7 then replace(partition_key, '-', '') end as period
    from in_force
)

select * from final
