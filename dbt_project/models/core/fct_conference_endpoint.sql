-- How long each endpoint of the registry was connected inside a conference.
with conferences as (
    select * from {{ ref('fct_conference') }}
),

legs as (
    select * from {{ ref('fct_conference_leg') }}
    where endpoint_code is not null and not is_guest
),

-- Only time inside the conference counts: a leg may be dialled before it and hang after it,
-- and one whose end was never recorded lasts as long as the conference.
clipped as (
    select
        legs.call_id,
        legs.endpoint_code,
        conferences.started_date,
        legs.packet_loss_rate,
        greatest(legs.joined_at, conferences.started_at) as inside_from,
        least(coalesce(legs.left_at, conferences.ended_at), conferences.ended_at) as inside_until
    from legs
    inner join conferences on legs.call_id = conferences.call_id
    where legs.joined_at is not null
),

timed as (
    select
        *,
        case
            when inside_until > inside_from then {{ seconds_between('inside_from', 'inside_until') }}
            else 0
        end as connected_seconds
    from clipped
),

final as (
    select
        call_id,
        endpoint_code,
        started_date,
        count(*) as leg_count,
        cast(sum(connected_seconds) as bigint) as connected_seconds,
        sum(connected_seconds) >= 300 as is_participant,
        max(packet_loss_rate) as packet_loss_rate
    from timed
    group by call_id, endpoint_code, started_date
)

select * from final
