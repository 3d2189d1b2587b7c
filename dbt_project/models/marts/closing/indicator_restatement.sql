-- What corrections made of a closed month. The closed figure stays in front; this says what it would be today, and why.
with restated as (
    select * from {{ ref('restated_figures') }}
),

causes as (
    select
        indicator_code,
        unit_code,
        period,
        count(*) as load_count,
        min(happened_at) as first_changed_at,
        max(happened_at) as last_changed_at
    from {{ ref('indicator_restatement_cause') }}
    group by indicator_code, unit_code, period
),

final as (
    select
        restated.indicator_code,
        restated.unit_code,
        restated.period,
        restated.closed_numerator,
        restated.closed_denominator,
        restated.closed_value,
        restated.restated_numerator,
        restated.restated_denominator,
        restated.restated_value,
        cast(restated.restated_value - restated.closed_value as decimal(18, 6)) as difference,
        restated.change_code,
        restated.closed_at,
        restated.closed_version,
        -- No file of that month came or went: a rule or a register was changed, or a record moved to another month.
        case when causes.load_count is null then 'other' else 'loads' end as cause_code,
        coalesce(causes.load_count, 0) as load_count,
        causes.first_changed_at,
        causes.last_changed_at
    from restated
    left join causes
        on
            restated.indicator_code = causes.indicator_code
            and restated.unit_code = causes.unit_code
            and restated.period = causes.period
)

select * from final
