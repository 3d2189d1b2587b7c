{#-
    How checks pay only for what changed, too.

    A check of rows, or of rows that share a key, cannot fail on rows that nobody touched since it last passed. So each
    test keeps account of the last change that it has passed on, in staging.tests__seen, and looks at what changed
    since, whichever builds that took: a test that failed, or that was never reached, looks at all of it again. A model
    that was rebuilt whole is checked whole; so is everything after a test was changed. `--vars 'check_everything: true'`
    checks whole at any time.

    Generic tests of models built by increments are limited so without a word; a singular test says unchecked().
-#}

{#-
    dbt's own hook for what a generic test looks at. A rule of single rows looks at the rows that the last build put in,
    where they are told, if it passed on all before them; another, at the rows that share a key with what changed.
-#}
{% macro get_where_subquery(relation) -%}
    {%- set conditions = [config.get('where')] if config.get('where') else [] -%}
    {%- set looked_at = {'relation': relation} -%}
    {%- for node in (graph.nodes.values() if execute else []) if node.name == relation.identifier -%}
        {%- set keys = (node.config.meta.get('increment') or {}).get('keys') -%}
        {%- if keys and is_rule_of_rows() and has_one_build_unchecked(relation.identifier) -%}
            {%- do looked_at.update({'relation': changes_of(relation.identifier)}) -%}
            {%- do conditions.append('is_put_in and ' ~ is_unseen_by_test(relation.identifier)) -%}
        {%- elif keys -%}
            {%- set day_key = keys | select('in', day_keys()) | first -%}
            {%- set scope = unchecked(keys, [(relation.identifier, keys)], '', day_key) | trim -%}
            {%- if scope %}{% do conditions.append(scope) %}{% endif -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if conditions -%}
        {{ return(
            '(select * from ' ~ looked_at.relation ~ ' where ' ~ conditions | join(' and ') ~ ') dbt_subquery'
        ) }}
    {%- endif -%}
    {{ return(relation) }}
{%- endmacro %}

{% macro is_rule_of_rows() -%}
    {{ return(model.test_metadata.name in ['accepted_values', 'expression_is_true', 'not_null', 'relationships']) }}
{%- endmacro %}

{#- What was put in before the last build may be gone again, and then it breaks no rule. -#}
{% macro has_one_build_unchecked(model_name) -%}
    {%- if is_all_unchecked([(model_name, none)]) -%}
        {{ return(false) }}
    {%- endif -%}
    {{ return(first_value(
        "select count(distinct change_number) <= 1 from " ~ changes_of(model_name) ~ " where "
        ~ is_unseen_by_test(model_name)
    )) }}
{%- endmacro %}

{#-
    The rest of a condition that keeps these columns to what changed since the test last passed; nothing where all is to
    be checked. `changed` has, for each model that can break the rule, its name and the expressions of its changes that
    say where.

    `laid_by` is a column of the models and of their changes, by which their rows lie: what lies before the earliest
    change is not read. Only for a column of the key, or where a rule compares what two models hold of the same record:
    a row before the earliest that changed did not change in either.
-#}
{% macro unchecked(columns, changed, opening='where', laid_by=none) -%}
    {%- if not is_all_unchecked(changed) -%}
        {{ opening }} ({{ columns | join(', ') }}) in (
            {%- for model_name, expressions in changed %}
            select {{ expressions | join(', ') }} from {{ unseen_by_test(model_name) }}
            {{ 'union' if not loop.last }}
            {%- endfor %}
        )
        {%- if laid_by %}
        and {{ laid_by }} >= {{ earliest_unchecked(changed, laid_by) }}
        {%- endif %}
    {%- endif -%}
{%- endmacro %}

{#- The same for a column with days, of models whose changes tell a month. -#}
{% macro not_before_unchecked_month(day_column, changed) -%}
    {%- if not is_all_unchecked(changed) -%}
        and {{ day_column }} >= {{ first_day_of_period(earliest_unchecked(changed) | replace('-', '')) }}
    {%- endif -%}
{%- endmacro %}

{% macro is_all_unchecked(changed) -%}
    {%- if not execute or var('check_everything', false) or not is_there(tests_seen()) -%}
        {{ return(true) }}
    {%- endif -%}
    {%- set reasons = [] -%}
    {%- for model_name, _ in changed -%}
        {%- do reasons.append(is_rebuilt(model_name, tests_seen(), test_entry(model, model_name))) -%}
    {%- endfor -%}
    {{ return(first_value('select ' ~ reasons | join(' or '))) }}
{%- endmacro %}

{#- The earliest change as a literal, of a column or else of the first expression; none lies after all there is. -#}
{% macro earliest_unchecked(changed, column=none) -%}
    {%- set earliest = [] -%}
    {%- for model_name, expressions in changed -%}
        {%- do earliest.append(
            "select min(" ~ (column or expressions[0]) ~ ") as earliest from " ~ unseen_by_test(model_name)
        ) -%}
    {%- endfor -%}
    {%- set found = first_value("select cast(min(earliest) as varchar) from (" ~ earliest | join(' union all ') ~ ") as told") -%}
    {{ return("'" ~ (found or '9999-12-31') ~ "'") }}
{%- endmacro %}

{% macro unseen_by_test(model_name) -%}
    (select * from {{ changes_of(model_name) }} where {{ is_unseen_by_test(model_name) }}) as unseen
{%- endmacro %}

{% macro is_unseen_by_test(model_name) -%}
    change_number > (
        select seen.change_number from {{ tests_seen() }} as seen
        where seen.entry = '{{ test_entry(model, model_name) }}'
    )
{%- endmacro %}

{% macro tests_seen() -%}
    {{ return(api.Relation.create(database=target.database, schema='staging', identifier='tests__seen', type='table')) }}
{%- endmacro %}

{% macro test_entry(test, model_name) -%}
    {{ return(local_md5(test.unique_id ~ test.checksum.checksum) ~ ' ' ~ model_name) }}
{%- endmacro %}

{#- On-run-end: up to which change each test has passed. One that warned has not passed. -#}
{% macro remember_tests(results) -%}
    {%- set built = results | selectattr('status', 'equalto', 'success') | map(attribute='node.name') | list -%}
    {%- set passed = [] -%}
    {%- set model_names = [] -%}
    {%- for result in results if result.node.resource_type == 'test' and result.status == 'pass' -%}
        {%- for node_id in result.node.depends_on.nodes if is_told_by_changes(node_id) -%}
            {%- set model_name = graph.nodes[node_id].name -%}
            {%- if model_name in built or is_there(changes_of(model_name)) -%}
                {%- do model_names.append(model_name) -%}
                {%- do passed.append("('" ~ test_entry(result.node, model_name) ~ "', '" ~ model_name ~ "')") -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if passed %}
    create table if not exists {{ tests_seen() }} (entry varchar, change_number bigint);
    create or replace temporary table tests_passed as
    select passed.entry, changes.change_number
    from (values {{ passed | join(', ') }}) as passed (entry, model_name)
    inner join (
        {%- for model_name in model_names | unique %}
        select '{{ model_name }}' as model_name, max(change_number) as change_number from {{ changes_of(model_name) }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as changes on passed.model_name = changes.model_name;
    delete from {{ tests_seen() }} where entry in (select passed.entry from tests_passed as passed);
    insert into {{ tests_seen() }} select entry, change_number from tests_passed
    {%- endif %}
{%- endmacro %}

{% macro is_told_by_changes(node_id) -%}
    {{ return(node_id in graph.nodes and graph.nodes[node_id].config.meta.get('increment') is not none) }}
{%- endmacro %}
