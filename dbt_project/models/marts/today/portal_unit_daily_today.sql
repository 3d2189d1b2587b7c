{{ config(materialized='view') }}

-- Dossiers by unit and day on the boundaries of today.
with apportioned as (
    {{ on_todays_boundaries(
        ref('portal_unit_daily'),
        on_date='figures.report_date',
        keys=['report_date'],
        sums=[
            'received_count', 'received_direct_count', 'received_online_count', 'received_post_count',
            'received_channel_unreported_count', 'received_fully_online_count', 'received_level_unreported_count',
            'payment_obligation_count', 'payment_reported_count', 'paid_online_count', 'vneid_reported_count', 'vneid_authenticated_count', 'reuse_reported_count',
            'component_reused_count', 'settled_count', 'settled_early_count', 'settled_on_due_count',
            'settled_late_count', 'result_reported_count', 'electronic_result_count',
            'digitisation_reported_count', 'component_and_result_digitised_count', 'finished_national_count',
            'finished_on_time_national_count', 'open_count', 'open_late_count',
        ],
        base='figures.received_count',
    ) }}
)

select
    unit_code,
    report_date,
    received_count,
    received_direct_count,
    received_online_count,
    received_post_count,
    received_channel_unreported_count,
    received_fully_online_count,
    received_level_unreported_count,
    payment_obligation_count,
    payment_reported_count,
    paid_online_count,
    vneid_reported_count,
    vneid_authenticated_count,
    reuse_reported_count,
    component_reused_count,
    settled_count,
    settled_early_count,
    settled_on_due_count,
    settled_late_count,
    result_reported_count,
    electronic_result_count,
    digitisation_reported_count,
    component_and_result_digitised_count,
    finished_national_count,
    finished_on_time_national_count,
    open_count,
    open_late_count,
    is_estimated,
    assumed_share
from apportioned
