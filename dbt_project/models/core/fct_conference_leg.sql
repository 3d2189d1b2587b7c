{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='append_new_columns',
        pre_hook=[
            "{{ collect_touched_keys('videoconference_calls', ['leg_id']) }}",
            "{{ delete_touched_keys(['leg_id']) }}",
        ],
        post_hook="{{ remember_loads('videoconference_calls') }}",
    )
}}

-- A leg is told by three records: its start names the endpoint, an update names the conference, its end says why.
with records as (
    select * from {{ ref('stg_videoconference_calls') }}
    where
        leg_id is not null
        {% if is_incremental() %}
        and leg_id in (select touched.leg_id from {{ touched_keys() }} as touched)
        {% endif %}
),

-- Bodies are re-sent: session and index identify a record.
newest as (
    select *
    from records
    qualify
        row_number() over (
            partition by leg_id, session_id, correlator_index
            order by recorded_at desc, known_at desc, arrived_at desc, load_sequence desc, row_number desc
        ) = 1
),

-- Should a leg be moved, it belongs to the conference that it was moved to last.
conferences_of_legs as (
    select
        leg_id,
        call_id
    from newest
    where call_id is not null
    qualify row_number() over (partition by leg_id order by recorded_at desc, call_id desc) = 1
),

legs as (
    select
        leg_id,
        max(endpoint_code) as endpoint_code,
        min(case when record_type = 'callLegStart' then recorded_at end) as joined_at,
        max(case when record_type = 'callLegEnd' then recorded_at end) as left_at,
        max(recorded_at) as last_recorded_at,
        max(case when record_type = 'callLegEnd' then end_reason end) as end_reason,
        max(activated_seconds) as activated_seconds,
        max(packet_loss_rate) as packet_loss_rate,
        max(load_id) as load_id
    from newest
    group by leg_id
),

final as (
    select
        legs.leg_id,
        conferences_of_legs.call_id,
        legs.endpoint_code,
        coalesce(legs.endpoint_code = 'GUEST', false) as is_guest,
        legs.joined_at,
        legs.left_at,
        legs.last_recorded_at,
        legs.end_reason,
        legs.activated_seconds,
        legs.packet_loss_rate,
        legs.load_id
    from legs
    left join conferences_of_legs on legs.leg_id = conferences_of_legs.leg_id
)

select * from final
