{{ built_by_loads('portal_dossiers', ['dossier_key'], inputs=[
    (
        'portal_stock_starts', ['unsettled.dossier_key'],
        "inner join core.fct_dossier as unsettled
            on unsettled.settled_date is null and unsettled.last_seen_date < known_from",
    ),
], in_parts=true, earliest=('updated_at', 'first_updated_at')) }}

with versions as (
    select * from {{ ref('stg_portal_dossiers') }}
    {{ touched(['dossier_key'], opening='where', time_column='updated_at') }}
),

procedures as (
    select * from {{ ref('procedures') }}
),

dates as (
    select * from {{ ref('dim_date') }}
),

stock_starts as (
    select * from {{ ref('portal_stock_starts') }}
),

-- The portal's own time tells which version is the newest, then when the file was made, then when it came. The order of
-- loading decides only between two judgements of one arrival.
newest as (
    select
        *,
        min(updated_at) over (partition by dossier_key) as first_updated_at,
        max(seen_date) over (partition by dossier_key) as last_seen_date
    from versions
    qualify
        row_number() over (
            partition by dossier_key
            order by updated_at desc, known_at desc, arrived_at desc, load_sequence desc, row_number desc
        ) = 1
),

-- Local report, form II.06a: settled on a date by its status.
dated as (
    select
        *,
        cast(received_at as date) as received_date,
        cast(due_at as date) as due_date,
        case
            when status_code in ('9', '10') then cast(finished_at as date)
            when status_code = '7' then cast(withdrawn_at as date)
        end as settled_date,
        -- QĐ 766: whichever end is recorded first in this order; only for dossiers that were received.
        case
            when received_at is not null
                then coalesce(refused_at, stopped_at, finished_at, returned_at, withdrawn_at)
        end as national_finished_at
    from newest
),

-- QĐ 766: without a due date, the procedure's maximum time counts, in working days from the day of receipt.
maximum_times as (
    select
        dated.dossier_key,
        due_dates.date_day as maximum_due_date
    from dated
    inner join procedures on dated.procedure_code = procedures.procedure_code
    inner join dates as received_dates on dated.received_date = received_dates.date_day
    inner join dates as due_dates
        on
            due_dates.working_day_number = received_dates.working_day_number + procedures.maximum_working_days
            and due_dates.is_working_day
    where dated.due_at is null
),

-- A baseline holds whatever is open. What was received before it, is not in it and was told of no more had ended when
-- its day began: in days that nobody loaded, so how it ended is not known.
gone as (
    select
        dated.dossier_key,
        {{ add_days('min(stock_starts.known_from)', '-1') }} as gone_date
    from dated
    inner join stock_starts
        on dated.last_seen_date < stock_starts.known_from and dated.received_date < stock_starts.known_from
    where dated.settled_date is null
    group by dated.dossier_key
),

judged as (
    select
        dated.*,
        gone.gone_date,
        {{ waited_seconds('national_finished_at') }} as waiting_seconds,
        coalesce(
            dated.due_at,
            {{ add_seconds('cast(maximum_times.maximum_due_date as timestamp)', '86399') }}
        ) as national_due_at
    from dated
    left join maximum_times on dated.dossier_key = maximum_times.dossier_key
    left join gone on dated.dossier_key = gone.dossier_key
),

final as (
    select
        dossier_key,
        unit_code,
        procedure_code,
        channel_code,
        service_level_code,
        applicant_type_code,
        status_code,
        submitted_at,
        received_at,
        due_at,
        finished_at,
        returned_at,
        refused_at,
        withdrawn_at,
        stopped_at,
        supplement_request_count,
        supplement_requested_at,
        supplement_received_at,
        result_form_code,
        fee_amount,
        charge_amount,
        online_payment_code,
        is_vneid_authenticated,
        is_component_digitised,
        is_component_reused,
        has_electronic_result,
        is_synchronised,
        updated_at,
        first_updated_at,
        received_date,
        due_date,
        -- Statuses 1 (just submitted) and 3 (not accepted) are in no local figure.
        received_date is not null and status_code not in ('1', '3') as is_received_local,
        settled_date,
        last_seen_date,
        gone_date,
        case
            when settled_date is null then null
            when status_code = '7' or due_date is null then false
            else settled_date < due_date
        end as is_settled_early_local,
        case
            when settled_date is null then null
            when status_code = '7' or due_date is null then true
            else settled_date <= due_date
        end as is_settled_on_time_local,
        coalesce(settled_date is not null and status_code in ('9', '10'), false) as has_result_due,
        waiting_seconds,
        national_due_at,
        national_finished_at,
        cast(national_finished_at as date) as national_finished_date,
        case
            when national_finished_at is null or national_due_at is null then null
            else
                supplement_request_count <= 1
                and {{ add_seconds('national_finished_at', '- waiting_seconds') }} <= national_due_at
        end as is_finished_on_time_national,
        -- A channel that was not reported is neither online nor direct.
        coalesce(channel_code = '2', false) as is_submitted_online,
        -- A level or a payment code that was not reported is unknown, not a no.
        case when channel_code = '2' then service_level_code = '4' else false end as is_fully_online,
        coalesce(fee_amount, 0) + coalesce(charge_amount, 0) > 0 as has_payment_obligation,
        online_payment_code in ('1', '2') as is_paid_online,
        load_id
    from judged
)

select * from final
{{ laid_by_time() }}
