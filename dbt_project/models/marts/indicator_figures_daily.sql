{{ config(schema='staging', contract={'enforced': false}) }}
{{ built_by_changes(['unit_code', 'period'], [
    ('document_unit_daily', ['unit_code', 'report_date']),
    ('portal_unit_daily', ['unit_code', 'report_date']),
    ('videoconference_unit_daily', ['unit_code', 'report_date']),
]) }}

-- Made from seeds/indicators.csv by `make generate`; a test compares. Do not edit.
-- Numerator and denominator of every indicator that is counted by day, for each unit; H56 is its own office here.
with final as (
    select
        'portal_synchronised' as indicator_code,
        unit_code,
        report_date as period,
        cast(sum(synchronised_count) as decimal(18, 4)) as numerator,
        cast(sum(synchronised_reported_count) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('portal_unit_daily') }}
    where report_date >= date '2022-06-23' {{ touched(['unit_code', 'report_date'], ['unit_code', 'period']) }}
    group by unit_code, report_date
    having sum(synchronised_reported_count) > 0
    union all
    select
        'portal_received' as indicator_code,
        unit_code,
        report_date as period,
        cast(sum(received_count) as decimal(18, 4)) as numerator,
        cast(null as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('portal_unit_daily') }}
    where report_date >= date '2020-01-01' {{ touched(['unit_code', 'report_date'], ['unit_code', 'period']) }}
    group by unit_code, report_date
    having sum(received_count) > 0
    union all
    select
        'portal_settled' as indicator_code,
        unit_code,
        report_date as period,
        cast(sum(settled_count) as decimal(18, 4)) as numerator,
        cast(null as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('portal_unit_daily') }}
    where report_date >= date '2020-01-01' {{ touched(['unit_code', 'report_date'], ['unit_code', 'period']) }}
    group by unit_code, report_date
    having sum(settled_count) > 0
    union all
    select
        'portal_settled_on_time_local' as indicator_code,
        unit_code,
        report_date as period,
        cast(sum(settled_early_count + settled_on_due_count) as decimal(18, 4)) as numerator,
        cast(sum(settled_count) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('portal_unit_daily') }}
    where report_date >= date '2020-01-01' {{ touched(['unit_code', 'report_date'], ['unit_code', 'period']) }}
    group by unit_code, report_date
    having sum(settled_count) > 0
    union all
    select
        'portal_finished_on_time_national' as indicator_code,
        unit_code,
        report_date as period,
        cast(sum(finished_on_time_national_count) as decimal(18, 4)) as numerator,
        cast(sum(finished_national_count) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('portal_unit_daily') }}
    where report_date >= date '2022-06-23' {{ touched(['unit_code', 'report_date'], ['unit_code', 'period']) }}
    group by unit_code, report_date
    having sum(finished_national_count) > 0
    union all
    select
        'portal_open_late' as indicator_code,
        unit_code,
        report_date as period,
        cast(sum(open_late_count) as decimal(18, 4)) as numerator,
        cast(sum(open_count) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('portal_unit_daily') }}
    where report_date >= date '2020-01-01' {{ touched(['unit_code', 'report_date'], ['unit_code', 'period']) }}
    group by unit_code, report_date
    having sum(open_count) > 0
    union all
    select
        'portal_online' as indicator_code,
        unit_code,
        report_date as period,
        cast(sum(received_online_count) as decimal(18, 4)) as numerator,
        cast(sum(received_count) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('portal_unit_daily') }}
    where report_date >= date '2022-06-23' {{ touched(['unit_code', 'report_date'], ['unit_code', 'period']) }}
    group by unit_code, report_date
    having sum(received_count) > 0
    union all
    select
        'portal_fully_online' as indicator_code,
        unit_code,
        report_date as period,
        cast(sum(received_fully_online_count) as decimal(18, 4)) as numerator,
        cast(sum(received_count - received_level_unreported_count) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('portal_unit_daily') }}
    where report_date >= date '2022-06-23' {{ touched(['unit_code', 'report_date'], ['unit_code', 'period']) }}
    group by unit_code, report_date
    having sum(received_count - received_level_unreported_count) > 0
    union all
    select
        'portal_online_with_result' as indicator_code,
        unit_code,
        report_date as period,
        cast(sum(online_with_result_possible_count) as decimal(18, 4)) as numerator,
        cast(sum(received_count) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('portal_unit_daily') }}
    where report_date >= date '2022-06-23' {{ touched(['unit_code', 'report_date'], ['unit_code', 'period']) }}
    group by unit_code, report_date
    having sum(received_count) > 0
    union all
    select
        'portal_paid_online' as indicator_code,
        unit_code,
        report_date as period,
        cast(sum(paid_online_count) as decimal(18, 4)) as numerator,
        cast(sum(payment_reported_count) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('portal_unit_daily') }}
    where report_date >= date '2022-06-23' {{ touched(['unit_code', 'report_date'], ['unit_code', 'period']) }}
    group by unit_code, report_date
    having sum(payment_reported_count) > 0
    union all
    select
        'portal_vneid' as indicator_code,
        unit_code,
        report_date as period,
        cast(sum(vneid_authenticated_count) as decimal(18, 4)) as numerator,
        cast(sum(vneid_reported_count) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('portal_unit_daily') }}
    where report_date >= date '2022-06-23' {{ touched(['unit_code', 'report_date'], ['unit_code', 'period']) }}
    group by unit_code, report_date
    having sum(vneid_reported_count) > 0
    union all
    select
        'portal_components_reused' as indicator_code,
        unit_code,
        report_date as period,
        cast(sum(component_reused_count) as decimal(18, 4)) as numerator,
        cast(sum(reuse_reported_count) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('portal_unit_daily') }}
    where report_date >= date '2022-06-23' {{ touched(['unit_code', 'report_date'], ['unit_code', 'period']) }}
    group by unit_code, report_date
    having sum(reuse_reported_count) > 0
    union all
    select
        'portal_electronic_result' as indicator_code,
        unit_code,
        report_date as period,
        cast(sum(electronic_result_count) as decimal(18, 4)) as numerator,
        cast(sum(result_reported_count) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('portal_unit_daily') }}
    where report_date >= date '2022-06-23' {{ touched(['unit_code', 'report_date'], ['unit_code', 'period']) }}
    group by unit_code, report_date
    having sum(result_reported_count) > 0
    union all
    select
        'portal_components_and_result_digitised' as indicator_code,
        unit_code,
        report_date as period,
        cast(sum(component_and_result_digitised_count) as decimal(18, 4)) as numerator,
        cast(sum(digitisation_reported_count) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('portal_unit_daily') }}
    where report_date >= date '2022-06-23' {{ touched(['unit_code', 'report_date'], ['unit_code', 'period']) }}
    group by unit_code, report_date
    having sum(digitisation_reported_count) > 0
    union all
    select
        'document_sent' as indicator_code,
        unit_code,
        report_date as period,
        cast(sum(sent_count) as decimal(18, 4)) as numerator,
        cast(null as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('document_unit_daily') }}
    where report_date >= date '2020-01-01' {{ touched(['unit_code', 'report_date'], ['unit_code', 'period']) }}
    group by unit_code, report_date
    having sum(sent_count) > 0
    union all
    select
        'document_received' as indicator_code,
        unit_code,
        report_date as period,
        cast(sum(received_count) as decimal(18, 4)) as numerator,
        cast(sum(delivered_count) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('document_unit_daily') }}
    where report_date >= date '2020-01-01' {{ touched(['unit_code', 'report_date'], ['unit_code', 'period']) }}
    group by unit_code, report_date
    having sum(delivered_count) > 0
    union all
    select
        'document_completed' as indicator_code,
        unit_code,
        report_date as period,
        cast(sum(completed_count) as decimal(18, 4)) as numerator,
        cast(sum(delivered_count) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('document_unit_daily') }}
    where report_date >= date '2020-01-01' {{ touched(['unit_code', 'report_date'], ['unit_code', 'period']) }}
    group by unit_code, report_date
    having sum(delivered_count) > 0
    union all
    select
        'document_resent' as indicator_code,
        unit_code,
        report_date as period,
        cast(sum(several_packets_count) as decimal(18, 4)) as numerator,
        cast(sum(delivered_count) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('document_unit_daily') }}
    where report_date >= date '2020-01-01' {{ touched(['unit_code', 'report_date'], ['unit_code', 'period']) }}
    group by unit_code, report_date
    having sum(delivered_count) > 0
    union all
    select
        'document_registered' as indicator_code,
        unit_code,
        report_date as period,
        cast(sum(registered_count) as decimal(18, 4)) as numerator,
        cast(null as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('document_unit_daily') }}
    where report_date >= date '2020-01-01' {{ touched(['unit_code', 'report_date'], ['unit_code', 'period']) }}
    group by unit_code, report_date
    having sum(registered_count) > 0
    union all
    select
        'videoconference_online' as indicator_code,
        unit_code,
        report_date as period,
        cast(sum(online_count) as decimal(18, 4)) as numerator,
        cast(sum(asked_count) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('videoconference_unit_daily') }}
    where report_date >= date '2020-01-01' {{ touched(['unit_code', 'report_date'], ['unit_code', 'period']) }}
    group by unit_code, report_date
    having sum(asked_count) > 0
    union all
    select
        'videoconference_packet_loss' as indicator_code,
        unit_code,
        report_date as period,
        cast(sum(packet_loss_sum) as decimal(18, 4)) as numerator,
        cast(sum(packet_loss_endpoint_count) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('videoconference_unit_daily') }}
    where report_date >= date '2020-01-01' {{ touched(['unit_code', 'report_date'], ['unit_code', 'period']) }}
    group by unit_code, report_date
    having sum(packet_loss_endpoint_count) > 0
    union all
    select
        'videoconference_participation' as indicator_code,
        unit_code,
        report_date as period,
        cast(sum(participant_count) as decimal(18, 4)) as numerator,
        cast(sum(invited_count) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('videoconference_unit_daily') }}
    where report_date >= date '2020-01-01' {{ touched(['unit_code', 'report_date'], ['unit_code', 'period']) }}
    group by unit_code, report_date
    having sum(invited_count) > 0
    union all
    select
        'videoconference_failed_joins' as indicator_code,
        unit_code,
        report_date as period,
        cast(sum(failed_join_count) as decimal(18, 4)) as numerator,
        cast(sum(ended_leg_count) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('videoconference_unit_daily') }}
    where report_date >= date '2020-01-01' {{ touched(['unit_code', 'report_date'], ['unit_code', 'period']) }}
    group by unit_code, report_date
    having sum(ended_leg_count) > 0
    union all
    select
        'videoconference_conferences' as indicator_code,
        unit_code,
        report_date as period,
        cast(sum(conference_count) as decimal(18, 4)) as numerator,
        cast(null as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('videoconference_unit_daily') }}
    where report_date >= date '2020-01-01' {{ touched(['unit_code', 'report_date'], ['unit_code', 'period']) }}
    group by unit_code, report_date
    having sum(conference_count) > 0
    union all
    select
        'videoconference_endpoint_seconds' as indicator_code,
        unit_code,
        report_date as period,
        cast(sum(connected_seconds) as decimal(18, 4)) as numerator,
        cast(null as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('videoconference_unit_daily') }}
    where report_date >= date '2020-01-01' {{ touched(['unit_code', 'report_date'], ['unit_code', 'period']) }}
    group by unit_code, report_date
    having sum(connected_seconds) > 0
)

select * from final
{{ laid_by_time() }}
