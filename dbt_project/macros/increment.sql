{#-
    How what grows with history stays equal to a full rebuild while paying only for what changed.

    A model that is built by increments leaves beside it, in schema staging, two tables:

    - <model>__seen: what it was last built from. Its basis: the checksums of its own file, of the macros and of every
      model and seed above it. The loads of its dataset, if it reads one. And of every model that it reads, the number
      of the last change that it has seen.
    - <model>__changes: the rows that its builds took out and put in (is_put_in), numbered build by build; a row that left and came
      back the same is none. After a whole build one empty row marked is_whole stands for all of them.

    Before it builds, a model asks what it has not seen: which loads came into force or ceased to be, and which rows the
    models above it changed. From these follow its touched keys (dossiers, or units and days, or months). Their rows
    leave, and the model computes them again from all that it reads. Where its basis differs, or a model above was
    rebuilt whole, all rows leave: a changed rule or reference table needs nobody to remember --full-refresh.

    Taking out, putting in, numbering and remembering happen in the model's one transaction (hooks inside it). So a kill,
    a failure of a model further down, or a build of some models only leaves every model with a true account of what it
    stands on; whoever lags behind catches up with its next build. Whatever a model reads that is neither built so nor
    made of seeds alone must be among its inputs; tests/pipeline/test_increments.py sees to that.

    A whole build of a table that may outgrow the memory goes part by part (in_parts): each part has its share of the keys.

    Rows lie in raw as they came, day after day. A model that keeps the earliest time of a key's rows (earliest: the rows'
    column and its own) reads them from the earliest touched one on, and not the years before.

    Use: a model begins with built_by_loads(dataset, keys) or built_by_changes(keys, inputs), and says touched(columns)
    where it reads what it builds. A small table is built whole and only tells its changes: told_by_changes().
-#}


{#-
    Built by the loads of a dataset (or of all) that changed: `keys` are columns of `rows_of_loads`, by default the
    dataset's raw table. What else it reads are its `inputs`, as below.
-#}
{% macro built_by_loads(dataset, keys, is_history=false, rows_of_loads=none, inputs=[], in_parts=false, earliest=none) -%}
    {%- if not execute %}{% do ref('load_history' if is_history else 'stg_loads_in_force') %}{% endif -%}
    {{ built_by({
        'reads_loads': true, 'dataset': dataset, 'keys': keys, 'is_history': is_history,
        'rows_of_loads': rows_of_loads, 'inputs': inputs, 'in_parts': in_parts, 'earliest': earliest,
    }) }}
{%- endmacro %}

{#-
    Built by the changes of the models that it reads: `inputs` has, for each way in which a change touches a key, the
    model, an expression for each key, and a join where one is needed. every_unit.unit_code stands for all units.
    Where the model reads the rows of a dataset too, `join` finds the keys that a row touches.
-#}
{% macro built_by_changes(keys, inputs, dataset=none, join=none) -%}
    {#- Only to build in order: a unit test has no such input. -#}
    {%- if not execute %}{% do ref('dim_unit') %}{% endif -%}
    {%- if dataset and not execute %}{% do ref('stg_loads_in_force') %}{% endif -%}
    {{ built_by({
        'reads_loads': dataset is not none, 'dataset': dataset, 'keys': keys, 'join': join, 'inputs': inputs,
    }) }}
{%- endmacro %}

{% macro built_by(increment) -%}
    {{ config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook=['{{ take_touched() }}'],
        post_hook=['{{ build_other_parts() }}', '{{ tell_changes() }}', '{{ remember_inputs() }}'],
        meta={'increment': increment},
    ) }}
{%- endmacro %}

{#- Built whole, each time; what it changed is told. -#}
{% macro told_by_changes() -%}
    {{ config(
        pre_hook=['{{ take_all() }}'],
        post_hook=['{{ tell_changes() }}', '{{ remember_inputs() }}'],
        meta={'increment': {'reads_loads': false, 'keys': [], 'inputs': []}},
    ) }}
{%- endmacro %}


{#- Tables beside a model. The temporary ones belong to the connection, and are made anew for each build. -#}
{% macro changes_of(model_name) -%}
    {{ return(api.Relation.create(
        database=target.database, schema='staging', identifier=model_name ~ '__changes', type='table'
    )) }}
{%- endmacro %}

{% macro seen_by(model_name) -%}
    {{ return(api.Relation.create(
        database=target.database, schema='staging', identifier=model_name ~ '__seen', type='table'
    )) }}
{%- endmacro %}

{% macro touched_keys() -%}
    {{ return('touched_' ~ this.identifier) }}
{%- endmacro %}

{% macro taken_rows() -%}
    {{ return('taken_' ~ this.identifier) }}
{%- endmacro %}

{% macro taken_places() -%}
    {{ return('places_' ~ this.identifier) }}
{%- endmacro %}

{#- Where the last row lies that was there before the build put rows in. -#}
{% macro last_place() -%}
    {{ return('last_place_' ~ this.identifier) }}
{%- endmacro %}

{% macro first_touched() -%}
    {{ return('first_touched_' ~ this.identifier) }}
{%- endmacro %}

{#- Keys that tell a time. -#}
{% macro day_keys() -%}
    {{ return(['period', 'report_date', 'flow_date']) }}
{%- endmacro %}

{% macro earliest_taken() -%}
    {{ return('earliest_taken_' ~ this.identifier) }}
{%- endmacro %}

{% macro earliest_touched() -%}
    {{ return('earliest_' ~ this.identifier) }}
{%- endmacro %}


{#-
    In a model: the rest of a condition that keeps these columns to the touched keys; in a whole build nothing, or what
    keeps them to the first part. Whoever is built in parts says it once, of all its keys; whoever keeps the earliest time
    of a key's rows says which column has it.
-#}
{% macro touched(columns, keys=none, opening='and', time_column=none) -%}
    {%- if is_partial() -%}
        {{ opening }} ({{ columns | join(', ') }}) in (
            select {% for key in keys or columns %}touched.{{ key.split('.')[-1] }}{{ ', ' if not loop.last }}{% endfor %}
            from {{ touched_keys() }} as touched
        )
        {%- if time_column %}
        and {{ time_column }} >= {{ remembered(earliest_touched()) }}
        {%- endif %}
    {%- elif parts_of_whole_build() > 1 -%}
        {{ opening }} {{ hash_of(columns) }} {{ part_of_whole_build(0) }}
    {%- endif -%}
{%- endmacro %}

{#-
    In a model whose keys have a day or a month: the rest of a condition that keeps the rows of which one of these dates
    is not before the first that is touched. What a row is joined with is then not looked up for the years before.
-#}
{% macro not_before_touched(dates, opening='and') -%}
    {%- if is_partial() -%}
        {%- set first = remembered(first_touched()) -%}
        {%- if 'period' in config.get('meta').increment['keys'] %}{% set first = first_day_of_period(first) %}{% endif -%}
        {{ opening }} greatest({{ dates | join(', ') }}) >= {{ first }}
    {%- endif -%}
{%- endmacro %}

{#-
    Ends a large model that keeps the earliest time of a key's rows, or whose keys have a day: a whole build lays the
    rows by it, as days will lay theirs, so that what looks for some days reads no others.
-#}
{% macro laid_by_time() -%}
    {%- if execute and model.resource_type == 'model' and not is_incremental() -%}
        {%- set increment = config.get('meta').increment -%}
        order by {{ increment.earliest[1] if increment.earliest else increment['keys'] | select('in', day_keys()) | first }}
    {%- endif -%}
{%- endmacro %}

{#- In how many parts a whole build goes. -#}
{% macro parts_of_whole_build() -%}
    {%- set is_model = execute and model.resource_type == 'model' -%}
    {%- if not is_model or not config.get('meta').increment.in_parts or is_incremental() -%}
        {{ return(1) }}
    {%- endif -%}
    {%- if '_parts' not in model -%}
        {%- set rows = first_value('select count(*) from ' ~ raw_source(config.get('meta').increment.dataset)) -%}
        {%- do model.update({'_parts': rows // var('rows_of_a_part', 8000000) + 1}) -%}
    {%- endif -%}
    {{ return(model['_parts']) }}
{%- endmacro %}

{% macro part_of_whole_build(number) -%}
    {{ return('% ' ~ parts_of_whole_build() ~ ' = ' ~ number ~ ' /* part */') }}
{%- endmacro %}

{#- Post-hook: what the model's own SQL says, of each part but the first. -#}
{% macro build_other_parts() -%}
    {%- for number in range(1, parts_of_whole_build() if execute else 1) %}
    insert into {{ this }} by name
    {{ sql | replace(part_of_whole_build(0), part_of_whole_build(number)) }};
    {%- endfor %}
{%- endmacro %}

{#- Whether the touched keys alone are built. -#}
{% macro is_partial() -%}
    {{ return(execute and model.resource_type == 'model' and is_incremental()) }}
{%- endmacro %}

{#-
    Dbt's own question, answered for increments too: a model is built whole, as a new table, when it is asked for, when
    its basis differs (it may have other columns now), or when something above changed by more than its numbered changes.
-#}
{% macro should_full_refresh() -%}
    {#- A model that says nothing of it has the key all the same, with nothing in it. -#}
    {%- set asked_for = config.get('full_refresh') -%}
    {%- if (flags.FULL_REFRESH if asked_for is none else asked_for) -%}
        {{ return(true) }}
    {%- endif -%}
    {%- set is_increment = model.resource_type == 'model' and config.get('meta', {}).get('increment') -%}
    {%- if not execute or not is_increment or config.get('materialized') != 'incremental' -%}
        {{ return(false) }}
    {%- endif -%}
    {#- Asked for many times while a model is compiled, and the answer is that of before its build: looked up once. -#}
    {%- if '_is_built_whole' not in model -%}
        {%- do model.update({'_is_built_whole': stands_on_what_it_cannot_follow()}) -%}
    {%- endif -%}
    {{ return(model['_is_built_whole']) }}
{%- endmacro %}

{#- One question to the warehouse, however many inputs: each costs dbt more than it costs DuckDB. -#}
{% macro stands_on_what_it_cannot_follow() -%}
    {%- set seen = seen_by(this.identifier) -%}
    {%- if not is_there(seen) -%}
        {{ return(true) }}
    {%- endif -%}
    {%- set reasons = ["not exists (select 1 from " ~ seen ~ " where entry = '" ~ build_basis() ~ "')"] -%}
    {%- for input in input_models() -%}
        {%- do reasons.append(is_rebuilt(input, seen, input)) -%}
    {%- endfor -%}
    {{ return(first_value('select ' ~ reasons | join(' or '))) }}
{%- endmacro %}

{#- SQL: whether a model was built whole since the reader's entry, or not all that it changed since is told any more. -#}
{% macro is_rebuilt(input, seen, entry) -%}
    {%- if not is_there(changes_of(input)) -%}
        {{ return('true') }}
    {%- endif -%}
    {{ return(
        "(select coalesce(max(case when is_whole then change_number end) > max(entries.seen_number), false)"
        ~ " or coalesce(max(change_number) < max(entries.seen_number), true)"
        ~ " or coalesce(min(change_number) > max(entries.seen_number) + 1, true)"
        ~ " from " ~ changes_of(input)
        ~ " left join (select change_number as seen_number from " ~ seen ~ " where entry = '" ~ entry ~ "') as entries"
        ~ " on true)"
    ) }}
{%- endmacro %}

{#- Rows that a model took out or put in since this one last looked. -#}
{% macro unseen(input) -%}
    (
        select * from {{ changes_of(input) }}
        where
            not is_whole
            and change_number > (
                select seen.change_number from {{ seen_by(this.identifier) }} as seen
                where seen.entry = '{{ input }}'
            )
    )
{%- endmacro %}

{% macro input_models() -%}
    {{ return(config.get('meta').increment.inputs | map('first') | unique | list) }}
{%- endmacro %}

{#-
    Whether a table was there when dbt began. One that came since is the first of its kind, so whoever asks treats it as
    built whole, which it was.
-#}
{% macro is_there(relation) -%}
    {{ return(load_cached_relation(relation) is not none) }}
{%- endmacro %}

{% macro first_value(query) -%}
    {{ return(run_query(query).columns[0].values()[0]) }}
{%- endmacro %}

{#- The checksums of this model and of everything above it, as one short text. -#}
{% macro build_basis() -%}
    {%- set waiting = [model.unique_id] -%}
    {%- set above = [] -%}
    {%- for _ in range(400) if waiting -%}
        {%- set node_id = waiting.pop() -%}
        {%- if node_id in graph.nodes and node_id not in above -%}
            {%- do above.append(node_id) -%}
            {%- do waiting.extend(graph.nodes[node_id].depends_on.nodes) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set checksums = [] -%}
    {%- for node_id in above | sort -%}
        {%- do checksums.append(node_id ~ '=' ~ graph.nodes[node_id].checksum.checksum) -%}
    {%- endfor -%}
    {#- The macros too: a changed one would leave the old rows under the old rule. And what the contracts say of whom. -#}
    {%- do checksums.append(env_var('KHOTINH_MACROS_SHA256', '')) -%}
    {%- if model.name == 'completeness_subjects' %}{% do checksums.append(subjects_asked()) %}{% endif -%}
    {{ return('basis:' ~ local_md5(checksums | join(';'))) }}
{%- endmacro %}


{#- Pre-hook: the touched keys, their old rows set aside, and out of the model. -#}
{% macro take_touched() -%}
    {%- if execute %}
    {%- set increment = config.get('meta').increment %}
    drop table if exists {{ touched_keys() }};
    drop table if exists {{ taken_rows() }};
    {%- if is_partial() %}
    {%- do model.update({'_rows_are_taken': true}) %}
    create temporary table {{ touched_keys() }} as
    {%- if increment.reads_loads %}
    select * from ({{ keys_of_changed_loads(increment) }}) as of_loads
    {%- endif %}
    {{ 'union' if increment.reads_loads and increment.inputs }}
    {%- if increment.inputs %}
    select * from ({{ keys_of_unseen_changes(increment) }}) as of_models
    {%- endif %};
    {%- for key in increment['keys'] if key in day_keys() %}
    {{ remember(first_touched(), 'select min(' ~ key ~ ') from ' ~ touched_keys()) }};
    {%- endfor %}
    {#- Of all rows only the keys are read. The rows that are touched lie together, where the model lays them by time. -#}
    drop table if exists {{ taken_places() }};
    create temporary table {{ taken_places() }} as
    select built.{{ row_place() }} as place{% if increment.earliest %}, built.{{ increment.earliest[1] }} as earliest{% endif %}
    from {{ this }} as built
    where {{ is_touched('built', increment['keys']) }}
    {%- for key in increment['keys'] if key in day_keys() %} and built.{{ key }} >= {{ remembered(first_touched()) }}{% endfor %};
    {%- if increment.earliest %}
    {{ remember(earliest_taken(), 'select min(earliest) from ' ~ taken_places()) }};
    {%- endif %}
    create temporary table {{ taken_rows() }} as
    select built.* from {{ this }} as built
    where built.{{ row_place() }} in (select taken.place from {{ taken_places() }} as taken)
    {%- if increment.earliest %} and built.{{ increment.earliest[1] }} >= {{ remembered(earliest_taken()) }}{% endif %};
    {%- if increment.earliest %}
    {{ remember(
        earliest_touched(),
        "select least(" ~ remembered(earliest_taken()) ~ ", min(" ~ increment.earliest[0] ~ ")) from ("
        ~ rows_of_changed_loads(increment) ~ ") as rows_of_loads"
    ) }};
    {%- endif %}
    delete from {{ this }}
    where {{ row_place() }} in (select taken.place from {{ taken_places() }} as taken);
    {{ remember(last_place(), 'select coalesce(max(' ~ row_place() ~ '), -1) from ' ~ this) }};
    {%- endif %}
    {%- endif %}
{%- endmacro %}

{#- Pre-hook of a table that is built whole: all of it set aside. -#}
{% macro take_all() -%}
    {%- if execute %}
    drop table if exists {{ taken_rows() }};
    {%- if load_cached_relation(this) is not none and not should_full_refresh() and not stands_on_what_it_cannot_follow() %}
    {%- do model.update({'_rows_are_taken': true}) %}
    create temporary table {{ taken_rows() }} as
    select * from {{ this }};
    {%- endif %}
    {%- endif %}
{%- endmacro %}

{% macro is_touched(relation_name, keys) -%}
    exists (
        select 1 from {{ touched_keys() }} as touched
        where {% for key in keys %}touched.{{ key }} = {{ relation_name }}.{{ key }}
            {%- if not loop.last %} and {% endif %}{% endfor %}
    )
{%- endmacro %}

{% macro keys_of_changed_loads(increment) -%}
    select distinct {{ increment['keys'] | join(', ') }}
    from ({{ rows_of_changed_loads(increment) }}) as rows_of_loads
    {{ increment.join or '' }}
{%- endmacro %}

{#- The loads that changed are the difference between those now in force and those seen, in both directions. -#}
{% macro rows_of_changed_loads(increment) -%}
    select * from {{ increment.rows_of_loads or raw_source(increment.dataset) }}
    where load_id in (
        select split_part(coalesce(now_in_force.entry, built_from.entry), ' ', 1)
        from ({{ loads_to_build_from(increment) }}) as now_in_force
        full outer join (
            select entry from {{ seen_by(this.identifier) }}
            where change_number is null
        ) as built_from on now_in_force.entry = built_from.entry
        where now_in_force.entry is null or built_from.entry is null
    )
{%- endmacro %}

{% macro keys_of_unseen_changes(increment) -%}
    select distinct {{ increment['keys'] | join(', ') }}
    from (
        {%- for input in increment.inputs %}
        select
            {%- for key in increment['keys'] %}
            {{ input[1][loop.index0] }} as {{ key }}{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ unseen(input[0]) }} as changes
        {{ input[2] if input | length > 2 }}
        {%- if 'every_unit.unit_code' in input[1] %}
        cross join (select distinct unit_code from {{ ref('dim_unit') }}) as every_unit
        {%- endif %}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as touched
    where {% for key in increment['keys'] %}{{ key }} is not null{{ ' and ' if not loop.last }}{% endfor %}
{%- endmacro %}

{#- An entry names a load; of a history also since when and until when it was in force (a load id has no space in it). -#}
{% macro loads_to_build_from(increment) -%}
    select
        {% if increment.is_history -%}
        concat_ws(' ', load_id, cast(in_force_from as varchar), cast(in_force_until as varchar)) as entry
        {%- else -%}
        load_id as entry
        {%- endif %}
    from {{ ref('load_history' if increment.is_history else 'stg_loads_in_force') }}
    {% if increment.dataset %}where dataset = '{{ increment.dataset }}'{% endif %}
{%- endmacro %}


{#- Post-hook: what this build took out and put in, under the next number; or that everything is new. -#}
{% macro tell_changes() -%}
    {%- if execute %}
    {%- set changes = changes_of(this.identifier) -%}
    {%- set keys = config.get('meta').increment['keys'] -%}
    {%- if model['_rows_are_taken'] and is_there(changes) %}
    insert into {{ changes }} by name
    with put_in as (
        select built.* from {{ this }} as built
        {% if keys %}where built.{{ row_place() }} > {{ remembered(last_place()) }}{% endif %}
    )
    select
        (select coalesce(max(change_number), 0) + 1 from {{ changes }}) as change_number,
        false as is_whole,
        differing.*
    from (
        select
            false as is_put_in,
            gone.*
        from (select * from {{ taken_rows() }} except all select * from put_in) as gone
        union all
        select
            true as is_put_in,
            came.*
        from (select * from put_in except all select * from {{ taken_rows() }}) as came
    ) as differing;
    delete from {{ changes }}
    where change_number <= (select max(newest.change_number) from {{ changes }} as newest) - {{ kept_changes() }}
    {%- else %}
    create table if not exists {{ changes }} as select cast(0 as bigint) as change_number;
    create or replace table {{ changes }} as
    select
        (select coalesce(max(change_number), 0) + 1 from {{ changes }}) as change_number,
        true as is_whole,
        cast(null as boolean) as is_put_in,
        built.*
    from (select 1 as one) as everything
    left join (select * from {{ this }} limit 0) as built on true
    {%- endif %}
    {%- endif %}
{%- endmacro %}

{#- So many builds are told. Whoever lags further behind is built, or checked, whole. -#}
{% macro kept_changes() -%}
    {{ return(14) }}
{%- endmacro %}

{#- Post-hook: what the model now stands on. -#}
{% macro remember_inputs() -%}
    {%- if execute %}
    {%- set increment = config.get('meta').increment %}
    create or replace table {{ seen_by(this.identifier) }} as
    select
        '{{ build_basis() }}' as entry,
        cast(0 as bigint) as change_number
    {%- for input in input_models() %}
    union all
    select
        '{{ input }}' as entry,
        coalesce((select max(change_number) from {{ changes_of(input) }}), 0) as change_number
    {%- endfor %}
    {%- if increment.reads_loads %}
    union all
    select
        entry,
        cast(null as bigint) as change_number
    from ({{ loads_to_build_from(increment) }}) as loads
    {%- endif %}
    {%- endif %}
{%- endmacro %}
