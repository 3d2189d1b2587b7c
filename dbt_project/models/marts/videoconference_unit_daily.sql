{{ told_by_changes() }}

-- The units' endpoints by day: asked and online by polls, invited and connected by the records of conferences.
with endpoint_daily as (
    select * from {{ ref('videoconference_endpoint_daily') }}
),

endpoints as (
    select * from {{ ref('dim_endpoint') }}
),

conferences as (
    select * from {{ ref('videoconference_conference') }}
),

conference_days as (
    select * from {{ ref('conference_coverage') }}
),

record_days as (
    select report_date from {{ ref('day_coverage') }}
    where coverage_code = 'videoconference_calls'
),

-- An endpoint counts as invited on a day with at least one conference.
endpoint_units as (
    select
        unit_code,
        report_date,
        count(case when was_asked then 1 end) as asked_count,
        count(case when is_online then 1 end) as online_count,
        count(packet_loss_rate) as packet_loss_endpoint_count,
        sum(packet_loss_rate) as packet_loss_sum,
        count(case when conference_count > 0 then 1 end) as invited_count,
        count(case when is_participant then 1 end) as participant_count,
        sum(connected_seconds) as connected_seconds
    from endpoint_daily
    group by unit_code, report_date
),

-- A connection failed that ended without ever getting into a conference. One whose end is not recorded is unknown.
legs as (
    select
        endpoints.unit_code,
        cast(legs.joined_at as date) as report_date,
        count(*) as ended_leg_count,
        count(case when legs.call_id is null and legs.activated_seconds = 0 then 1 end) as failed_join_count
    from {{ ref('fct_conference_leg') }} as legs
    inner join record_days on cast(legs.joined_at as date) = record_days.report_date
    inner join endpoints
        on
            legs.endpoint_code = endpoints.endpoint_code
            and cast(legs.joined_at as date)
            between endpoints.valid_from and coalesce(endpoints.valid_to, cast(legs.joined_at as date))
    where legs.activated_seconds is not null
    group by endpoints.unit_code, cast(legs.joined_at as date)
),

-- A conference is the province's: it stands in the row of H56, also on a day without any.
province_days as (
    select
        'H56' as unit_code,
        conference_days.report_date,
        count(conferences.call_id) as conference_count
    from conference_days
    left join conferences on conference_days.report_date = conferences.started_date
    group by conference_days.report_date
),

unit_days as (
    select
        unit_code,
        report_date
    from endpoint_units
    union
    select
        unit_code,
        report_date
    from legs
    union
    select
        unit_code,
        report_date
    from province_days
),

final as (
    select
        unit_days.unit_code,
        unit_days.report_date,
        coalesce(endpoint_units.asked_count, 0) as asked_count,
        coalesce(endpoint_units.online_count, 0) as online_count,
        coalesce(endpoint_units.packet_loss_endpoint_count, 0) as packet_loss_endpoint_count,
        cast(endpoint_units.packet_loss_sum as decimal(18, 4)) as packet_loss_sum,
        coalesce(endpoint_units.invited_count, 0) as invited_count,
        coalesce(endpoint_units.participant_count, 0) as participant_count,
        -- Null where the day's records are missing: unknown, not zero.
        cast(endpoint_units.connected_seconds as bigint) as connected_seconds,
        case when record_days.report_date is not null then coalesce(legs.ended_leg_count, 0) end as ended_leg_count,
        case
            when record_days.report_date is not null then coalesce(legs.failed_join_count, 0)
        end as failed_join_count,
        province_days.conference_count
    from unit_days
    left join record_days on unit_days.report_date = record_days.report_date
    left join endpoint_units
        on
            unit_days.unit_code = endpoint_units.unit_code
            and unit_days.report_date = endpoint_units.report_date
    left join legs on unit_days.unit_code = legs.unit_code and unit_days.report_date = legs.report_date
    left join province_days
        on unit_days.unit_code = province_days.unit_code and unit_days.report_date = province_days.report_date
)

select * from final
