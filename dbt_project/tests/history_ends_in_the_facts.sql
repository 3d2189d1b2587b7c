-- What is known now, by the histories, is what the facts hold: as many records, and the same. Those
-- records are compared that changed since they were last found the same.
{% set facts = [
    ('dossier_history', 'fct_dossier', ['dossier_key'], ['dossier_key', 'unit_code', 'status_code', 'received_at', 'updated_at'], 'first_updated_at'),
    ('document_delivery_history', 'fct_document_delivery', ['document_id', 'recipient_unit_code'], [
        'document_id', 'recipient_unit_code', 'sent_at', 'last_status_code', 'last_status_at', 'is_completed',
        'packet_count',
    ], 'first_status_at'),
    ('document_registration_history', 'fct_document_registration', ['register_date'], [
        'register_date', 'register_number', 'author_unit_code', 'document_symbol', 'recipient_count',
    ], none),
    ('conference_leg_history', 'fct_conference_leg', ['leg_id'], ['leg_id', 'call_id', 'joined_at', 'left_at', 'activated_seconds'], none),
    ('account_history', 'fct_account', ['period'], [
        'account_key', 'platform_code', 'period', 'unit_code', 'last_login_at', 'is_locked',
    ], none),
] -%}

with known as (
    {% for history, fact, keys, columns, laid_by in facts %}
    select
        '{{ fact }}' as fact_name,
        count(*) as record_count,
        {{ sum_of_hashes(columns) }} as contents
    from {{ ref(history) }}
    where known_until is null and not is_gone {{ unchecked(keys, [(fact, keys), (history, keys)], 'and', laid_by) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

held as (
    {% for history, fact, keys, columns, laid_by in facts %}
    select
        '{{ fact }}' as fact_name,
        count(*) as record_count,
        {{ sum_of_hashes(columns) }} as contents
    from {{ ref(fact) }}
    {{ unchecked(keys, [(fact, keys), (history, keys)], laid_by=laid_by) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    known.fact_name,
    known.record_count as known_count,
    held.record_count as held_count
from known
inner join held on known.fact_name = held.fact_name
where known.record_count <> held.record_count or known.contents is distinct from held.contents
