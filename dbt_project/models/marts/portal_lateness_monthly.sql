{{ built_by_changes(['period'], [
    ('fct_dossier', [month_period('received_date')]),
    ('fct_dossier', [month_period('settled_date')]),
    ('fct_dossier', [month_period('national_finished_date')]),
    ('fct_dossier', [month_period('updated_at')]),
    (
        'day_coverage', [month_period('report_date')],
        "inner join (select 'portal_dossiers' as covered_code) as covered on coverage_code = covered_code",
    ),
]) }}

-- The two definitions of lateness side by side, by unit and month, and why they differ: what the local report (II.06a)
-- settled in the month, what finished in it by QĐ 766, and of each dossier that they judge differently the reason.
with dossiers as (
    select * from {{ ref('fct_dossier') }}
    {{ not_before_touched(
        ['received_date', 'settled_date', 'national_finished_date', 'cast(updated_at as date)'], opening='where'
    ) }}
),

covered_days as (
    select
        report_date,
        {{ month_period('report_date') }} as period
    from {{ ref('day_coverage') }}
    where coverage_code = 'portal_dossiers' {{ touched([month_period('report_date')], ['period']) }}
),

-- An unfinished dossier is judged at the end of the month; of one that is not over, at the end of its last loaded day.
month_ends as (
    select
        period,
        {{ add_seconds('cast(max(report_date) as timestamp)', '86399') }} as ended_at
    from covered_days
    group by period
),

-- What QĐ 766 cannot judge, for want of any due time, has no day on which it counts there.
dated as (
    select
        *,
        case when is_finished_on_time_national is not null then national_finished_date end as judged_date
    from dossiers
),

judged as (
    select
        dossiers.unit_code,
        dossiers.status_code,
        dossiers.supplement_request_count,
        dossiers.waiting_seconds,
        dossiers.due_date,
        dossiers.settled_date,
        dossiers.national_finished_date,
        dossiers.is_finished_on_time_national,
        settled_days.period as local_period,
        finished_days.period as national_period,
        not dossiers.is_settled_on_time_local as is_late_local,
        not dossiers.is_finished_on_time_national as is_late_national
    from dated as dossiers
    left join covered_days as settled_days on dossiers.settled_date = settled_days.report_date
    left join covered_days as finished_days on dossiers.judged_date = finished_days.report_date
    where settled_days.period is not null or finished_days.period is not null
),

-- A dossier stands in the month in which a definition has it end: once where both name the same month, else twice.
ends as (
    select
        *,
        local_period as period,
        true as is_local,
        coalesce(national_period = local_period, false) as is_national
    from judged
    where local_period is not null
    union all
    select
        *,
        national_period as period,
        false as is_local,
        true as is_national
    from judged
    where national_period is not null and national_period is distinct from local_period
),

reasoned as (
    select
        *,
        case
            when is_local and is_national and is_late_local = is_late_national then 'agreeing'
            when is_local and is_national and is_late_national
                then
                    case
                        when supplement_request_count > 1 then 'several_supplements'
                        when due_date is null then 'no_due_date'
                        when status_code = '7' then 'withdrawn'
                        when national_finished_date = due_date then 'later_hour'
                        else 'unexplained'
                    end
            when is_local and is_national
                then
                    case
                        when national_finished_date < settled_date then 'earlier_end'
                        when waiting_seconds > 0 then 'waiting_time'
                        else 'unexplained'
                    end
            when is_local and is_finished_on_time_national is null then 'no_national_due'
            when is_local then 'national_other_month'
            when settled_date is not null then 'local_other_month'
            when status_code in ('1', '3') then 'refused'
            else 'stopped'
        end as reason_code
    from ends
),

compared as (
    select
        unit_code,
        period,
        count(case when is_local then 1 end) as settled_count,
        count(case when is_local and not is_late_local then 1 end) as settled_on_time_local_count,
        count(case when is_local and is_late_local then 1 end) as settled_late_local_count,
        count(case when is_national then 1 end) as finished_national_count,
        count(case when is_national and not is_late_national then 1 end) as finished_on_time_national_count,
        count(case when is_national and is_late_national then 1 end) as finished_late_national_count,
        count(case when reason_code = 'agreeing' then 1 end) as agreeing_count,
        count(case when reason_code = 'several_supplements' then 1 end) as several_supplements_count,
        count(case when reason_code = 'no_due_date' then 1 end) as no_due_date_count,
        count(case when reason_code = 'withdrawn' then 1 end) as withdrawn_count,
        count(case when reason_code = 'later_hour' then 1 end) as later_hour_count,
        count(case when reason_code = 'waiting_time' then 1 end) as waiting_time_count,
        count(case when reason_code = 'earlier_end' then 1 end) as earlier_end_count,
        count(case when reason_code = 'no_national_due' then 1 end) as no_national_due_count,
        count(case when reason_code = 'national_other_month' then 1 end) as national_other_month_count,
        count(case when reason_code = 'local_other_month' then 1 end) as local_other_month_count,
        count(case when reason_code = 'refused' then 1 end) as refused_count,
        count(case when reason_code = 'stopped' then 1 end) as stopped_count,
        count(case when reason_code = 'unexplained' then 1 end) as unexplained_count
    from reasoned
    group by unit_code, period
),

-- The province sends statuses 5, 6 and 8 on to the national portal as 9 when it sets them: in neither definition.
sent_as_finished as (
    select
        dossiers.unit_code,
        covered_days.period,
        count(*) as waiting_sent_as_finished_count
    from dossiers
    inner join covered_days on cast(dossiers.updated_at as date) = covered_days.report_date
    where dossiers.status_code in ('5', '6', '8')
    group by dossiers.unit_code, covered_days.period
),

-- Part 2.1 of QĐ 766 looks at what was received. Time spent waiting for a supplement is no time of handling, also while
-- the wait goes on.
received as (
    select
        dossiers.unit_code,
        covered_days.period,
        dossiers.national_due_at,
        dossiers.supplement_request_count,
        dossiers.supplement_requested_at,
        dossiers.supplement_received_at,
        least(coalesce(dossiers.national_finished_at, month_ends.ended_at), month_ends.ended_at) as judged_at
    from dossiers
    inner join covered_days on dossiers.received_date = covered_days.report_date
    inner join month_ends on covered_days.period = month_ends.period
    where dossiers.national_due_at is not null
),

waited as (
    select
        *,
        {{ waited_seconds('judged_at') }} as waiting_seconds
    from received
),

progress as (
    select
        unit_code,
        period,
        count(*) as received_judged_count,
        count(case
            when
                supplement_request_count <= 1
                and {{ add_seconds('judged_at', '- waiting_seconds') }} <= national_due_at
                then 1
        end) as received_on_time_national_count
    from waited
    group by unit_code, period
),

unit_months as (
    select
        unit_code,
        period
    from compared
    union
    select
        unit_code,
        period
    from sent_as_finished
    union
    select
        unit_code,
        period
    from progress
),

final as (
    select
        unit_months.unit_code,
        unit_months.period,
        {% for measure in [
            'settled', 'settled_on_time_local', 'settled_late_local', 'finished_national',
            'finished_on_time_national', 'finished_late_national', 'agreeing', 'several_supplements', 'no_due_date',
            'withdrawn', 'later_hour', 'waiting_time', 'earlier_end', 'no_national_due', 'national_other_month',
            'local_other_month', 'refused', 'stopped', 'unexplained',
        ] -%}
        coalesce(compared.{{ measure }}_count, 0) as {{ measure }}_count,
        {% endfor -%}
        coalesce(sent_as_finished.waiting_sent_as_finished_count, 0) as waiting_sent_as_finished_count,
        coalesce(progress.received_judged_count, 0) as received_judged_count,
        coalesce(progress.received_on_time_national_count, 0) as received_on_time_national_count
    from unit_months
    left join compared on unit_months.unit_code = compared.unit_code and unit_months.period = compared.period
    left join sent_as_finished
        on unit_months.unit_code = sent_as_finished.unit_code and unit_months.period = sent_as_finished.period
    left join progress on unit_months.unit_code = progress.unit_code and unit_months.period = progress.period
)

select * from final
