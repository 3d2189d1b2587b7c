with records as (
    select * from {{ raw_source('portal_dossiers') }}
),

loads_in_force as (
    select * from {{ ref('stg_loads_in_force') }}
    where dataset = 'portal_dossiers'
)

select
    records.dossier_key,
    records.procedure_code,
    records.unit_code,
    records.channel_code,
    records.service_level_code,
    records.applicant_type_code,
    records.status_code,
    records.submitted_at,
    records.received_at,
    records.due_at,
    records.finished_at,
    records.returned_at,
    records.refused_at,
    records.withdrawn_at,
    records.stopped_at,
    records.supplement_request_count,
    records.supplement_requested_at,
    records.supplement_received_at,
    records.result_form_code,
    records.fee_amount,
    records.charge_amount,
    records.online_payment_code,
    records.is_vneid_authenticated,
    records.is_component_digitised,
    records.is_component_reused,
    records.has_electronic_result,
    records.is_synchronised,
    records.updated_at,
    records.load_id,
    records.row_number,
    loads_in_force.load_sequence,
    loads_in_force.partition_key,
    loads_in_force.arrived_at,
    loads_in_force.known_at,
    loads_in_force.covered_date,
    -- The day of which the load speaks: of a baseline the one that was about to begin.
    coalesce(loads_in_force.baseline_date, loads_in_force.covered_date) as seen_date
from records
inner join loads_in_force on records.load_id = loads_in_force.load_id
