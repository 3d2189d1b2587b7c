{{ built_by_changes(['unit_code', 'report_date'], [
    ('fct_dossier', ['unit_code', 'received_date']),
    ('fct_dossier', ['unit_code', 'settled_date']),
    ('fct_dossier', ['unit_code', 'national_finished_date']),
    ('portal_open_stock_daily', ['unit_code', 'report_date']),
    (
        'day_coverage', ['every_unit.unit_code', 'report_date'],
        "inner join (select 'portal_dossiers' as covered_code union all select 'portal_open_stock') as covered
            on coverage_code = covered_code",
    ),
]) }}

-- Everything the portal's indicators need, per unit and covered day. A unit with nothing to count has no row.
with dossiers as (
    select * from {{ ref('fct_dossier') }}
    {{ not_before_touched(['received_date', 'settled_date', 'national_finished_date'], opening='where') }}
),

covered_days as (
    select report_date from {{ ref('day_coverage') }}
    where coverage_code = 'portal_dossiers'
),

open_stock as (
    select * from {{ ref('portal_open_stock_daily') }}
    {{ touched(['report_date'], opening='where') }}
),

stock_days as (
    select report_date from {{ ref('day_coverage') }}
    where coverage_code = 'portal_open_stock'
),

received as (
    select
        unit_code,
        received_date as report_date,
        count(*) as received_count,
        count(*) filter (where channel_code = '1') as received_direct_count,
        count(*) filter (where is_submitted_online) as received_online_count,
        count(*) filter (where channel_code = '3') as received_post_count,
        count(*) filter (where channel_code is null) as received_channel_unreported_count,
        count(*) filter (where is_fully_online) as received_fully_online_count,
        count(*) filter (where is_fully_online is null) as received_level_unreported_count,
        -- QĐ 766 (3.3): online once the result, where it is due, is electronic. As many as it can be at most: a channel
        -- or a result that was not reported may be either.
        count(*) filter (
            where coalesce(channel_code, '2') = '2' and (not has_result_due or coalesce(has_electronic_result, true))
        ) as online_with_result_possible_count,
        count(*) filter (where is_synchronised is not null) as synchronised_reported_count,
        count(*) filter (where is_synchronised) as synchronised_count,
        count(*) filter (where has_payment_obligation) as payment_obligation_count,
        count(*) filter (where has_payment_obligation and is_paid_online is not null) as payment_reported_count,
        count(*) filter (where has_payment_obligation and is_paid_online) as paid_online_count,
        count(*) filter (where is_vneid_authenticated is not null) as vneid_reported_count,
        count(*) filter (where is_vneid_authenticated) as vneid_authenticated_count,
        count(*) filter (where is_component_reused is not null) as reuse_reported_count,
        count(*) filter (where is_component_reused) as component_reused_count
    from dossiers
    where is_received_local {{ touched(['received_date'], ['report_date']) }}
    group by unit_code, received_date
),

settled as (
    select
        unit_code,
        settled_date as report_date,
        count(*) as settled_count,
        count(*) filter (where is_settled_early_local) as settled_early_count,
        count(*) filter (where is_settled_on_time_local and not is_settled_early_local) as settled_on_due_count,
        count(*) filter (where not is_settled_on_time_local) as settled_late_count,
        count(*) filter (where has_result_due and has_electronic_result is not null) as result_reported_count,
        count(*) filter (where has_result_due and has_electronic_result) as electronic_result_count,
        count(*) filter (
            where has_result_due and is_component_digitised is not null and has_electronic_result is not null
        ) as digitisation_reported_count,
        count(*) filter (
            where has_result_due and is_component_digitised and has_electronic_result
        ) as component_and_result_digitised_count
    from dossiers
    where settled_date is not null {{ touched(['settled_date'], ['report_date']) }}
    group by unit_code, settled_date
),

-- Without any due date QĐ 766 can neither praise nor blame: such dossiers are in neither part of the share.
finished_national as (
    select
        unit_code,
        national_finished_date as report_date,
        count(*) as finished_national_count,
        count(*) filter (where is_finished_on_time_national) as finished_on_time_national_count
    from dossiers
    where is_finished_on_time_national is not null {{ touched(['national_finished_date'], ['report_date']) }}
    group by unit_code, national_finished_date
),

unit_days as (
    select
        unit_code,
        report_date
    from received
    union
    select
        unit_code,
        report_date
    from settled
    union
    select
        unit_code,
        report_date
    from finished_national
    union
    select
        unit_code,
        report_date
    from open_stock
),

final as (
    select
        unit_days.unit_code,
        unit_days.report_date,
        coalesce(received.received_count, 0) as received_count,
        coalesce(received.received_direct_count, 0) as received_direct_count,
        coalesce(received.received_online_count, 0) as received_online_count,
        coalesce(received.received_post_count, 0) as received_post_count,
        coalesce(received.received_channel_unreported_count, 0) as received_channel_unreported_count,
        coalesce(received.received_fully_online_count, 0) as received_fully_online_count,
        coalesce(received.received_level_unreported_count, 0) as received_level_unreported_count,
        coalesce(received.online_with_result_possible_count, 0) as online_with_result_possible_count,
        coalesce(received.synchronised_reported_count, 0) as synchronised_reported_count,
        coalesce(received.synchronised_count, 0) as synchronised_count,
        coalesce(received.payment_obligation_count, 0) as payment_obligation_count,
        coalesce(received.payment_reported_count, 0) as payment_reported_count,
        coalesce(received.paid_online_count, 0) as paid_online_count,
        coalesce(received.vneid_reported_count, 0) as vneid_reported_count,
        coalesce(received.vneid_authenticated_count, 0) as vneid_authenticated_count,
        coalesce(received.reuse_reported_count, 0) as reuse_reported_count,
        coalesce(received.component_reused_count, 0) as component_reused_count,
        coalesce(settled.settled_count, 0) as settled_count,
        coalesce(settled.settled_early_count, 0) as settled_early_count,
        coalesce(settled.settled_on_due_count, 0) as settled_on_due_count,
        coalesce(settled.settled_late_count, 0) as settled_late_count,
        coalesce(settled.result_reported_count, 0) as result_reported_count,
        coalesce(settled.electronic_result_count, 0) as electronic_result_count,
        coalesce(settled.digitisation_reported_count, 0) as digitisation_reported_count,
        coalesce(settled.component_and_result_digitised_count, 0) as component_and_result_digitised_count,
        coalesce(finished_national.finished_national_count, 0) as finished_national_count,
        coalesce(finished_national.finished_on_time_national_count, 0) as finished_on_time_national_count,
        -- Null where a day is missing between the baseline and this one: unknown, not zero.
        case when stock_days.report_date is not null then coalesce(open_stock.open_count, 0) end as open_count,
        case
            when stock_days.report_date is not null then coalesce(open_stock.open_late_count, 0)
        end as open_late_count
    from unit_days
    inner join covered_days on unit_days.report_date = covered_days.report_date
    left join received
        on unit_days.unit_code = received.unit_code and unit_days.report_date = received.report_date
    left join settled
        on unit_days.unit_code = settled.unit_code and unit_days.report_date = settled.report_date
    left join finished_national
        on
            unit_days.unit_code = finished_national.unit_code
            and unit_days.report_date = finished_national.report_date
    left join open_stock
        on unit_days.unit_code = open_stock.unit_code and unit_days.report_date = open_stock.report_date
    left join stock_days on unit_days.report_date = stock_days.report_date
    {{ touched(['unit_days.unit_code', 'unit_days.report_date'], opening='where') }}
)

select * from final
