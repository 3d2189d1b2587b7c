{{ config(schema='staging', contract={'enforced': false}) }}
{{ built_by_changes(
    ['period', 'current_unit_code'],
    [
        (
            'fct_dossier', ['period', 'unit_code'],
            "inner join staging.portal_statistic_months as months
                on months.last_day >= least(received_date, settled_date, cast(first_updated_at as date))",
        ),
        ('portal_statistic_months', ['period', 'every_unit.unit_code']),
        ('day_coverage', [month_period('report_date'), 'every_unit.unit_code']),
    ],
    dataset='portal_dossiers',
    join="inner join (select dossier_key as known_key, unit_code as current_unit_code from core.fct_dossier) as dossiers
            on rows_of_loads.dossier_key = dossiers.known_key
        inner join staging.portal_statistic_months as months
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

-- What II.06a counts of the warehouse's own dossiers, for each month of which the portal gave its table: as the
-- warehouse defines it, and what another way of counting that is known would add or take away. By the unit that a
-- dossier is with now (current_unit_code), whose months are built together, and the unit that it counts for.
with units as (
    select distinct unit_code from {{ ref('fct_dossier') }}
),

periods as (
    select
        months.*,
        units.unit_code as current_unit_code
    from {{ ref('portal_statistic_months') }} as months
    cross join units
    {{ touched(['months.period', 'units.unit_code'], ['period', 'current_unit_code'], opening='where') }}
),

covered_days as (
    select report_date from {{ ref('day_coverage') }}
    where coverage_code = 'portal_dossiers'
),

-- Most dossiers lie years back: looking at each of them for each month would cost what all of history does.
changed_dossiers as (
    select * from {{ ref('fct_dossier') }}
    where updated_at >= (select min(periods.ended_at) from periods)
),

dossiers as (
    select * from {{ ref('fct_dossier') }}
    where settled_date is null or settled_date >= (select min(periods.first_day) from periods)
),

changed_since as (
    select
        changed_dossiers.dossier_key,
        changed_dossiers.first_updated_at,
        periods.period,
        periods.current_unit_code,
        periods.ended_at
    from changed_dossiers
    inner join periods
        on
            changed_dossiers.unit_code = periods.current_unit_code
            and changed_dossiers.updated_at >= periods.ended_at
            and changed_dossiers.first_updated_at < periods.ended_at
),

-- A dossier that changed after the month was over, as it was when the month ended.
before_the_change as (
    select
        changed_since.period,
        changed_since.current_unit_code,
        versions.*
    from {{ ref('stg_portal_dossiers') }} as versions
    inner join changed_since
        on versions.dossier_key = changed_since.dossier_key and versions.updated_at < changed_since.ended_at
    where versions.updated_at >= (select min(since.first_updated_at) from changed_since as since)
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
        periods.current_unit_code,
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
            dossiers.unit_code = periods.current_unit_code
            and coalesce(dossiers.received_date, dossiers.settled_date) <= periods.last_day
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
        current_unit_code,
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
    inner join {{ ref('portal_statistic_months') }} as periods on versions.period = periods.period
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

final as (
    select
        period,
        current_unit_code,
        unit_code,
        is_change,
        -- noqa: disable=LT02
        {% for measure, condition in measures.items() -%}
        cast(sum(case when {{ condition }} then weight else 0 end) as bigint) as {{ measure }},
        {% endfor -%}
        {% for definition, measure, added, taken in other_definitions -%}
        cast(
            sum(case when {{ added }} then weight else 0 end)
            - sum(case when {{ taken }} then weight else 0 end) as bigint
        ) as {{ definition }}__{{ measure }}{{ ',' if not loop.last }}
        {% endfor -%}
        -- noqa: enable=LT02
    from judged
    group by period, current_unit_code, unit_code, is_change
)

select * from final
