{{ built_by_loads('videoconference_calls', ['leg_id']) }}

with records as (
    select * from {{ ref('stg_videoconference_calls') }}
    where leg_id is not null {{ touched(['leg_id']) }}
),

final as (
    {{ legs_of('records', ['leg_id']) }}
)

select * from final
