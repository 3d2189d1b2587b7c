-- What is in force now is told twice, by the gate and by the history of loads; they must not part.
with gate as (
    select load_id from {{ ref('stg_loads_in_force') }}
),

still_in_force as (
    select load_id from {{ ref('load_history') }}
    where in_force_until is null
)

select
    gate.load_id as load_id_of_gate,
    still_in_force.load_id as load_id_of_history
from gate
full outer join still_in_force on gate.load_id = still_in_force.load_id
where gate.load_id is null or still_in_force.load_id is null
