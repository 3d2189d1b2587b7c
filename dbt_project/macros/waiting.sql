{#-
    Seconds until a moment that a dossier waited for its supplement (QĐ 766: no time of handling). A wait that nothing
    ended lasts until that moment, and none lasts longer. Without the moment: until the supplement came, if it did.
-#}
{% macro waited_seconds(until) -%}
    greatest(
        0,
        coalesce(
            {{ seconds_between(
                'supplement_requested_at',
                'least(coalesce(supplement_received_at, ' ~ until ~ '), coalesce(' ~ until ~ ', supplement_received_at))',
            ) }},
            0
        )
    )
{%- endmacro %}
