{#-
    Where engines differ in silence, a model calls one of these. Each has the SQL-standard form as its default
    and DuckDB's own form beside it; another engine adds a third and touches no model.
-#}

{#- Tables that the pipeline writes. -#}
{% macro raw_source(dataset) -%}
    {{ source('raw', dataset) }}
{%- endmacro %}

{% macro ops_source(table_name) -%}
    {{ source('ops', table_name) }}
{%- endmacro %}


{#- Whole days from one date to another (negative when the second is earlier). -#}
{% macro days_between(from_date, to_date) -%}
    {{ return(adapter.dispatch('days_between', 'khotinh')(from_date, to_date)) }}
{%- endmacro %}

{% macro default__days_between(from_date, to_date) -%}
    datediff({{ to_date }}, {{ from_date }})
{%- endmacro %}

{% macro duckdb__days_between(from_date, to_date) -%}
    date_diff('day', {{ from_date }}, {{ to_date }})
{%- endmacro %}


{#- A date so many days later. -#}
{% macro add_days(date_expression, day_count) -%}
    {{ return(adapter.dispatch('add_days', 'khotinh')(date_expression, day_count)) }}
{%- endmacro %}

{% macro default__add_days(date_expression, day_count) -%}
    date_add({{ date_expression }}, {{ day_count }})
{%- endmacro %}

{% macro duckdb__add_days(date_expression, day_count) -%}
    cast({{ date_expression }} + to_days({{ day_count }}) as date)
{%- endmacro %}


{#- Whole seconds from one timestamp to another. -#}
{% macro seconds_between(from_time, to_time) -%}
    {{ return(adapter.dispatch('seconds_between', 'khotinh')(from_time, to_time)) }}
{%- endmacro %}

{% macro default__seconds_between(from_time, to_time) -%}
    timestampdiff(second, {{ from_time }}, {{ to_time }})
{%- endmacro %}

{#- date_sub counts whole seconds that passed; date_diff counts boundaries crossed. -#}
{% macro duckdb__seconds_between(from_time, to_time) -%}
    date_sub('second', {{ from_time }}, {{ to_time }})
{%- endmacro %}


{#- A timestamp so many seconds later. -#}
{% macro add_seconds(time_expression, second_count) -%}
    {{ return(adapter.dispatch('add_seconds', 'khotinh')(time_expression, second_count)) }}
{%- endmacro %}

{% macro default__add_seconds(time_expression, second_count) -%}
    timestampadd(second, {{ second_count }}, {{ time_expression }})
{%- endmacro %}

{% macro duckdb__add_seconds(time_expression, second_count) -%}
    ({{ time_expression }} + to_seconds({{ second_count }}))
{%- endmacro %}


{#- The local time of milliseconds since 1970-01-01 UTC: Asia/Ho_Chi_Minh is seven hours ahead, all year since 1975. -#}
{% macro local_time_of_milliseconds(milliseconds) -%}
    {{ return(adapter.dispatch('local_time_of_milliseconds', 'khotinh')(milliseconds)) }}
{%- endmacro %}

{% macro default__local_time_of_milliseconds(milliseconds) -%}
    timestampadd(millisecond, ({{ milliseconds }}) + 25200000, timestamp '1970-01-01 00:00:00')
{%- endmacro %}

{% macro duckdb__local_time_of_milliseconds(milliseconds) -%}
    epoch_ms(({{ milliseconds }}) + 25200000)
{%- endmacro %}


{#- The different values of a group in order, as one text. -#}
{% macro distinct_list(expression, separator=', ') -%}
    {{ return(adapter.dispatch('distinct_list', 'khotinh')(expression, separator)) }}
{%- endmacro %}

{% macro default__distinct_list(expression, separator) -%}
    array_join(sort_array(collect_set({{ expression }})), '{{ separator }}')
{%- endmacro %}

{% macro duckdb__distinct_list(expression, separator) -%}
    string_agg(distinct {{ expression }}, '{{ separator }}' order by {{ expression }})
{%- endmacro %}


{#- Of a group's rows, the value in the one that comes last by these columns. -#}
{% macro value_at_last(expression, order_columns) -%}
    {{ return(adapter.dispatch('value_at_last', 'khotinh')(expression, order_columns)) }}
{%- endmacro %}

{% macro default__value_at_last(expression, order_columns) -%}
    max_by({{ expression }}, struct({{ order_columns | join(', ') }}))
{%- endmacro %}

{% macro duckdb__value_at_last(expression, order_columns) -%}
    arg_max({{ expression }}, row({{ order_columns | join(', ') }}))
{%- endmacro %}


{#- The calendar's last day: three years on, so that no due date runs out of it and no year ends it. -#}
{% macro last_calendar_date() -%}
    {{ return((run_started_at.year + 3) ~ '-12-31') }}
{%- endmacro %}


{#- A table of every day from the first to the last, both included, in the column date_day. -#}
{% macro date_spine_days(first_date, last_date) -%}
    {{ return(adapter.dispatch('date_spine_days', 'khotinh')(first_date, last_date)) }}
{%- endmacro %}

{% macro default__date_spine_days(first_date, last_date) -%}
    (select explode(sequence(date '{{ first_date }}', date '{{ last_date }}', interval 1 day)) as date_day)
{%- endmacro %}

{% macro duckdb__date_spine_days(first_date, last_date) -%}
    (
        select cast(days.generate_series as date) as date_day
        from generate_series(date '{{ first_date }}', date '{{ last_date }}', interval 1 day) as days
    )
{%- endmacro %}


{#- A date's ISO day of the week: Monday is 1, Sunday 7. -#}
{% macro iso_weekday(date_expression) -%}
    {{ return(adapter.dispatch('iso_weekday', 'khotinh')(date_expression)) }}
{%- endmacro %}

{% macro default__iso_weekday(date_expression) -%}
    (weekday({{ date_expression }}) + 1)
{%- endmacro %}

{% macro duckdb__iso_weekday(date_expression) -%}
    isodow({{ date_expression }})
{%- endmacro %}


{#- The month of a date as the open-data rules write it: YYYYMM. -#}
{% macro month_period(date_expression) -%}
    {{ return(adapter.dispatch('month_period', 'khotinh')(date_expression)) }}
{%- endmacro %}

{% macro default__month_period(date_expression) -%}
    date_format({{ date_expression }}, 'yyyyMM')
{%- endmacro %}

{% macro duckdb__month_period(date_expression) -%}
    strftime({{ date_expression }}, '%Y%m')
{%- endmacro %}


{#- A share with six decimals; null where the denominator is zero or unknown. No double reaches a table. -#}
{% macro share(numerator, denominator) -%}
    cast(cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0) as decimal(18, 6))
{%- endmacro %}


{#- Columns as one value that can be compared, nulls included. -#}
{% macro record_of(columns) -%}
    {{ return(adapter.dispatch('record_of', 'khotinh')(columns)) }}
{%- endmacro %}

{% macro default__record_of(columns) -%}
    struct({{ columns | join(', ') }})
{%- endmacro %}

{% macro duckdb__record_of(columns) -%}
    row({{ columns | join(', ') }})
{%- endmacro %}


{#- One number for the contents of many rows, whatever their order: the sum of their hashes. -#}
{% macro sum_of_hashes(columns) -%}
    {{ return(adapter.dispatch('sum_of_hashes', 'khotinh')(columns)) }}
{%- endmacro %}

{% macro default__sum_of_hashes(columns) -%}
    sum(cast(xxhash64({{ columns | join(', ') }}) as decimal(38, 0)))
{%- endmacro %}

{% macro duckdb__sum_of_hashes(columns) -%}
    sum(hash({{ columns | join(', ') }}))
{%- endmacro %}


{#- A number of these columns' values, never below zero: what shares rows out. -#}
{% macro hash_of(columns) -%}
    {{ return(adapter.dispatch('hash_of', 'khotinh')(columns)) }}
{%- endmacro %}

{% macro default__hash_of(columns) -%}
    abs(xxhash64({{ columns | join(', ') }}))
{%- endmacro %}

{% macro duckdb__hash_of(columns) -%}
    hash({{ columns | join(', ') }})
{%- endmacro %}


{#- The column that tells a row's place in its table; a row that is put in lies behind all that were there. -#}
{% macro row_place() -%}
    {{ return(adapter.dispatch('row_place', 'khotinh')()) }}
{%- endmacro %}

{% macro default__row_place() -%}
    {{ exceptions.raise_compiler_error('Name the column of this engine that tells the place of a row.') }}
{%- endmacro %}

{% macro duckdb__row_place() -%}
    rowid
{%- endmacro %}


{#- A value kept for the connection, so that the engine knows it when it plans what to read. -#}
{% macro remember(name, query) -%}
    {{ return(adapter.dispatch('remember', 'khotinh')(name, query)) }}
{%- endmacro %}

{% macro default__remember(name, query) -%}
    set variable {{ name }} = ({{ query }})
{%- endmacro %}

{% macro remembered(name) -%}
    {{ return(adapter.dispatch('remembered', 'khotinh')(name)) }}
{%- endmacro %}

{% macro default__remembered(name) -%}
    session.{{ name }}
{%- endmacro %}

{% macro duckdb__remembered(name) -%}
    getvariable('{{ name }}')
{%- endmacro %}
