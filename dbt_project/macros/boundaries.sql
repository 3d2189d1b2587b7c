{#-
    A unit-level mart on the boundaries of today: the figures of the units of any time, times the weight of
    unit_crosswalk, added up by the unit that stands there now. One macro for all of them, used by views: the daily
    build pays nothing for it, and no second copy of a mart can differ from the first.

    What no unit of today took over (districts and their offices) stands in rows without a unit: left out, the units
    would no longer add up to the province; put under H56, it would look like the province's own office.

    A published file is read under any name, so a view names schemas only, never the file.
-#}

{#-
    relation: the mart as reported, with a column unit_code.
    on_date: the date of a row, from `figures`; it tells which validity of a code is meant.
    keys: columns of the row's key besides unit_code.
    sums: columns to share out and add up.
    base: of which figure the assumed share is told.
    others: further columns by name, as aggregates over `figures` and `crosswalk`.
-#}
{% macro on_todays_boundaries(relation, on_date, keys, sums, base, others={}) -%}
    select
        {% for key in keys -%}
        figures.{{ key }},
        {% endfor -%}
        crosswalk.to_unit_code as unit_code,
        {% for column in sums -%}
        cast(sum(figures.{{ column }} * coalesce(crosswalk.weight, 1)) as decimal(24, 8)) as {{ column }},
        {% endfor -%}
        {% for name, expression in others.items() -%}
        {{ expression }} as {{ name }},
        {% endfor -%}
        coalesce(bool_or(crosswalk.is_assumption), false) as is_estimated,
        coalesce(
            {{ share(
                'sum(case when crosswalk.is_assumption then (' ~ base ~ ') * crosswalk.weight else 0 end)',
                'sum((' ~ base ~ ') * coalesce(crosswalk.weight, 1))'
            ) }},
            0
        ) as assumed_share
    from {{ relation.include(database=false) }} as figures
    left join {{ ref('unit_crosswalk').include(database=false) }} as crosswalk
        on
            figures.unit_code = crosswalk.from_unit_code
            and {{ on_date }} between crosswalk.applies_from and crosswalk.applies_until
    group by
        {% for key in keys -%}
        figures.{{ key }},
        {% endfor -%}
        crosswalk.to_unit_code
{%- endmacro %}

{#- The first day of a month that is written YYYYMM. -#}
{% macro first_day_of_period(period) -%}
    cast(substr({{ period }}, 1, 4) || '-' || substr({{ period }}, 5, 2) || '-01' as date)
{%- endmacro %}

{#-
    The value of an indicator that was put together: recomputed from its numerator and denominator. A figure that
    nothing was added to keeps the value it was published with, whatever rule made it.
-#}
{% macro value_on_todays_boundaries() -%}
    case
        when part_count = 1 and is_whole then reported_value
        when denominator is null then cast(numerator as decimal(18, 6))
        else {{ share('numerator', 'denominator') }}
    end
{%- endmacro %}

{#-
    The newest day with figures, as a literal: only a constant reaches through a view to the rows below it; against a
    subquery every day would be put together first. While the warehouse is compiled before its first build there is none.
-#}
{% macro newest_day_with_figures() -%}
    {%- set coverage = ref('day_coverage') -%}
    {%- set is_built = execute and adapter.get_relation(coverage.database, coverage.schema, coverage.identifier) -%}
    {%- set newest = first_value('select max(report_date) from ' ~ coverage) if is_built -%}
    {{ return("cast('" ~ (newest or '1900-01-01') ~ "' as date)") }}
{%- endmacro %}
