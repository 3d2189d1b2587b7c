{{ config(schema='staging', contract={'enforced': false}) }}
{{ told_by_changes() }}

-- Made from seeds/indicators.csv by `make generate`; a test compares. Do not edit.
-- Numerator and denominator of every indicator that is counted by month, for each unit; H56 is its own office here.
with final as (
    select
        'portal_on_time_qd766' as indicator_code,
        unit_code,
        period,
        cast(sum(received_on_time_national_count) as decimal(18, 4)) as numerator,
        cast(sum(received_judged_count) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('portal_lateness_monthly') }}
    where period >= '202206'
    group by unit_code, period
    having sum(received_judged_count) > 0
    union all
    select
        'portal_fee_procedures' as indicator_code,
        unit_code,
        period,
        cast(sum(paid_online_procedure_count) as decimal(18, 4)) as numerator,
        cast(sum(fee_procedure_count) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('portal_fee_procedure_monthly') }}
    where period >= '202206'
    group by unit_code, period
    having sum(fee_procedure_count) > 0
    union all
    select
        'document_documents_sent' as indicator_code,
        unit_code,
        period,
        cast(sum(sent_document_count) as decimal(18, 4)) as numerator,
        cast(null as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('document_unit_monthly') }}
    where period >= '202001'
    group by unit_code, period
    having sum(sent_document_count) > 0
    union all
    select
        'document_signed_by_organisation' as indicator_code,
        unit_code,
        period,
        cast(sum(signed_by_organisation_count) as decimal(18, 4)) as numerator,
        cast(sum(issued_count) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('fct_document_signing') }}
    where period >= '202001'
    group by unit_code, period
    having sum(issued_count) > 0
    union all
    select
        'document_signed_by_person' as indicator_code,
        unit_code,
        period,
        cast(sum(signed_by_person_count) as decimal(18, 4)) as numerator,
        cast(sum(issued_count) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('fct_document_signing') }}
    where period >= '202001'
    group by unit_code, period
    having sum(issued_count) > 0
    union all
    select
        'accounts_issued' as indicator_code,
        unit_code,
        period,
        cast(sum(issued_count) as decimal(18, 4)) as numerator,
        cast(null as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('platform_adoption_monthly') }}
    where period >= '202001'
    group by unit_code, period
    having sum(issued_count) > 0
    union all
    select
        'accounts_active' as indicator_code,
        unit_code,
        period,
        cast(sum(active_count) as decimal(18, 4)) as numerator,
        cast(sum(issued_count) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('platform_adoption_monthly') }}
    where period >= '202001'
    group by unit_code, period
    having sum(issued_count) > 0
    union all
    select
        'officer_procedures_fully_online' as indicator_code,
        unit_code,
        period,
        cast(sum(numerator) as decimal(18, 4)) as numerator,
        cast(sum(denominator) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('fct_officer_figure') }}
    where period >= '202111' and indicator_code = 'officer_procedures_fully_online'
    group by unit_code, period
    having sum(denominator) > 0
    union all
    select
        'officer_satisfaction' as indicator_code,
        unit_code,
        period,
        cast(sum(numerator) as decimal(18, 4)) as numerator,
        cast(sum(denominator) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('fct_officer_figure') }}
    where period >= '202111' and indicator_code = 'officer_satisfaction'
    group by unit_code, period
    having sum(denominator) > 0
    union all
    select
        'officer_users_authenticated' as indicator_code,
        unit_code,
        period,
        cast(sum(numerator) as decimal(18, 4)) as numerator,
        cast(sum(denominator) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('fct_officer_figure') }}
    where period >= '202111' and indicator_code = 'officer_users_authenticated'
    group by unit_code, period
    having sum(denominator) > 0
    union all
    select
        'officer_systems_connected' as indicator_code,
        unit_code,
        period,
        cast(sum(numerator) as decimal(18, 4)) as numerator,
        cast(sum(denominator) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('fct_officer_figure') }}
    where period >= '202111' and indicator_code = 'officer_systems_connected'
    group by unit_code, period
    having sum(denominator) > 0
    union all
    select
        'officer_inspections_online' as indicator_code,
        unit_code,
        period,
        cast(sum(numerator) as decimal(18, 4)) as numerator,
        cast(sum(denominator) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('fct_officer_figure') }}
    where period >= '202111' and indicator_code = 'officer_inspections_online'
    group by unit_code, period
    having sum(denominator) > 0
    union all
    select
        'officer_digital_economy_share' as indicator_code,
        unit_code,
        period,
        cast(sum(numerator) as decimal(18, 4)) as numerator,
        cast(sum(denominator) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('fct_officer_figure') }}
    where period >= '202111' and indicator_code = 'officer_digital_economy_share'
    group by unit_code, period
    having sum(denominator) > 0
    union all
    select
        'officer_enterprises_digital' as indicator_code,
        unit_code,
        period,
        cast(sum(numerator) as decimal(18, 4)) as numerator,
        cast(sum(denominator) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('fct_officer_figure') }}
    where period >= '202111' and indicator_code = 'officer_enterprises_digital'
    group by unit_code, period
    having sum(denominator) > 0
    union all
    select
        'officer_communes_digital' as indicator_code,
        unit_code,
        period,
        cast(sum(numerator) as decimal(18, 4)) as numerator,
        cast(sum(denominator) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('fct_officer_figure') }}
    where period >= '202111' and indicator_code = 'officer_communes_digital'
    group by unit_code, period
    having sum(denominator) > 0
    union all
    select
        'officer_epayment_accounts' as indicator_code,
        unit_code,
        period,
        cast(sum(numerator) as decimal(18, 4)) as numerator,
        cast(sum(denominator) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('fct_officer_figure') }}
    where period >= '202111' and indicator_code = 'officer_epayment_accounts'
    group by unit_code, period
    having sum(denominator) > 0
    union all
    select
        'officer_science_budget_share' as indicator_code,
        unit_code,
        period,
        cast(sum(numerator) as decimal(18, 4)) as numerator,
        cast(sum(denominator) as decimal(18, 4)) as denominator,
        cast(null as integer) as value_of_nothing
    from {{ ref('fct_officer_figure') }}
    where period >= '202412' and indicator_code = 'officer_science_budget_share'
    group by unit_code, period
    having sum(denominator) > 0
)

select * from final
