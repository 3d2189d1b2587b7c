{{ told_by_changes() }}

-- One row per conference that began on a covered day. Polled meetings are left out: of those between two polls nobody
-- knows, so that their number would be too small and look right, and no endpoint of the registry is known to be in one.
with conferences as (
    select * from {{ ref('fct_conference') }}
    where system_code <> 'bbb'
),

conference_endpoints as (
    select * from {{ ref('fct_conference_endpoint') }}
),

covered_days as (
    select report_date from {{ ref('conference_coverage') }}
),

attendance as (
    select
        call_id,
        count(*) as connected_endpoint_count,
        count(*) filter (where is_participant) as participant_endpoint_count,
        sum(connected_seconds) as connected_seconds,
        max(packet_loss_rate) as worst_packet_loss_rate
    from conference_endpoints
    group by call_id
),

final as (
    select
        conferences.call_id,
        conferences.system_code,
        conferences.started_date,
        conferences.started_at,
        conferences.ended_at,
        {{ seconds_between('conferences.started_at', 'conferences.ended_at') }} as duration_seconds,
        coalesce(attendance.connected_endpoint_count, 0) as connected_endpoint_count,
        coalesce(attendance.participant_endpoint_count, 0) as participant_endpoint_count,
        cast(coalesce(attendance.connected_seconds, 0) as bigint) as connected_seconds,
        conferences.guest_leg_count,
        conferences.failed_leg_count,
        attendance.worst_packet_loss_rate,
        conferences.has_start_record,
        conferences.has_end_record
    from conferences
    inner join covered_days on conferences.started_date = covered_days.report_date
    left join attendance on conferences.call_id = attendance.call_id
)

select * from final
