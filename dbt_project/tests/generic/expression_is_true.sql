{#- Every row keeps the rule; a rule whose answer is unknown is broken too. -#}
{% test expression_is_true(model, expression) %}
select *
from {{ model }}
where not coalesce({{ expression }}, false)
{% endtest %}
