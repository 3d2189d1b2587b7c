{{ config(materialized='view') }}

-- Documents by unit and day on the boundaries of today.
with apportioned as (
    {{ on_todays_boundaries(
        ref('document_unit_daily'),
        on_date='figures.report_date',
        keys=['report_date'],
        sums=[
            'sent_count', 'sent_document_count', 'delivered_count', 'received_count', 'completed_count',
            'several_packets_count', 'registered_count',
        ],
        base='coalesce(figures.sent_count, 0) + coalesce(figures.delivered_count, 0)',
    ) }}
)

select
    unit_code,
    report_date,
    sent_count,
    sent_document_count,
    delivered_count,
    received_count,
    completed_count,
    several_packets_count,
    registered_count,
    is_estimated,
    assumed_share
from apportioned
