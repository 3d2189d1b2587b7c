{{ config(schema='staging', contract={'enforced': false}) }}
{{ built_by_changes(
    ['period'],
    [
        (
            'fct_dossier', ['period'],
            "inner join staging.portal_statistic_months as months
                on months.last_day >= least(received_date, settled_date, cast(updated_at as date))",
        ),
        ('portal_statistic_months', ['period']),
        ('day_coverage', [month_period('report_date')]),
    ],
    dataset='portal_dossiers',
    join="inner join staging.portal_statistic_months as months
        on months.last_day >= cast(least(received_at, finished_at, withdrawn_at, updated_at) as date)",
) }}

{#- What each column of II.06a counts, as a condition on one dossier. -#}
{% set measures = {
    'received_count': 'is_carried_over or is_received_counted',
    'received_online_count': "is_received_counted and channel_code = '2'",
    'received_direct_count': "is_received_counted and channel_code in ('1', '3')",
    'carried_over_count': 'is_carried_over',
    'settled_count': 'is_settled_counted',
    'settled_early_count': 'is_settled_counted and is_early',
    'settled_on_time_count': 'is_settled_counted and not is_early and not is_late',
    'settled_late_count': 'is_settled_counted and is_late',
    'open_count': 'is_open',
    'open_in_time_count': 'is_open and not is_overdue',
    'open_late_count': 'is_overdue',
} -%}

{#- How another definition would change a column: definition, column, dossiers that it adds, dossiers it takes away. -#}
{% set other_definitions = [
    ('day_not_loaded', 'received_count', 'is_received_unloaded', 'false'),
    ('day_not_loaded', 'received_online_count', "is_received_unloaded and channel_code = '2'", 'false'),
    ('day_not_loaded', 'received_direct_count', "is_received_unloaded and channel_code in ('1', '3')", 'false'),
    ('day_not_loaded', 'settled_count', 'is_settled_unloaded', 'false'),
    ('day_not_loaded', 'settled_early_count', 'is_settled_unloaded and is_early', 'false'),
    ('day_not_loaded', 'settled_on_time_count', 'is_settled_unloaded and not is_early and not is_late', 'false'),
    ('day_not_loaded', 'settled_late_count', 'is_settled_unloaded and is_late', 'false'),
    ('channel_not_reported', 'received_online_count', 'is_received_counted and channel_code is null', 'false'),
    ('channel_not_reported', 'received_direct_count', 'is_received_counted and channel_code is null', 'false'),
    ('post_not_with_direct', 'received_direct_count', 'false', "is_received_counted and channel_code = '3'"),
    ('lateness_by_minute', 'settled_on_time_count', 'false', 'is_settled_counted and is_late_by_minute'),
    ('lateness_by_minute', 'settled_late_count', 'is_settled_counted and is_late_by_minute', 'false'),
    ('lateness_by_minute', 'open_in_time_count', 'false', 'is_overdue_by_minute'),
    ('lateness_by_minute', 'open_late_count', 'is_overdue_by_minute', 'false'),
    (
        'lateness_national', 'settled_late_count',
        'is_settled_counted and is_late_national', 'is_settled_counted and is_late',
    ),
    ('waiting_counted_late', 'open_in_time_count', 'false', 'is_waiting_overdue'),
    ('waiting_counted_late', 'open_late_count', 'is_waiting_overdue', 'false'),
    ('waiting_sent_as_settled', 'settled_count', 'is_waiting', 'false'),
    ('waiting_sent_as_settled', 'open_count', 'false', 'is_waiting'),
    ('waiting_sent_as_settled', 'open_in_time_count', 'false', 'is_waiting'),
] -%}

-- What II.06a counts, from the warehouse's own dossiers, for each month of which the portal gave its table: as the
-- warehouse defines it, and as it would be if the portal counted in another way that is known.
with periods as (
    select * from {{ ref('portal_statistic_months') }}
    {{ touched(['period'], opening='where') }}
),

-- What a code means now or meant last; a renamed unit has a row for each of its names.
units as (
    select * from {{ ref('dim_unit') }}
    qualify row_number() over (partition by unit_code order by valid_from desc) = 1
),

dossiers as (
    select * from {{ ref('fct_dossier') }}
),

covered_days as (
    select report_date from {{ ref('day_coverage') }}
    where coverage_code = 'portal_dossiers'
),

changed_since as (
    select
        dossiers.dossier_key,
        periods.period,
        periods.ended_at
    from dossiers
    inner join periods
        on dossiers.updated_at >= periods.ended_at and dossiers.first_updated_at < periods.ended_at
),

-- A dossier that changed after the month was over, as it was when the month ended.
before_the_change as (
    select
        changed_since.period,
        versions.*
    from {{ ref('stg_portal_dossiers') }} as versions
    inner join changed_since
        on versions.dossier_key = changed_since.dossier_key and versions.updated_at < changed_since.ended_at
    qualify
        row_number() over (
            partition by changed_since.period, versions.dossier_key
            order by
                versions.updated_at desc, versions.known_at desc, versions.load_sequence desc, versions.row_number desc
        ) = 1
),

-- Only dossiers that lived in the month are looked at: received by its end, not settled or known to be gone before it
-- began.
now_known as (
    select
        periods.period,
        dossiers.dossier_key,
        dossiers.unit_code,
        dossiers.channel_code,
        dossiers.status_code,
        dossiers.received_at,
        dossiers.due_at,
        dossiers.finished_at,
        dossiers.withdrawn_at,
        dossiers.gone_date,
        dossiers.supplement_request_count,
        dossiers.supplement_requested_at,
        dossiers.supplement_received_at
    from dossiers
    inner join periods
        on
            coalesce(dossiers.received_date, dossiers.settled_date) <= periods.last_day
            and coalesce(dossiers.settled_date >= periods.first_day, dossiers.gone_date >= periods.first_day, true)
),

-- As the month ended is as now, without the dossiers that changed since and with what they were before.
versions as (
    select
        false as is_change,
        1 as weight,
        now_known.*
    from now_known
    union all
    select
        true as is_change,
        -1 as weight,
        now_known.*
    from now_known
    inner join before_the_change
        on now_known.dossier_key = before_the_change.dossier_key and now_known.period = before_the_change.period
    union all
    select
        true as is_change,
        1 as weight,
        period,
        dossier_key,
        unit_code,
        channel_code,
        status_code,
        received_at,
        due_at,
        finished_at,
        withdrawn_at,
        cast(null as date) as gone_date,
        supplement_request_count,
        supplement_requested_at,
        supplement_received_at
    from before_the_change
),

dated as (
    select
        versions.*,
        periods.first_day,
        periods.last_day,
        cast(versions.received_at as date) as received_date,
        cast(versions.due_at as date) as due_date,
        case
            when versions.status_code in ('9', '10') then cast(versions.finished_at as date)
            when versions.status_code = '7' then cast(versions.withdrawn_at as date)
        end as settled_date
    from versions
    inner join periods on versions.period = periods.period
    where versions.status_code not in ('1', '3')
),

alive as (
    select
        dated.*,
        received_days.report_date is not null as is_received_day_loaded,
        settled_days.report_date is not null as is_settled_day_loaded,
        dated.received_date between dated.first_day and dated.last_day as is_received,
        coalesce(dated.settled_date <= dated.last_day, false) as is_settled,
        coalesce(dated.settled_date <= dated.last_day, dated.gone_date <= dated.last_day, false) as is_closed,
        -- Withdrawn counts as on time; so does what has no due date.
        coalesce(dated.status_code <> '7' and dated.settled_date < dated.due_date, false) as is_early,
        coalesce(dated.status_code <> '7' and dated.settled_date > dated.due_date, false) as is_late,
        coalesce(
            dated.status_code <> '7' and dated.settled_date = dated.due_date and dated.finished_at > dated.due_at, false
        ) as is_late_by_minute,
        coalesce(
            dated.status_code <> '7'
            and (
                dated.supplement_request_count > 1
                or {{ seconds_between('dated.due_at', 'dated.finished_at') }}
                > coalesce(
                    {{ seconds_between('dated.supplement_requested_at', 'dated.supplement_received_at') }}, 0
                )
            ),
            false
        ) as is_late_national,
        dated.status_code in ('5', '6', '8') as has_waiting_status
    from dated
    left join covered_days as received_days on dated.received_date = received_days.report_date
    left join covered_days as settled_days on dated.settled_date = settled_days.report_date
    where
        coalesce(dated.received_date, dated.settled_date) <= dated.last_day
        and (dated.settled_date is null or dated.settled_date >= dated.first_day)
),

judged as (
    select
        *,
        coalesce(received_date < first_day, false) as is_carried_over,
        coalesce(is_received, false) and is_received_day_loaded as is_received_counted,
        coalesce(is_received, false) and not is_received_day_loaded as is_received_unloaded,
        is_settled and is_settled_day_loaded as is_settled_counted,
        is_settled and not is_settled_day_loaded as is_settled_unloaded,
        not is_closed as is_open,
        not is_closed and not has_waiting_status and coalesce(due_date < last_day, false) as is_overdue,
        not is_closed and not has_waiting_status and coalesce(due_date = last_day, false) as is_overdue_by_minute,
        not is_closed and has_waiting_status as is_waiting,
        not is_closed and has_waiting_status and coalesce(due_date < last_day, false) as is_waiting_overdue
    from alive
),

-- The portal reports a desk inside a unit under that unit.
by_unit_and_change as (
    select
        judged.period,
        judged.is_change,
        case when units.unit_type = 'sub_unit' then units.parent_unit_code else judged.unit_code end as unit_code,
        -- noqa: disable=LT02
        {% for measure, condition in measures.items() -%}
        sum(case when {{ condition }} then judged.weight else 0 end) as {{ measure }},
        {% endfor -%}
        {% for definition, measure, added, taken in other_definitions -%}
        sum(case when {{ added }} then judged.weight else 0 end)
        - sum(case when {{ taken }} then judged.weight else 0 end) as {{ definition }}__{{ measure }},
        {% endfor -%}
        -- noqa: enable=LT02
        count(*) as version_count
    from judged
    left join units on judged.unit_code = units.unit_code
    group by
        judged.period,
        judged.is_change,
        case when units.unit_type = 'sub_unit' then units.parent_unit_code else judged.unit_code end
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
    {% for definition, measure, added, taken in other_definitions -%}
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
