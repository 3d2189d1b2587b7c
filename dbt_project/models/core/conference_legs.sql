{{ config(schema='staging', materialized='view', contract={'enforced': false}) }}

-- The connections to conferences of every system, told alike. A system's own ids cannot collide with another's: those
-- of every system but the first carry its name.
with cms_legs as (
    select * from {{ ref('fct_conference_leg') }}
),

-- A call may be told in several segments, and a segment by several exports.
dma_calls as (
    select *
    from {{ ref('stg_videoconference_dma_calls') }}
    where conference_id is not null
    qualify
        row_number() over (
            partition by call_id, started_at
            order by ended_at desc, known_at desc, arrived_at desc, load_sequence desc, row_number desc
        ) = 1
),

-- Whoever dialled in is the caller; whoever was dialled by the conference is the called.
dma_legs as (
    select
        *,
        case when is_dialin then origin_endpoint_code else destination_endpoint_code end as endpoint_code
    from dma_calls
),

final as (
    select
        'cms' as system_code,
        leg_id,
        call_id,
        endpoint_code,
        is_guest,
        joined_at,
        left_at,
        last_recorded_at,
        activated_seconds,
        packet_loss_rate
    from cms_legs
    union all
    select
        'dma' as system_code,
        'dma:' || call_id || ' ' || cast(started_at as varchar) as leg_id,
        'dma:' || conference_id as call_id,
        endpoint_code,
        coalesce(endpoint_code = 'GUEST', false) as is_guest,
        started_at as joined_at,
        ended_at as left_at,
        ended_at as last_recorded_at,
        cast(null as bigint) as activated_seconds,
        cast(null as decimal(18, 4)) as packet_loss_rate
    from dma_legs
)

select * from final
