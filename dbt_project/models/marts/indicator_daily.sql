{{ built_by_changes(['unit_code', 'period'], [
    ('portal_unit_daily', ['unit_code', 'report_date']),
    ('portal_unit_daily', ["'H56'", 'report_date']),
    ('document_unit_daily', ['unit_code', 'report_date']),
    ('document_unit_daily', ["'H56'", 'report_date']),
    ('videoconference_endpoint_daily', ['unit_code', 'report_date']),
    ('videoconference_endpoint_daily', ["'H56'", 'report_date']),
    ('videoconference_conference', ["'H56'", 'started_date']),
]) }}

{#- One line an indicator: which mart, what is counted, and of what (none: a plain count). -#}
{% set unit_indicators = [
    ('portal_received', 'portal_unit_daily', 'received_count', none),
    ('portal_settled', 'portal_unit_daily', 'settled_count', none),
    ('portal_settled_on_time_local', 'portal_unit_daily',
        'settled_early_count + settled_on_due_count', 'settled_count'),
    ('portal_finished_on_time_national', 'portal_unit_daily',
        'finished_on_time_national_count', 'finished_national_count'),
    ('portal_open_late', 'portal_unit_daily', 'open_late_count', 'open_count'),
    ('portal_online', 'portal_unit_daily', 'received_online_count', 'received_count'),
    ('portal_fully_online', 'portal_unit_daily', 'received_fully_online_count', 'received_count'),
    ('portal_paid_online', 'portal_unit_daily', 'paid_online_count', 'payment_obligation_count'),
    ('portal_vneid', 'portal_unit_daily', 'vneid_authenticated_count', 'vneid_reported_count'),
    ('portal_components_reused', 'portal_unit_daily', 'component_reused_count', 'reuse_reported_count'),
    ('portal_electronic_result', 'portal_unit_daily', 'electronic_result_count', 'result_reported_count'),
    ('portal_components_and_result_digitised', 'portal_unit_daily',
        'component_and_result_digitised_count', 'digitisation_reported_count'),
    ('document_sent', 'document_unit_daily', 'sent_count', none),
    ('document_received', 'document_unit_daily', 'received_count', 'delivered_count'),
    ('document_completed', 'document_unit_daily', 'completed_count', 'delivered_count'),
    ('document_registered', 'document_unit_daily', 'registered_count', none),
    ('videoconference_online', 'endpoint_units', 'online_count', 'asked_count'),
    ('videoconference_participation', 'endpoint_units', 'participant_count', 'invited_count'),
    ('videoconference_endpoint_seconds', 'endpoint_units', 'connected_seconds', none),
] -%}

with portal_unit_daily as (
    select * from {{ ref('portal_unit_daily') }}
    {{ touched(['report_date'], ['period'], opening='where') }}
),

document_unit_daily as (
    select * from {{ ref('document_unit_daily') }}
    {{ touched(['report_date'], ['period'], opening='where') }}
),

endpoint_daily as (
    select * from {{ ref('videoconference_endpoint_daily') }}
    {{ touched(['report_date'], ['period'], opening='where') }}
),

conferences as (
    select * from {{ ref('videoconference_conference') }}
    {{ touched(['started_date'], ['period'], opening='where') }}
),

-- An endpoint counts as invited on a day with at least one conference.
endpoint_units as (
    select
        unit_code,
        report_date,
        count(*) filter (where was_asked) as asked_count,
        count(*) filter (where is_online) as online_count,
        count(*) filter (where conference_count > 0) as invited_count,
        count(*) filter (where is_participant) as participant_count,
        sum(connected_seconds) as connected_seconds
    from endpoint_daily
    group by unit_code, report_date
),

unit_figures as (
    {% for code, relation, numerator, denominator in unit_indicators %}
    select
        '{{ code }}' as indicator_code,
        unit_code,
        report_date as period,
        cast({{ numerator }} as decimal(18, 4)) as numerator,
        cast({{ denominator or 'null' }} as decimal(18, 4)) as denominator
    from {{ relation }}
    where {{ denominator or numerator }} > 0
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- The province is all its units, its own office among them: that sum stands under H56.
province_figures as (
    select
        indicator_code,
        'H56' as unit_code,
        period,
        sum(numerator) as numerator,
        sum(denominator) as denominator
    from unit_figures
    group by indicator_code, period
    union all
    select
        'videoconference_conferences' as indicator_code,
        'H56' as unit_code,
        started_date as period,
        count(*) as numerator,
        null as denominator
    from conferences
    group by started_date
),

figures as (
    select * from unit_figures
    where unit_code <> 'H56' {{ touched(['unit_code', 'period']) }}
    union all
    select * from province_figures
),

final as (
    select
        indicator_code,
        unit_code,
        period,
        cast(numerator as decimal(18, 4)) as numerator,
        cast(denominator as decimal(18, 4)) as denominator,
        case
            when denominator is null then cast(numerator as decimal(18, 6))
            else {{ share('numerator', 'denominator') }}
        end as value  -- noqa: RF04
    from figures
)

select * from final
