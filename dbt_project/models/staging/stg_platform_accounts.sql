with records as (
    select * from {{ raw_source('platform_accounts') }}
),

loads_in_force as (
    select * from {{ ref('stg_loads_in_force') }}
    where dataset = 'platform_accounts'
)

select
    records.account_key,
    records.unit_code,
    records.platform_code,
    records.issued_date,
    records.last_login_at,
    records.is_locked,
    records.load_id,
    records.row_number,
    loads_in_force.load_sequence,
    loads_in_force.partition_key,
    loads_in_force.arrived_at,
    loads_in_force.known_at,
    loads_in_force.period
from records
inner join loads_in_force on records.load_id = loads_in_force.load_id
