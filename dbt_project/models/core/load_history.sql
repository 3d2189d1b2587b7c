-- When each load was in force. The warehouse knows a load from the moment it was judged; until then it could not count.
with loads as (
    select * from {{ ops_source('loads') }}
),

arrivals as (
    select * from {{ ops_source('arrivals') }}
),

datasets as (
    select * from {{ ops_source('datasets') }}
),

-- The gate's own terms (stg_loads_in_force); that both agree on what is in force now is a test.
accepted as (
    select
        loads.load_id,
        loads.load_sequence,
        loads.dataset,
        datasets.mode,
        loads.partition_key,
        loads.finished_at,
        arrivals.arrived_at,
        arrivals.file_sha256,
        least(coalesce(arrivals.source_modified_at, arrivals.arrived_at), arrivals.arrived_at) as known_at
    from loads
    inner join arrivals on loads.arrival_id = arrivals.arrival_id
    inner join datasets on loads.dataset = datasets.dataset
    where loads.verdict in ('accepted', 'accepted_with_warnings')
),

-- A load is replaced as soon as any load that ranks above it is known.
intervals as (
    select
        *,
        min(finished_at) over (
            partition by dataset, partition_key, case when mode = 'changes' then file_sha256 end
            order by known_at desc, arrived_at desc, load_sequence desc
            rows between unbounded preceding and 1 preceding
        ) as replaced_at
    from accepted
),

final as (
    select
        load_id,
        load_sequence,
        dataset,
        partition_key,
        arrived_at,
        known_at,
        finished_at as in_force_from,
        replaced_at as in_force_until,
        case when length(partition_key) = 10 then cast(partition_key as date) end as covered_date,
        case when length(partition_key) = 7 then replace(partition_key, '-', '') end as period
    from intervals
    -- A load that came after one which ranks above it was never in force.
    where replaced_at is null or replaced_at > finished_at
)

select * from final
