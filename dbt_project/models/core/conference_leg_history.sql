{{ built_by_loads('videoconference_calls', ['leg_id'], is_history=true) }}

{%- set keys = ['leg_id'] -%}
{%- set columns = [
    'call_id', 'endpoint_code', 'is_guest', 'joined_at', 'left_at', 'last_recorded_at', 'end_reason',
    'activated_seconds', 'packet_loss_rate',
] %}

with records as (
    select
        call_records.*,
        loads.arrived_at,
        loads.known_at,
        loads.load_sequence,
        loads.in_force_from,
        loads.in_force_until
    from {{ raw_source('videoconference_calls') }} as call_records
    inner join {{ ref('load_history') }} as loads on call_records.load_id = loads.load_id
    where call_records.leg_id is not null {{ touched(['call_records.leg_id']) }}
),

moments as (
    {{ moments_of('records', keys) }}
),

told as (
    {{ told_at('moments', 'records', keys) }}
),

legs as (
    select
        *,
        false as is_gone
    from ({{ legs_of('told', keys + ['moment']) }}) as legs_told
),

final as (
    {{ record_history('moments', 'legs', keys, columns) }}
)

select * from final
