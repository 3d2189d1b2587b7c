-- How long each endpoint of the registry was connected inside a conference.
with conferences as (
    select * from {{ ref('fct_conference') }}
),

legs as (
    select * from {{ ref('fct_conference_leg') }}
    where endpoint_code is not null and not is_guest and joined_at is not null
),

spells as (
    select * from {{ ref('conference_spells') }}
),

-- Whoever dialled and never got inside was connected, for no second.
dialled as (
    select
        legs.call_id,
        legs.endpoint_code,
        conferences.started_date,
        count(*) as leg_count,
        max(legs.packet_loss_rate) as packet_loss_rate
    from legs
    inner join conferences on legs.call_id = conferences.call_id
    group by legs.call_id, legs.endpoint_code, conferences.started_date
),

timed as (
    select
        call_id,
        endpoint_code,
        sum({{ seconds_between('inside_from', 'inside_until') }}) as connected_seconds
    from spells
    group by call_id, endpoint_code
),

final as (
    select
        dialled.call_id,
        dialled.endpoint_code,
        dialled.started_date,
        dialled.leg_count,
        cast(coalesce(timed.connected_seconds, 0) as bigint) as connected_seconds,
        coalesce(timed.connected_seconds, 0) >= 300 as is_participant,
        dialled.packet_loss_rate
    from dialled
    left join timed on dialled.call_id = timed.call_id and dialled.endpoint_code = timed.endpoint_code
)

select * from final
