{{ config(schema='staging', materialized='table', contract={'enforced': false}) }}

{#- The columns of II.06a by their number. -#}
{% set measures = {
    'received_count': 3, 'received_online_count': 4, 'received_direct_count': 5, 'carried_over_count': 6,
    'settled_count': 7, 'settled_early_count': 8, 'settled_on_time_count': 9, 'settled_late_count': 10,
    'open_count': 11, 'open_in_time_count': 12, 'open_late_count': 13,
} -%}

-- Every cell of II.06a, of the portal's units and of ours: both figures, or why they cannot be compared.
with portal_statistics as (
    select * from {{ ref('stg_portal_statistics') }}
),

counts as (
    select * from {{ ref('portal_month_counts') }}
    where definition_code = 'as_defined' and not is_as_of_month_end and not has_predecessors
),

-- What a code means now or meant last; a renamed unit has a row for each of its names.
units as (
    select * from {{ ref('dim_unit') }}
    qualify row_number() over (partition by unit_code order by valid_from desc) = 1
),

periods as (
    select
        months.period,
        months.load_id,
        months.first_day,
        cast(months.first_day + interval 1 month - interval 1 day as date) as last_day
    from (
        select distinct
            period,
            load_id,
            cast(partition_key || '-01' as date) as first_day
        from portal_statistics
    ) as months
),

-- What the warehouse can know of a month.
known as (
    select
        periods.period,
        count(case when coverage.coverage_code = 'portal_dossiers' then 1 end) as covered_day_count,
        coalesce(
            bool_or(coverage.coverage_code = 'portal_open_stock' and coverage.report_date = periods.first_day), false
        ) as is_opening_known,
        coalesce(
            bool_or(coverage.coverage_code = 'portal_open_stock' and coverage.report_date = periods.last_day), false
        ) as is_closing_known
    from periods
    left join {{ ref('day_coverage') }} as coverage
        on coverage.report_date between periods.first_day and periods.last_day
    group by periods.period
),

table_rows_quarantined as (
    select distinct
        periods.period,
        quarantine.unit_code
    from {{ ops_source('quarantine') }} as quarantine
    inner join periods on quarantine.load_id = periods.load_id
    where quarantine.unit_code is not null
),

compared_units as (
    select
        period,
        unit_code
    from portal_statistics
    union
    select
        period,
        unit_code
    from counts
),

measures as (
    {% for measure, column_number in measures.items() -%}
    select
        '{{ measure }}' as measure_code,
        {{ column_number }} as column_number
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

portal_cells as (
    {% for measure in measures -%}
    select
        period,
        unit_code,
        '{{ measure }}' as measure_code,
        {{ measure }} as portal_count
    from portal_statistics
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

cells as (
    select
        compared_units.period,
        compared_units.unit_code,
        measures.measure_code,
        measures.column_number,
        portal_cells.portal_count,
        -- The exports tell of every unit: on loaded days, one that is in none has nothing to count.
        coalesce(counts.counted, 0) as counted,
        case
            when known.covered_day_count = 0 then 'month_not_loaded'
            when measures.column_number in (3, 6) and not known.is_opening_known then 'opening_stock_unknown'
            when measures.column_number in (11, 12, 13) and not known.is_closing_known then 'closing_stock_unknown'
        end as warehouse_reason_code,
        case
            when portal_cells.portal_count is not null then null
            when table_rows_quarantined.unit_code is not null then 'portal_row_quarantined'
            when units.valid_to < periods.last_day then 'unit_abolished'
            when units.unit_type not in ('department', 'district', 'commune') then 'unit_not_in_form'
            else 'portal_row_absent'
        end as portal_reason_code
    from compared_units
    inner join periods on compared_units.period = periods.period
    inner join known on compared_units.period = known.period
    cross join measures
    left join portal_cells
        on
            compared_units.period = portal_cells.period
            and compared_units.unit_code = portal_cells.unit_code
            and measures.measure_code = portal_cells.measure_code
    left join counts
        on
            compared_units.period = counts.period
            and compared_units.unit_code = counts.unit_code
            and measures.measure_code = counts.measure_code
    left join units on compared_units.unit_code = units.unit_code
    left join table_rows_quarantined
        on
            compared_units.period = table_rows_quarantined.period
            and compared_units.unit_code = table_rows_quarantined.unit_code
),

final as (
    select
        period,
        unit_code,
        measure_code,
        column_number,
        portal_count,
        case when warehouse_reason_code is null then counted end as warehouse_count,
        coalesce(portal_reason_code, warehouse_reason_code) as not_comparable_reason_code
    from cells
)

select * from final
