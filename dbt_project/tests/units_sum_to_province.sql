-- The province under H56 is the sum of all units, its own office among them.
with unit_sums as (
    select
        report_date,
        sum(received_count) as received_count,
        sum(settled_count) as settled_count,
        sum(settled_late_count) as settled_late_count
    from {{ ref('portal_unit_daily') }}
    group by report_date
),

-- What the units add up to, measure by measure.
expected as (
    {% for code, amount in [
        ('portal_received', 'received_count'),
        ('portal_settled', 'settled_count'),
        ('portal_settled_on_time_local', 'settled_count - settled_late_count'),
    ] %}
    select
        '{{ code }}' as indicator_code,
        report_date,
        {{ amount }} as amount
    from unit_sums
    union all
    {% endfor %}
    select
        'document_sent' as indicator_code,
        report_date,
        sum(sent_count) as amount
    from {{ ref('document_unit_daily') }}
    group by report_date
    union all
    select
        'videoconference_endpoint_seconds' as indicator_code,
        report_date,
        sum(connected_seconds) as amount
    from {{ ref('videoconference_endpoint_daily') }}
    group by report_date
),

province as (
    select
        indicator_code,
        period,
        numerator
    from {{ ref('indicator_daily') }}
    where unit_code = 'H56'
)

select
    expected.*,
    province.numerator
from expected
left join province on expected.indicator_code = province.indicator_code and expected.report_date = province.period
where coalesce(expected.amount, 0) <> coalesce(province.numerator, 0)
