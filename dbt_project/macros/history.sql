{#-
    What was known of a record, and when.

    A history model brings the rows of every load that ever was in force, each with the interval in which it was
    (in_force_from, in_force_until of core.load_history). What is known of a key can change only at the ends of these
    intervals, its moments. At each moment the rows then in force tell the record, by the same rule as the fact's;
    where none does any more, the record is gone. Moments at which nothing changed are left out, so that a file sent
    again does not repeat its records.

    Use: the CTEs `moments` and `told` from the first two macros, a CTE that makes at most one record of the told rows
    of a key and a moment, with is_gone false (or true, where a row tells that there is none), then record_history().
-#}

{#- When something may have become known of a key: rows began or ceased to be in force. -#}
{% macro moments_of(rows_name, keys) -%}
    select
        {{ keys | join(', ') }},
        in_force_from as moment
    from {{ rows_name }}
    union
    select
        {{ keys | join(', ') }},
        in_force_until as moment
    from {{ rows_name }}
    where in_force_until is not null
{%- endmacro %}

{#- The rows in force at each moment of their key. -#}
{% macro told_at(moments_name, rows_name, keys) -%}
    select
        {{ rows_name }}.*,
        {{ moments_name }}.moment
    from {{ moments_name }}
    inner join {{ rows_name }}
        on
            {% for key in keys -%}
            {{ moments_name }}.{{ key }} = {{ rows_name }}.{{ key }} and
            {% endfor -%}
            {{ moments_name }}.moment >= {{ rows_name }}.in_force_from
            and ({{ rows_name }}.in_force_until is null or {{ moments_name }}.moment < {{ rows_name }}.in_force_until)
{%- endmacro %}

{#-
    One row for each stretch of time in which the same was known of a record. A record that is gone shows what was
    last known of it. `columns` are those of `records` that make its content; load_id is the load that first told it so.
-#}
{% macro record_history(moments_name, records_name, keys, columns) -%}
    with states as (
        select
            {% for key in keys -%}
            {{ moments_name }}.{{ key }},
            {% endfor -%}
            {% for column in columns -%}
            {{ records_name }}.{{ column }},
            {% endfor -%}
            {{ records_name }}.load_id,
            {{ moments_name }}.moment as known_from,
            coalesce({{ records_name }}.is_gone, true) as is_gone,
            {{ records_name }}.is_gone is null as is_untold
        from {{ moments_name }}
        left join {{ records_name }}
            on
                {% for key in keys -%}
                {{ moments_name }}.{{ key }} = {{ records_name }}.{{ key }} and
                {% endfor -%}
                {{ moments_name }}.moment = {{ records_name }}.moment
    ),

    changes as (
        select *
        from states
        qualify
            {{ record_of(['is_gone', 'is_untold'] + columns) }} is distinct from
            lag({{ record_of(['is_gone', 'is_untold'] + columns) }})
                over (partition by {{ keys | join(', ') }} order by known_from)
    ),

    stretches as (
        select
            {% for key in keys -%}
            {{ key }},
            {% endfor -%}
            {% for column in columns + ['load_id'] -%}
            case when is_untold then lag({{ column }}) over by_key else {{ column }} end as {{ column }},
            {% endfor -%}
            known_from,
            lead(known_from) over by_key as known_until,
            is_gone,
            -- What was never more than absent ends without being gone twice.
            is_untold and coalesce(lag(is_gone) over by_key, false) as is_void
        from changes
        window by_key as (partition by {{ keys | join(', ') }} order by known_from)
    )

    select
        {{ (keys + columns) | join(', ') }},
        known_from,
        known_until,
        is_gone,
        load_id
    from stretches
    where not is_void
{%- endmacro %}
