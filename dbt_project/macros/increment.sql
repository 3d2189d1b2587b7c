{#-
    How the three big facts stay equal to a full rebuild while paying only for what changed.

    Beside each fact, in schema staging, the table <fact>__loads names the loads that the fact was last built from.
    The loads that changed are the difference between that set and the loads now in force, in both directions:
    a new load, a load that a corrected file replaced, an empty one, one whose verdict was changed. Every key with
    a row in a changed load is touched: its rows leave the fact, and the model computes them again from all rows
    in force. A key that no load in force holds any more thus vanishes.

    One more entry in the set is the basis: the checksums of the fact's own file, of every model and seed above it.
    When a rule or a reference table changes, the basis differs, every load counts as changed, and the fact
    is computed anew without anyone having to remember --full-refresh.

    Deleting, inserting and remembering happen in the model's one transaction (hooks inside it): a kill at any point
    leaves the old fact with the old set.

    A history (see history.sql) needs more: a load that was replaced still counts, and when it was replaced matters.
    With is_history=true the set names every load that ever was in force, each with its interval.

    Use: materialized='incremental', incremental_strategy='append', the two pre-hooks and the post-hook as in
    fct_dossier, and in the model `where key in (select touched.key from {{ touched_keys() }} as touched)` under is_incremental().
-#}

{% macro loads_of_fact() -%}
    {{ return(api.Relation.create(
        database=this.database, schema='staging', identifier=this.identifier ~ '__loads', type='table'
    )) }}
{%- endmacro %}

{#- A temporary table of this connection; it outlives the transaction by no more than the model. -#}
{% macro touched_keys() -%}
    {{ return('touched_' ~ this.identifier) }}
{%- endmacro %}

{#- The checksums of this model and of everything above it, as one short text. -#}
{% macro build_basis() -%}
    {%- set waiting = [model.unique_id] -%}
    {%- set seen = [] -%}
    {%- for _ in range(200) if waiting -%}
        {%- set node_id = waiting.pop() -%}
        {%- if node_id in graph.nodes and node_id not in seen -%}
            {%- do seen.append(node_id) -%}
            {%- do waiting.extend(graph.nodes[node_id].depends_on.nodes) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set checksums = [] -%}
    {%- for node_id in seen | sort -%}
        {%- do checksums.append(node_id ~ '=' ~ graph.nodes[node_id].checksum.checksum) -%}
    {%- endfor -%}
    {#- The macros too: a changed one would leave the old rows under the old rule. -#}
    {%- do checksums.append(env_var('KHOTINH_MACROS_SHA256', '')) -%}
    {{ return('basis:' ~ local_md5(checksums | join(';'))) }}
{%- endmacro %}

{#- What the fact should be built from now: the loads of its dataset that pass the gate, and its basis. -#}
{% macro loads_to_build_from(gate, dataset, is_history) -%}
    select
        {% if is_history -%}
        concat_ws(' ', load_id, cast(in_force_from as varchar), cast(in_force_until as varchar)) as load_id
        {%- else -%}
        load_id
        {%- endif %}
    from {{ gate }} where dataset = '{{ dataset }}'
    union all
    select '{{ build_basis() }}'
{%- endmacro %}

{#- An entry of a history's set is `load_id from until`; a load id has no space in it. -#}
{% macro load_of_entry(entry) -%}
    split_part({{ entry }}, ' ', 1)
{%- endmacro %}

{#- Pre-hook 1: the keys with a row in a load that changed. `keys` names columns of the dataset's raw table. -#}
{% macro collect_touched_keys(dataset, keys, is_history=false) -%}
    {%- set gate = ref('load_history') if is_history else ref('stg_loads_in_force') -%}
    {%- set raw_rows = raw_source(dataset) -%}
    {%- if execute and is_incremental() %}
    create table if not exists {{ loads_of_fact() }} (load_id varchar);
    create or replace temporary table {{ touched_keys() }} as
    with now_in_force as ({{ loads_to_build_from(gate, dataset, is_history) }}),
    built_from as (select load_id from {{ loads_of_fact() }}),
    differing as (
        select coalesce(now_in_force.load_id, built_from.load_id) as load_id
        from now_in_force
        full outer join built_from on now_in_force.load_id = built_from.load_id
        where now_in_force.load_id is null or built_from.load_id is null
    ),
    changed as (
        select load_id from differing
        union
        select load_id from (select load_id from now_in_force union select load_id from built_from) as every_load
        where exists (select 1 from differing where load_id like 'basis:%')
    )
    select distinct {{ keys | join(', ') }}
    from {{ raw_rows }}
    where load_id in (select {{ load_of_entry('load_id') }} from changed)
    {%- endif %}
{%- endmacro %}

{#- Pre-hook 2: their old rows leave. -#}
{% macro delete_touched_keys(keys) -%}
    {%- if execute and is_incremental() %}
    delete from {{ this }}
    where exists (
        select 1 from {{ touched_keys() }} as touched
        where {% for key in keys %}touched.{{ key }} = {{ this.identifier }}.{{ key }}
            {%- if not loop.last %} and {% endif %}{% endfor %}
    )
    {%- endif %}
{%- endmacro %}

{#- Post-hook: the set that the fact now stands on. -#}
{% macro remember_loads(dataset, is_history=false) -%}
    {%- set gate = ref('load_history') if is_history else ref('stg_loads_in_force') -%}
    {%- if execute %}
    create or replace table {{ loads_of_fact() }} as
    select load_id from ({{ loads_to_build_from(gate, dataset, is_history) }}) as loads
    {%- endif %}
{%- endmacro %}
