{{ config(schema='staging', contract={'enforced': false}) }}
{{ built_by_changes(['period'], [('portal_unit_month_counts', ['period'])]) }}

{#- The columns of II.06a, and which of them another definition would change. -#}
{% set measures = [
    'received_count',
    'received_online_count',
    'received_direct_count',
    'carried_over_count',
    'settled_count',
    'settled_early_count',
    'settled_on_time_count',
    'settled_late_count',
    'open_count',
    'open_in_time_count',
    'open_late_count',
] -%}
{% set other_definitions = [
    ('day_not_loaded', 'received_count'),
    ('day_not_loaded', 'received_online_count'),
    ('day_not_loaded', 'received_direct_count'),
    ('day_not_loaded', 'settled_count'),
    ('day_not_loaded', 'settled_early_count'),
    ('day_not_loaded', 'settled_on_time_count'),
    ('day_not_loaded', 'settled_late_count'),
    ('channel_not_reported', 'received_online_count'),
    ('channel_not_reported', 'received_direct_count'),
    ('post_not_with_direct', 'received_direct_count'),
    ('lateness_by_minute', 'settled_on_time_count'),
    ('lateness_by_minute', 'settled_late_count'),
    ('lateness_by_minute', 'open_in_time_count'),
    ('lateness_by_minute', 'open_late_count'),
    ('lateness_national', 'settled_late_count'),
    ('waiting_counted_late', 'open_in_time_count'),
    ('waiting_counted_late', 'open_late_count'),
    ('waiting_sent_as_settled', 'settled_count'),
    ('waiting_sent_as_settled', 'open_count'),
    ('waiting_sent_as_settled', 'open_in_time_count'),
] -%}

-- What II.06a counts of each unit, alone and with its predecessors: as the warehouse defines it, and as it would be if
-- the portal counted in another way that is known.
with dossiers_counted as (
    select * from {{ ref('portal_unit_month_counts') }}
    {{ touched(['period'], opening='where') }}
),

-- What a code means now or meant last; a renamed unit has a row for each of its names.
units as (
    select * from {{ ref('dim_unit') }}
    qualify row_number() over (partition by unit_code order by valid_from desc) = 1
),

-- The portal reports a desk inside a unit under that unit.
by_unit_and_change as (
    select
        dossiers_counted.period,
        dossiers_counted.is_change,
        case when units.unit_type = 'sub_unit' then units.parent_unit_code else dossiers_counted.unit_code end
            as unit_code,
        -- noqa: disable=LT02,LT05
        {% for measure in measures -%}
        sum(dossiers_counted.{{ measure }}) as {{ measure }},
        {% endfor -%}
        {% for definition, measure in other_definitions -%}
        sum(dossiers_counted.{{ definition }}__{{ measure }})
            as {{ definition }}__{{ measure }}{{ ',' if not loop.last }}
        {% endfor -%}
        -- noqa: enable=LT02,LT05
    from dossiers_counted
    left join units on dossiers_counted.unit_code = units.unit_code
    group by
        dossiers_counted.period,
        dossiers_counted.is_change,
        case when units.unit_type = 'sub_unit' then units.parent_unit_code else dossiers_counted.unit_code end
),

-- What stands here twice is added up below, when units are counted together with their predecessors.
by_unit as (
    select
        *,
        false as is_as_of_month_end
    from by_unit_and_change
    where not is_change
    union all
    select
        *,
        true as is_as_of_month_end
    from by_unit_and_change
),

-- A commune of before July 2025 that went whole into one of today's.
predecessors as (
    select
        old_units.unit_code as predecessor_unit_code,
        new_units.unit_code
    from {{ ref('communes_legacy_to_2025') }} as mergers
    inner join units as old_units
        on mergers.old_code = old_units.commune_code and old_units.valid_to is not null
    inner join units as new_units
        on
            mergers.new_code = new_units.commune_code
            and new_units.valid_from = {{ add_days('old_units.valid_to', '1') }}
            -- A commune of 2024 has a namesake in code of 2025, which NQ 1686 does not mean.
            and new_units.valid_to is null
    where mergers.n_new = 1
),

-- A unit counts alone, and once more together with its predecessors where it has some.
scopes as (
    select distinct
        unit_code as counted_unit_code,
        unit_code,
        false as has_predecessors
    from by_unit
    union all
    select
        predecessor_unit_code as counted_unit_code,
        unit_code,
        true as has_predecessors
    from predecessors
    union all
    select distinct
        unit_code as counted_unit_code,
        unit_code,
        true as has_predecessors
    from predecessors
),

counted_alone as (
    {% for measure in measures -%}
    select
        period,
        unit_code,
        is_as_of_month_end,
        '{{ measure }}' as measure_code,
        'as_defined' as definition_code,
        {{ measure }} as counted
    from by_unit
    union all
    {% endfor -%}
    {% for definition, measure in other_definitions -%}
    select
        period,
        unit_code,
        is_as_of_month_end,
        '{{ measure }}' as measure_code,
        '{{ definition }}' as definition_code,
        {{ measure }} + {{ definition }}__{{ measure }} as counted
    from by_unit
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

counted as (
    select
        counted_alone.period,
        scopes.unit_code,
        counted_alone.measure_code,
        counted_alone.is_as_of_month_end,
        scopes.has_predecessors,
        counted_alone.definition_code,
        sum(counted_alone.counted) as counted
    from counted_alone
    inner join scopes on counted_alone.unit_code = scopes.counted_unit_code
    group by
        counted_alone.period, scopes.unit_code, counted_alone.measure_code, counted_alone.is_as_of_month_end,
        scopes.has_predecessors, counted_alone.definition_code
),

compared as (
    select
        *,
        max(case when definition_code = 'as_defined' then counted end) over (
            partition by period, unit_code, measure_code, is_as_of_month_end, has_predecessors
        ) as defined_here,
        max(
            case
                when definition_code = 'as_defined' and not is_as_of_month_end and not has_predecessors then counted
            end
        ) over (partition by period, unit_code, measure_code) as defined_count
    from counted
),

-- Another way of counting is kept where it makes a difference.
final as (
    select
        period,
        unit_code,
        measure_code,
        is_as_of_month_end,
        has_predecessors,
        definition_code,
        cast(counted as bigint) as counted
    from compared
    where
        (definition_code = 'as_defined' and not is_as_of_month_end and not has_predecessors)
        or (
            counted <> coalesce(defined_count, 0)
            and (definition_code = 'as_defined' or counted <> coalesce(defined_here, 0))
        )
)

select * from final
