-- Law 2: whatever a fact was made from is in force now: never refused, never replaced.
{% set facts = [
    'fct_dossier', 'fct_document_delivery', 'fct_conference_leg', 'fct_document_registration',
    'fct_document_signing', 'fct_account', 'fct_officer_figure',
] -%}

with fact_loads as (
    {% for fact in facts %}
    select distinct
        '{{ fact }}' as fact_name,
        load_id
    from {{ ref(fact) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select fact_loads.*
from fact_loads
left join {{ ref('stg_loads_in_force') }} as loads_in_force on fact_loads.load_id = loads_in_force.load_id
where loads_in_force.load_id is null
