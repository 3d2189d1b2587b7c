"""Writes what follows from the registry of indicators: `python -m pipelines.indicators_to_dbt`. A test compares.

Two models (every unit's figures by day and by month) and the page docs/indicators.md. Before anything is written each
name is looked up, and each expression tried on an empty table with the columns that its model declares, so a typo is told
with its row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb
import yaml

from pipelines.contracts import read_contracts
from pipelines.errors import ContractError
from pipelines.indicator_names import require_known_names
from pipelines.indicators import NEXT_STEP, Indicator, read_indicators
from pipelines.indicators_page import indicators_page
from pipelines.settings import DBT_PROJECT, PROJECT, SEEDS, SOURCES

REGISTRY_FILE = SEEDS / "indicators.csv"
MARTS = DBT_PROJECT / "models" / "marts"
DAILY_FILE = MARTS / "indicator_figures_daily.sql"
MONTHLY_FILE = MARTS / "indicator_figures_monthly.sql"
PAGE_FILE = PROJECT / "docs" / "indicators.md"

Columns = Mapping[str, str]
_HEAD = """\
{{{{ config(schema='staging', contract={{'enforced': false}}) }}}}
{increment}

-- Made from seeds/indicators.csv by `make generate`; a test compares. Do not edit.
-- Numerator and denominator of every indicator that is counted by {grain}, for each unit; H56 is its own office here.
"""
_PERIOD = {"daily": "report_date", "monthly": "period"}
_NOTHING = {"no_value": "null", "zero": "0", "full": "1"}


def figures_sql(indicators: Iterable[Indicator], grain: str) -> str:
    """The model of all figures of one grain."""
    of_grain = [indicator for indicator in indicators if indicator.grain == grain]
    branches = [_branch(indicator) for indicator in of_grain]
    if grain == "daily":
        head = _HEAD.format(grain="day", increment=_built_by_changes_of(of_grain))
        end = "select * from final\n{{ laid_by_time() }}\n"
    else:
        # Few enough to be counted whole each time; what reads them follows what changed.
        head = _HEAD.format(grain="month", increment="{{ told_by_changes() }}")
        end = "select * from final\n"
    return head + "with final as (\n" + "    union all\n".join(branches) + ")\n\n" + end


def declared_columns(models: Path) -> dict[str, Columns]:
    """The columns and types that each model declares in its YAML."""
    found: dict[str, Columns] = {}
    for file in sorted(models.rglob("*.yml")):
        for model in (yaml.safe_load(file.read_text(encoding="utf-8")) or {}).get("models", []):
            columns = {one["name"]: one["data_type"] for one in model.get("columns", []) if "data_type" in one}
            found[model["name"]] = columns
    return found


def require_sound_expressions(indicators: Iterable[Indicator], declared: Mapping[str, Columns]) -> None:
    """Tries each indicator's expressions on an empty table of its relation.

    Raises:
        ContractError: A relation is not a model with units and periods, or an expression does not work on it.
    """
    with duckdb.connect(":memory:") as connection:
        for indicator in indicators:
            columns = declared.get(indicator.relation, {})
            missing = {"unit_code", _PERIOD[indicator.grain]} - columns.keys()
            if missing:
                raise ContractError(
                    f"indicators.csv, {indicator.indicator_code}: the relation {indicator.relation} declares no column "
                    f"{' and '.join(sorted(missing))}.",
                    NEXT_STEP,
                )
            listed = ", ".join(f'"{name}" {sql_type}' for name, sql_type in columns.items())
            connection.execute(f'CREATE OR REPLACE TABLE "{indicator.relation}" ({listed})')
            try:
                connection.execute(_tried(indicator))
            except duckdb.Error as error:
                what = str(error).splitlines()[0]
                raise ContractError(f"indicators.csv, {indicator.indicator_code}: {what}.", NEXT_STEP) from error


def main() -> None:
    """Writes the files."""
    indicators = read_indicators(REGISTRY_FILE)
    require_known_names(SEEDS, DBT_PROJECT / "models", read_contracts(SOURCES).values())
    require_sound_expressions(indicators, declared_columns(DBT_PROJECT / "models"))
    DAILY_FILE.write_text(figures_sql(indicators, "daily"), encoding="utf-8")
    MONTHLY_FILE.write_text(figures_sql(indicators, "monthly"), encoding="utf-8")
    PAGE_FILE.write_text(indicators_page(indicators), encoding="utf-8")


def _built_by_changes_of(indicators: Iterable[Indicator]) -> str:
    relations = sorted({indicator.relation for indicator in indicators})
    inputs = "".join(f"    ('{relation}', ['unit_code', 'report_date']),\n" for relation in relations)
    return f"{{{{ built_by_changes(['unit_code', 'period'], [\n{inputs}]) }}}}"


def _branch(indicator: Indicator) -> str:
    """One indicator's rows: none where there is nothing to count or to divide by, unless the registry says otherwise."""
    denominator = f"sum({indicator.denominator_sql})" if indicator.denominator_sql else "null"
    conditions = [*_of_validity(indicator), *([indicator.filter_sql] if indicator.filter_sql else [])]
    counted = indicator.denominator_sql or indicator.numerator_sql
    least = ">" if indicator.zero_denominator == "no_value" else ">="
    period = _PERIOD[indicator.grain]
    touched = " {{ touched(['unit_code', 'report_date'], ['unit_code', 'period']) }}" if period != "period" else ""
    return (
        "    select\n"
        f"        '{indicator.indicator_code}' as indicator_code,\n"
        "        unit_code,\n"
        f"        {period if period == 'period' else f'{period} as period'},\n"
        f"        cast(sum({indicator.numerator_sql}) as decimal(18, 4)) as numerator,\n"
        f"        cast({denominator} as decimal(18, 4)) as denominator,\n"
        f"        cast({_NOTHING[indicator.zero_denominator]} as integer) as value_of_nothing\n"
        f"    from {{{{ ref('{indicator.relation}') }}}}\n"
        f"    where {' and '.join(conditions)}{touched}\n"
        f"    group by unit_code, {period}\n"
        f"    having sum({counted}) {least} 0\n"
    )


def _of_validity(indicator: Indicator) -> list[str]:
    """Days inside the validity; of months, each that has a day inside."""
    if indicator.grain == "daily":
        days = [f"report_date >= date '{indicator.valid_from}'"]
        return days + [f"report_date <= date '{end}'" for end in [indicator.valid_to] if end]
    months = [f"period >= '{indicator.valid_from:%Y%m}'"]
    return months + [f"period <= '{end:%Y%m}'" for end in [indicator.valid_to] if end]


def _tried(indicator: Indicator) -> str:
    parts = [indicator.numerator_sql, *([indicator.denominator_sql] if indicator.denominator_sql else [])]
    sums = ", ".join(f"sum({part})" for part in parts)
    return f'SELECT {sums} FROM "{indicator.relation}" WHERE {indicator.filter_sql or "true"}'  # noqa: S608  (ours)


if __name__ == "__main__":
    main()
