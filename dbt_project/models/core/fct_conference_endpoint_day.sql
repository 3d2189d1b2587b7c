-- How long each endpoint was connected inside conferences on each day: what runs past midnight is cut there.
with spells as (
    select * from {{ ref('conference_spells') }}
),

days as (
    select date_day from {{ ref('dim_date') }}
),

cut as (
    select
        spells.call_id,
        spells.endpoint_code,
        days.date_day as report_date,
        greatest(spells.inside_from, cast(days.date_day as timestamp)) as inside_from,
        least(spells.inside_until, cast({{ add_days('days.date_day', 1) }} as timestamp)) as inside_until
    from spells
    inner join days
        on days.date_day between cast(spells.inside_from as date) and cast(spells.inside_until as date)
),

final as (
    select
        call_id,
        endpoint_code,
        report_date,
        cast(sum({{ seconds_between('inside_from', 'inside_until') }}) as bigint) as connected_seconds
    from cut
    where inside_until > inside_from
    group by call_id, endpoint_code, report_date
)

select * from final
