{#-
    Facts that several rows of a source tell together. Stated once, for the fact (rows in force now) and for its
    history (rows in force at each moment): `keys` are what one record is told by, `rows_name` a CTE above.
-#}

{#- A delivery is a document at a recipient. Re-sends and second copies are more packets of the same delivery. -#}
{% macro deliveries_of(rows_name, keys) -%}
    -- Statuses of one second (03 and 05 are written together) stand in the order of their codes, sending first.
    with ordered as (
        select
            *,
            case when status_code = 'SENT' then '000' else lpad(status_code, 3, '0') end as status_order
        from {{ rows_name }}
    )

    -- Who sent what is the same in every row of a delivery: min only takes one of them.
    select
        {{ keys | join(', ') }},
        min(sender_unit_code) as sender_unit_code,
        min(document_symbol) as document_symbol,
        min(document_type_name_vi) as document_type_name_vi,
        min(business_type_code) as business_type_code,
        -- A delivery whose sending was not seen has no day: guessing one would count an old document as new.
        min(case when status_code = 'SENT' then status_at end) as sent_at,
        cast(min(case when status_code = 'SENT' then status_at end) as date) as sent_date,
        {{ value_at_last('status_code', ['status_at', 'status_order']) }} as last_status_code,
        max(status_at) as last_status_at,
        min(status_at) as first_status_at,
        max(case when status_code in ('03', '04', '05', '06') then 1 else 0 end) = 1 as has_been_received,
        max(case when status_code = '06' then 1 else 0 end) = 1 as is_completed,
        count(distinct packet_id) as packet_count,
        max(load_id) as load_id
    from ordered
    group by {{ keys | join(', ') }}
{%- endmacro %}

{#- A leg is told by three records: its start names the endpoint, an update names the conference, its end says why. -#}
{% macro legs_of(rows_name, keys) -%}
    -- Bodies are re-sent: session and index identify a record.
    with newest as (
        select *
        from {{ rows_name }}
        qualify
            row_number() over (
                partition by {{ keys | join(', ') }}, session_id, correlator_index
                order by recorded_at desc, known_at desc, arrived_at desc, load_sequence desc, row_number desc
            ) = 1
    ),

    -- Should a leg be moved, it belongs to the conference that it was moved to last.
    legs as (
        select
            {{ keys | join(', ') }},
            {{ value_at_last('call_id', ['recorded_at', 'call_id']) }} filter (where call_id is not null) as call_id,
            max(endpoint_code) as endpoint_code,
            min(case when record_type = 'callLegStart' then recorded_at end) as start_recorded_at,
            max(case when record_type = 'callLegEnd' then recorded_at end) as left_at,
            max(case when record_type = 'callLegEnd' then duration_seconds end) as duration_seconds,
            max(recorded_at) as last_recorded_at,
            max(case when record_type = 'callLegEnd' then end_reason end) as end_reason,
            max(activated_seconds) as activated_seconds,
            max(packet_loss_rate) as packet_loss_rate,
            max(load_id) as load_id
        from newest
        group by {{ keys | join(', ') }}
    )

    select
        {{ keys | join(', ') }},
        call_id,
        endpoint_code,
        coalesce(endpoint_code = 'GUEST', false) as is_guest,
        -- The start of a leg that began the day before may stand in a file that never came: its end tells how long it was.
        coalesce(start_recorded_at, {{ add_seconds('left_at', '-duration_seconds') }}) as joined_at,
        left_at,
        last_recorded_at,
        end_reason,
        activated_seconds,
        packet_loss_rate,
        load_id
    from legs
{%- endmacro %}
