{{ config(schema="staging", materialized="view", contract={"enforced": false}) }}

-- The datasets whose files an indicator is counted from.
with indicators as (
    select * from {{ ref('dim_indicator') }}
),

datasets as (
    select * from {{ ops_source('datasets') }}
),

-- Most are counted from the dataset whose days they stand on. One that stands on none is counted from its platform's
-- monthly tables; of the portal's these are only held against our figures, so there from the dossiers.
final as (
    select
        indicators.indicator_code,
        datasets.dataset
    from indicators
    inner join datasets
        on
            case
                when indicators.coverage_code = 'portal_open_stock' then datasets.dataset = 'portal_dossiers'
                when indicators.coverage_code = 'videoconference_calls'
                    then datasets.dataset in (
                        'videoconference_calls', 'videoconference_dma_calls', 'videoconference_dma_conferences'
                    )
                when indicators.coverage_code is not null then indicators.coverage_code = datasets.dataset
                when indicators.platform_code = 'portal' then datasets.dataset = 'portal_dossiers'
                else
                    indicators.grain_code = datasets.cadence
                    and datasets.dataset like indicators.platform_code || '%'
            end
)

select
    indicator_code,
    dataset
from final
