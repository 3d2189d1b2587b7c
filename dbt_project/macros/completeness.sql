{#-
    Whom the loads tell of: a row for each load and unit or endpoint that has a row in it. Which datasets are asked so,
    and in which column, is said by their contracts; it stands in the meta of the sources that are made of them.
-#}
{% macro subjects_told(loads_name) -%}
    {%- set selects = [] -%}
    {%- for node in (graph.sources.values() if execute else []) if node.meta.get('completeness_column') -%}
        {%- do selects.append(
            "select distinct loads.load_id, loads.dataset, loads.day, records."
            ~ node.meta.completeness_column ~ " as subject_code from " ~ node.relation_name ~ " as records inner join "
            ~ loads_name ~ " as loads on records.load_id = loads.load_id"
        ) -%}
    {%- endfor -%}
    {%- do selects.append(
        "select load_id, dataset, day, cast(null as varchar) as subject_code from " ~ loads_name ~ " where false"
    ) -%}
    {{ selects | join('\n    union all\n    ') }}
{%- endmacro %}

{#- What the contracts say of it: a model that is built from it stands on that too. -#}
{% macro subjects_asked() -%}
    {%- set asked = [] -%}
    {%- for node in graph.sources.values() if node.meta.get('completeness_column') -%}
        {%- do asked.append(node.name ~ '.' ~ node.meta.completeness_column) -%}
    {%- endfor -%}
    {{ return(asked | sort | join(' ')) }}
{%- endmacro %}
