{#- A count is its numerator; a share its quotient; of nothing, what the registry's rule for an empty denominator says. -#}
{% macro indicator_value(numerator, denominator, value_of_nothing) -%}
    case
        when {{ denominator }} is null then cast({{ numerator }} as decimal(18, 6))
        when {{ denominator }} = 0 then cast({{ value_of_nothing }} as decimal(18, 6))
        else {{ share(numerator, denominator) }}
    end
{%- endmacro %}
