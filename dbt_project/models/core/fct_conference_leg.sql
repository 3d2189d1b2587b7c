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

with records as (
    select * from {{ ref('stg_videoconference_calls') }}
    where
        leg_id is not null
        {% if is_incremental() %}
        and leg_id in (select touched.leg_id from {{ touched_keys() }} as touched)
        {% endif %}
),

final as (
    {{ legs_of('records', ['leg_id']) }}
)

select * from final
