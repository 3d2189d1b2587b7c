{{ built_by_loads(
    'portal_dossiers', ['dossier_key'], is_history=true, in_parts=true, earliest=('updated_at', 'first_updated_at')
) }}

{%- set keys = ['dossier_key'] -%}
{%- set columns = [
    'unit_code', 'procedure_code', 'channel_code', 'service_level_code', 'applicant_type_code', 'status_code',
    'submitted_at', 'received_at', 'due_at', 'finished_at', 'returned_at', 'refused_at', 'withdrawn_at', 'stopped_at',
    'supplement_request_count', 'supplement_requested_at', 'supplement_received_at', 'result_form_code', 'fee_amount',
    'charge_amount', 'online_payment_code', 'is_vneid_authenticated', 'is_component_digitised', 'is_component_reused',
    'has_electronic_result', 'is_synchronised', 'updated_at', 'first_updated_at',
] %}

with versions as (
    select
        records.*,
        loads.arrived_at,
        loads.known_at,
        loads.load_sequence,
        loads.in_force_from,
        loads.in_force_until
    from {{ raw_source('portal_dossiers') }} as records
    inner join {{ ref('load_history') }} as loads on records.load_id = loads.load_id
    {{ touched(['records.dossier_key'], opening='where', time_column='records.updated_at') }}
),

moments as (
    {{ moments_of('versions', keys) }}
),

told as (
    {{ told_at('moments', 'versions', keys) }}
),

-- The same rule as in fct_dossier, at each moment anew.
newest as (
    select
        *,
        min(updated_at) over (partition by dossier_key, moment) as first_updated_at,
        false as is_gone
    from told
    qualify
        row_number() over (
            partition by dossier_key, moment
            order by updated_at desc, known_at desc, arrived_at desc, load_sequence desc, row_number desc
        ) = 1
),

final as (
    {{ record_history('moments', 'newest', keys, columns) }}
)

select * from final
{{ laid_by_time() }}
