{{ built_by_loads(
    'document_registers',
    ['register_date'],
    is_history=true,
    rows_of_loads="(
        select load_id, cast(partition_key as date) as register_date from ops.loads
        where dataset = 'document_registers'
    ) as registers",
) }}

{%- set keys = ['register_date', 'register_number'] -%}
{%- set columns = [
    'arrived_date', 'author_unit_code', 'main_handler_unit_code', 'document_symbol', 'document_date',
    'document_type_name_vi', 'urgency_name_vi', 'recipient_count',
] -%}

with register_rows as (
    select
        records.*,
        loads.covered_date as register_date,
        loads.in_force_from,
        loads.in_force_until
    from {{ raw_source('document_registers') }} as records
    inner join {{ ref('load_history') }} as loads on records.load_id = loads.load_id
    {{ touched(['loads.covered_date'], ['register_date'], opening='where') }}
),

moments as (
    {{ moments_of('register_rows', keys) }}
),

-- A register of a day is told whole: at any moment one load of it is in force.
registrations as (
    select
        *,
        false as is_gone
    from ({{ told_at('moments', 'register_rows', keys) }}) as told
),

final as (
    {{ record_history('moments', 'registrations', keys, columns) }}
)

select * from final
