-- The marts count the records that are known now, and no record that is gone: counted again, from the histories.
-- Days of dossiers, deliveries and registrations are counted again when something changed in them.
{%- set received_on = ['cast(received_at as date)'] -%}
{%- set dossier_days = [
    ('dossier_history', received_on), ('portal_unit_daily', ['report_date']),
] -%}
{%- set delivery_days = [
    ('document_delivery_history', ['sent_date']), ('document_unit_daily', ['report_date']),
] -%}
{%- set registration_days = [
    ('document_registration_history', ['arrived_date']), ('document_unit_daily', ['report_date']),
] -%}
{%- set account_months = [('account_history', ['period']), ('platform_adoption_monthly', ['period'])] %}
with dossiers as (
    select * from {{ ref('dossier_history') }}
    where known_until is null and not is_gone {{ unchecked(received_on, dossier_days, opening='and') }}
),

deliveries as (
    select * from {{ ref('document_delivery_history') }}
    where known_until is null and not is_gone {{ unchecked(['sent_date'], delivery_days, opening='and') }}
),

registrations as (
    select * from {{ ref('document_registration_history') }}
    where known_until is null and not is_gone {{ unchecked(['arrived_date'], registration_days, opening='and') }}
),

legs as (
    select * from {{ ref('conference_leg_history') }}
    where known_until is null and not is_gone
),

accounts as (
    select * from {{ ref('account_history') }}
    where known_until is null and not is_gone {{ unchecked(['period'], account_months, opening='and') }}
),

coverage as (
    select * from {{ ref('day_coverage') }}
),

known as (
    select
        'portal_unit_daily' as mart_name,
        dossiers.unit_code,
        cast(coverage.report_date as varchar) as period,
        count(*) as record_count
    from dossiers
    inner join coverage
        on
            cast(dossiers.received_at as date) = coverage.report_date
            and coverage.coverage_code = 'portal_dossiers'
    where dossiers.status_code not in ('1', '3')
    group by dossiers.unit_code, coverage.report_date
    union all
    select
        'document_unit_daily, delivered' as mart_name,
        deliveries.recipient_unit_code as unit_code,
        cast(coverage.report_date as varchar) as period,
        count(*) as record_count
    from deliveries
    inner join coverage
        on deliveries.sent_date = coverage.report_date and coverage.coverage_code = 'document_exchanges'
    group by deliveries.recipient_unit_code, coverage.report_date
    union all
    select
        'document_unit_daily, registered' as mart_name,
        registrations.author_unit_code as unit_code,
        cast(coverage.report_date as varchar) as period,
        count(*) as record_count
    from registrations
    inner join coverage
        on registrations.arrived_date = coverage.report_date and coverage.coverage_code = 'document_registers'
    group by registrations.author_unit_code, coverage.report_date
    union all
    select
        'fct_conference' as mart_name,
        call_id as unit_code,
        null as period,
        count(*) as record_count
    from legs
    where call_id is not null
    group by call_id
    union all
    select
        'platform_adoption_monthly, ' || platform_code as mart_name,
        unit_code,
        period,
        count(*) as record_count
    from accounts
    group by platform_code, unit_code, period
),

counted as (
    select
        'portal_unit_daily' as mart_name,
        unit_code,
        cast(report_date as varchar) as period,
        received_count as record_count
    from {{ ref('portal_unit_daily') }}
    {{ unchecked(['report_date'], dossier_days) }}
    union all
    select
        'document_unit_daily, delivered' as mart_name,
        unit_code,
        cast(report_date as varchar) as period,
        delivered_count as record_count
    from {{ ref('document_unit_daily') }}
    {{ unchecked(['report_date'], delivery_days) }}
    union all
    select
        'document_unit_daily, registered' as mart_name,
        unit_code,
        cast(report_date as varchar) as period,
        registered_count as record_count
    from {{ ref('document_unit_daily') }}
    {{ unchecked(['report_date'], registration_days) }}
    union all
    select
        'fct_conference' as mart_name,
        call_id as unit_code,
        null as period,
        leg_count as record_count
    from {{ ref('fct_conference') }}
    -- The history is that of the meeting server's records.
    where system_code = 'cms'
    union all
    select
        'platform_adoption_monthly, ' || platform_code as mart_name,
        unit_code,
        period,
        issued_count as record_count
    from {{ ref('platform_adoption_monthly') }}
    {{ unchecked(['period'], account_months) }}
)

-- Zero and null both count nothing.
(
    select * from known
    except all
    select * from counted
)
union all
(
    select * from counted
    where record_count > 0
    except all
    select * from known
)
