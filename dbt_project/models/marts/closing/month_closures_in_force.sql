{{ config(schema='staging', contract={'enforced': false}) }}
{{ told_by_changes() }}

-- The months that are closed now: the last word on a month is that it was closed.
with closures as (
    select * from {{ ops_source('month_closures') }}
),

last_words as (
    select *
    from closures
    qualify row_number() over (partition by period order by closure_sequence desc) = 1
)

select
    closure_sequence,
    period,
    acted_at as closed_at,
    version as closed_version,
    load_ids
from last_words
where action = 'close'
