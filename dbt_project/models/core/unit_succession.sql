{{ config(schema='staging', contract={'enforced': false}) }}

-- Where a unit that ended went the day after: one step, in agency codes. Law and register decide, never a likeness of
-- names: the code goes on, or the commune went where the resolution sends it, or the register names who took over.
with units as (
    select
        *,
        {{ add_days('valid_to', '1') }} as changed_on
    from {{ ref('dim_unit') }}
),

ended as (
    select * from units
    where valid_to is not null
),

communes as (
    select * from units
    where unit_type = 'commune'
),

-- The official map, by the codes of the national list: NQ 1686 for 1 July 2025, the resolutions before it one by one.
commune_moves as (
    select
        old_code,
        new_code,
        cast('2025-07-01' as date) as effective_on,
        'NQ 1686/NQ-UBTVQH15' as source, -- noqa: RF04
        true as is_verified
    from {{ ref('communes_legacy_to_2025') }}
    union all
    select
        commune_code as old_code,
        successor_code as new_code,
        effective_on,
        source,
        is_verified
    from {{ ref('commune_changes') }}
    where successor_code is not null
),

-- No law says how a split commune's figures are to be shared out: the weights are an assumption, and say so.
weighted_moves as (
    select
        commune_moves.old_code,
        commune_moves.new_code,
        commune_moves.effective_on,
        commune_moves.source,
        coalesce(weights.weight, 1) as weight,
        case
            when weights.weight is not null then weights.assumption_id
            when not commune_moves.is_verified then 'successor_unverified'
        end as assumption_id
    from commune_moves
    left join {{ ref('commune_split_weights') }} as weights
        on
            commune_moves.old_code = weights.old_code
            and commune_moves.new_code = weights.new_code
            and commune_moves.effective_on = weights.effective_on
),

-- The unit goes on under its code, with another name, rank or parent.
continued as (
    select
        ended.unit_code,
        ended.valid_from,
        later.unit_code as to_unit_code,
        later.valid_from as to_valid_from,
        1 as weight,
        cast(null as varchar) as assumption_id,
        later.source
    from ended
    inner join units as later on ended.unit_code = later.unit_code and ended.changed_on = later.valid_from
),

not_continued as (
    select ended.*
    from ended
    left join continued on ended.unit_code = continued.unit_code and ended.valid_from = continued.valid_from
    where continued.unit_code is null
),

merged as (
    select
        old_communes.unit_code,
        old_communes.valid_from,
        new_communes.unit_code as to_unit_code,
        new_communes.valid_from as to_valid_from,
        moves.weight,
        moves.assumption_id,
        moves.source
    from not_continued as old_communes
    inner join weighted_moves as moves
        on old_communes.commune_code = moves.old_code and old_communes.changed_on = moves.effective_on
    inner join communes as new_communes
        on
            moves.new_code = new_communes.commune_code
            and old_communes.changed_on >= new_communes.valid_from
            and (new_communes.valid_to is null or old_communes.changed_on <= new_communes.valid_to)
    where old_communes.unit_type = 'commune'
),

-- A commune that no resolution sends anywhere that day stays itself under a new agency code: its district ended.
recoded as (
    select
        old_communes.unit_code,
        old_communes.valid_from,
        new_communes.unit_code as to_unit_code,
        new_communes.valid_from as to_valid_from,
        1 as weight,
        cast(null as varchar) as assumption_id,
        new_communes.source
    from not_continued as old_communes
    inner join communes as new_communes
        on
            old_communes.commune_code = new_communes.commune_code
            and old_communes.changed_on >= new_communes.valid_from
            and (new_communes.valid_to is null or old_communes.changed_on <= new_communes.valid_to)
    left join commune_moves
        on old_communes.commune_code = commune_moves.old_code and old_communes.changed_on = commune_moves.effective_on
    where old_communes.unit_type = 'commune' and commune_moves.old_code is null
),

registered as (
    select
        agencies.unit_code,
        agencies.valid_from,
        later.unit_code as to_unit_code,
        later.valid_from as to_valid_from,
        1 as weight,
        cast(null as varchar) as assumption_id,
        successors.source
    from not_continued as agencies
    inner join {{ ref('unit_successors') }} as successors
        on agencies.unit_code = successors.from_unit_code and agencies.changed_on = successors.effective_on
    inner join units as later
        on
            successors.to_unit_code = later.unit_code
            and agencies.changed_on >= later.valid_from
            and (later.valid_to is null or agencies.changed_on <= later.valid_to)
    where agencies.unit_type <> 'commune'
),

known as (
    select * from continued
    union all
    select * from merged
    union all
    select * from recoded
    union all
    select * from registered
),

unknown as (
    select not_continued.*
    from not_continued
    left join known on not_continued.unit_code = known.unit_code and not_continued.valid_from = known.valid_from
    where known.unit_code is null
),

-- Whoever ended with the unit above goes where that one went; whoever ended alone counts with the unit above.
with_their_parents as (
    select
        parts.unit_code,
        parts.valid_from,
        coalesce(parents_steps.to_unit_code, parents.unit_code) as to_unit_code,
        coalesce(parents_steps.to_valid_from, parents.valid_from) as to_valid_from,
        coalesce(parents_steps.weight, 1) as weight,
        parents_steps.assumption_id,
        coalesce(parents_steps.source, parts.source) as source -- noqa: RF04
    from unknown as parts
    inner join units as parents
        on
            parts.parent_unit_code = parents.unit_code
            and parts.valid_to >= parents.valid_from
            and (parents.valid_to is null or parts.valid_to <= parents.valid_to)
    left join known as parents_steps
        on
            parents.unit_code = parents_steps.unit_code
            and parents.valid_from = parents_steps.valid_from
            and parts.changed_on = parents.changed_on
    where
        parts.unit_type = 'sub_unit'
        and (parents_steps.unit_code is not null or parents.changed_on is null or parents.changed_on > parts.changed_on)
),

-- Districts and their offices: NQ 1686 abolished the level, and no unit took their figures over.
without_successor as (
    select
        unknown.unit_code,
        unknown.valid_from,
        cast(null as varchar) as to_unit_code,
        cast(null as date) as to_valid_from,
        1 as weight,
        cast(null as varchar) as assumption_id,
        unknown.source
    from unknown
    left join with_their_parents as parts
        on unknown.unit_code = parts.unit_code and unknown.valid_from = parts.valid_from
    where parts.unit_code is null
),

final as (
    select * from known
    union all
    select * from with_their_parents
    union all
    select * from without_successor
)

select
    unit_code,
    valid_from,
    to_unit_code,
    to_valid_from,
    cast(weight as decimal(5, 4)) as weight,
    assumption_id,
    source
from final
