{{ config(schema='staging', materialized='view', contract={'enforced': false}) }}

-- How each dossier moves what is open and what is late of its field: one row a move, on its day.
with dossiers as (
    select * from {{ ref('portal_form_dossiers') }}
),

-- Open from the day of receipt to the day before it was settled, or was known to be gone. Late from the day after the
-- due date, except while a supplement (5), a fee (6) or a stop (8) is what it waits for.
spans as (
    select
        unit_code,
        field_name_vi,
        received_date as open_from,
        coalesce(settled_date, gone_date) as open_until,
        case
            when status_code not in ('5', '6', '8') and due_date is not null
                then greatest(received_date, {{ add_days('due_date', '1') }})
        end as late_from
    from dossiers
    where is_received_local and coalesce(settled_date > received_date, gone_date > received_date, true)
),

stock_changes as (
    select
        unit_code,
        field_name_vi,
        open_from as flow_date,
        1 as open_change,
        0 as late_change
    from spans
    union all
    select
        unit_code,
        field_name_vi,
        open_until as flow_date,
        -1 as open_change,
        case when late_from < open_until then -1 else 0 end as late_change
    from spans
    where open_until is not null
    union all
    select
        unit_code,
        field_name_vi,
        late_from as flow_date,
        0 as open_change,
        1 as late_change
    from spans
    where late_from is not null and (open_until is null or late_from < open_until)
)

select * from stock_changes
