{{ config(schema="staging", materialized="view", contract={"enforced": false}) }}

-- Figures of closed months that the data in force tells otherwise today.
with closures as (
    select * from {{ ref('month_closures_in_force') }}
),

closed_figures as (
    select * from {{ ops_source('closed_figures') }}
),

measured as (
    select * from {{ ref('indicator_monthly_measured') }}
),

closed as (
    select
        closed_figures.*,
        true as is_there
    from closed_figures
    inner join closures on closed_figures.closure_sequence = closures.closure_sequence
),

measured_today as (
    select
        measured.*,
        true as is_there
    from measured
    inner join closures on measured.period = closures.period
),

compared as (
    select
        coalesce(closed.indicator_code, measured_today.indicator_code) as indicator_code,
        coalesce(closed.unit_code, measured_today.unit_code) as unit_code,
        coalesce(closed.period, measured_today.period) as period,
        closed.numerator as closed_numerator,
        closed.denominator as closed_denominator,
        closed.value as closed_value,
        measured_today.numerator as restated_numerator,
        measured_today.denominator as restated_denominator,
        measured_today.value as restated_value,
        case
            when closed.is_there is null then 'appeared'
            when measured_today.is_there is null then 'vanished'
            else 'changed'
        end as change_code
    from closed
    full outer join measured_today
        on
            closed.indicator_code = measured_today.indicator_code
            and closed.unit_code = measured_today.unit_code
            and closed.period = measured_today.period
    where
        closed.is_there is distinct from measured_today.is_there
        or closed.numerator is distinct from measured_today.numerator
        or closed.denominator is distinct from measured_today.denominator
        or closed.value is distinct from measured_today.value
),

final as (
    select
        compared.*,
        closures.closed_at,
        closures.closed_version
    from compared
    inner join closures on compared.period = closures.period
)

select * from final
