"""What is asked for: an indicator, a unit by its code or its name, and a day or a month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any

import duckdb

from pipelines.calendar import Partition
from pipelines.errors import PermanentError
from pipelines.reference import name_key

PROVINCE = "H56"
_COMPACT_MONTH = len("YYYYMM")


@dataclass(frozen=True)
class Question:
    """One figure, named.

    Attributes:
        definition: The indicator's row in the registry, whatever columns it has.
        coverage_code: The days that it stands on; None where it is told by the month.
        grain: `daily` or `monthly`, as the period is.
        period: As the marts write it: `YYYY-MM-DD` or `YYYYMM`.
        first_day, last_day: Of the period.
    """

    indicator_code: str
    definition: dict[str, Any]
    coverage_code: str | None
    unit_code: str
    unit_name_vi: str
    grain: str
    period: str
    first_day: date
    last_day: date

    def parameters(self) -> dict[str, Any]:
        """The question as the queries name it."""
        return {
            "indicator": self.indicator_code, "unit": self.unit_code, "is_province": self.unit_code == PROVINCE,
            "grain": self.grain, "period": self.period, "coverage": self.coverage_code, "first": self.first_day,
            "last": self.last_day,
        }  # fmt: skip


def ask(connection: duckdb.DuckDBPyConnection, indicator: str, unit: str, period: str) -> Question:
    """Finds what is meant in the published file.

    Raises:
        PermanentError: No such indicator, unit or period, or a name that several units have.
    """
    definition = _definition(connection, indicator)
    partition = _partition(period)
    is_month = len(partition.key) == len("YYYY-MM")
    if definition.get("grain") == "monthly" and not is_month:
        raise PermanentError(f"{indicator} is counted by the month.", f"Ask for {partition.key[:7]}.")
    code, name = _unit(connection, unit)
    query = "SELECT coverage_code FROM core.dim_indicator WHERE indicator_code = ?"
    coverage = connection.execute(query, [indicator]).fetchone()
    return Question(
        indicator_code=indicator,
        definition=definition,
        coverage_code=coverage[0] if coverage else None,
        unit_code=code,
        unit_name_vi=name,
        grain="monthly" if is_month else "daily",
        period=partition.key.replace("-", "") if is_month else partition.key,
        first_day=partition.first_day,
        last_day=partition.last_day,
    )


def _definition(connection: duckdb.DuckDBPyConnection, indicator: str) -> dict[str, Any]:
    found = connection.execute("SELECT * FROM meta.indicators WHERE indicator_code = ?", [indicator])
    names = [column[0] for column in found.description or ()]
    if row := found.fetchone():
        return dict(zip(names, row, strict=True))
    known = [code for (code,) in connection.execute("SELECT indicator_code FROM meta.indicators").fetchall()]
    near = get_close_matches(indicator, known, n=3, cutoff=0.4)
    raise PermanentError(
        f"There is no indicator {indicator}.",
        f"Did you mean {', '.join(near)}?" if near else "Its codes are in meta.indicators of the published file.",
    )


def _partition(period: str) -> Partition:
    """The period as it was typed: 2026-10, 202610 or 2026-11-05."""
    is_compact = len(period) == _COMPACT_MONTH and period.isdigit()
    partition = Partition.parse(f"{period[:4]}-{period[4:]}" if is_compact else period)
    if partition.is_baseline:
        raise PermanentError(f"{period} is no period of a figure.", "Write YYYY-MM-DD or YYYY-MM.")
    return partition


def _unit(connection: duckdb.DuckDBPyConnection, unit: str) -> tuple[str, str]:
    """Code and newest name of the unit that has this code or this name."""
    units: dict[str, str] = dict(
        connection.execute("SELECT unit_code, unit_name_vi FROM core.dim_unit ORDER BY valid_from").fetchall()
    )
    if unit in units:
        return unit, units[unit]
    found = connection.execute("SELECT DISTINCT unit_code, unit_name_vi FROM core.dim_unit ORDER BY ALL").fetchall()
    codes = sorted({code for code, name in found if name_key(name) == name_key(unit)})
    if len(codes) == 1:
        return codes[0], units[codes[0]]
    if codes:
        raise PermanentError(f"Several units are called {unit}: {', '.join(codes)}.", "Give the code.")
    near = get_close_matches(unit, [name for _, name in found], n=3, cutoff=0.6)
    raise PermanentError(
        f"There is no unit {unit}.",
        f"Did you mean {', '.join(near)}?" if near else "Codes and names are in core.dim_unit of the published file.",
    )
