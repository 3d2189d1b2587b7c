{{ config(schema='staging', materialized='view', contract={'enforced': false}) }}

-- The unbroken stays of each registered endpoint inside each conference. Legs that overlap are one stay: an endpoint
-- that dials in again before its old leg is cleared is not there twice.
with conferences as (
    select * from {{ ref('fct_conference') }}
),

legs as (
    select * from {{ ref('fct_conference_leg') }}
    where endpoint_code is not null and not is_guest and joined_at is not null
),

-- Only time inside the conference counts: a leg may be dialled before it and hang after it,
-- and one whose end was never recorded lasts as long as the conference.
clipped as (
    select
        legs.call_id,
        legs.endpoint_code,
        greatest(legs.joined_at, conferences.started_at) as inside_from,
        least(coalesce(legs.left_at, conferences.ended_at), conferences.ended_at) as inside_until
    from legs
    inner join conferences on legs.call_id = conferences.call_id
),

reached as (
    select
        *,
        max(inside_until) over (
            partition by call_id, endpoint_code
            order by inside_from, inside_until
            rows between unbounded preceding and 1 preceding
        ) as reached_before
    from clipped
    where inside_until > inside_from
),

numbered as (
    select
        *,
        sum(case when inside_from <= reached_before then 0 else 1 end) over (
            partition by call_id, endpoint_code
            order by inside_from, inside_until
            rows between unbounded preceding and current row
        ) as spell_number
    from reached
),

final as (
    select
        call_id,
        endpoint_code,
        min(inside_from) as inside_from,
        max(inside_until) as inside_until
    from numbered
    group by call_id, endpoint_code, spell_number
)

select * from final
