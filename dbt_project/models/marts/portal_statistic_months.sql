{{ config(schema='staging', contract={'enforced': false}) }}
{{ told_by_changes() }}

-- The months of which the portal gave its own table.
with months as (
    select distinct
        period,
        cast(partition_key || '-01' as date) as first_day
    from {{ ref('stg_portal_statistics') }}
)

select
    period,
    first_day,
    cast(first_day + interval 1 month - interval 1 day as date) as last_day,
    cast(first_day + interval 1 month as timestamp) as ended_at
from months
