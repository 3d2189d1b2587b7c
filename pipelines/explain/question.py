"""What is asked for: an indicator, a unit by its code or its name, and a day or a month."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any

import duckdb

from pipelines.calendar import Partition
from pipelines.errors import PermanentError
from pipelines.reference import name_key

PROVINCE = "H56"
_MOST_MEANT = 5
_PERIODS_ARE = "Viết | Write YYYY-MM-DD, YYYY-MM."


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


class AskedWronglyError(PermanentError):
    """What was typed names no figure: the usage is at fault, not the data."""


def ask(connection: duckdb.DuckDBPyConnection, indicator: str, unit: str, period: str) -> Question:
    """Finds what is meant in the published file.

    Args:
        connection: To the published file.
        indicator: Its code, or its Vietnamese name.
        unit: The unit's code or name.
        period: `YYYY-MM-DD`, `YYYY-MM` or `YYYYMM`.

    Raises:
        AskedWronglyError: No such indicator, unit or period, or a name that several have.
    """
    definition = _definition(connection, indicator)
    code = definition["indicator_code"]
    partition = _partition(period)
    is_month = len(partition.key) == len("YYYY-MM")
    if definition.get("grain") == "monthly" and not is_month:
        raise AskedWronglyError(
            f"{code}: chỉ có số theo tháng | is counted by the month.", f"Hỏi | Ask for {partition.key[:7]}."
        )
    unit_code, unit_name = _unit(connection, unit)
    query = "SELECT coverage_code FROM core.dim_indicator WHERE indicator_code = ?"
    coverage = connection.execute(query, [code]).fetchone()
    return Question(
        indicator_code=code,
        definition=definition,
        coverage_code=coverage[0] if coverage else None,
        unit_code=unit_code,
        unit_name_vi=unit_name,
        grain="monthly" if is_month else "daily",
        period=partition.key.replace("-", "") if is_month else partition.key,
        first_day=partition.first_day,
        last_day=partition.last_day,
    )


def _definition(connection: duckdb.DuckDBPyConnection, indicator: str) -> dict[str, Any]:
    found = connection.execute("SELECT * FROM meta.indicators ORDER BY indicator_code")
    columns = [column[0] for column in found.description or ()]
    rows = {row["indicator_code"]: row for row in (dict(zip(columns, one, strict=True)) for one in found.fetchall())}
    if indicator in rows:
        return rows[indicator]
    names = {code: row["name_vi"] for code, row in rows.items()}
    return rows[_meant("chỉ tiêu | indicator", indicator, names, names.items())]


def _partition(period: str) -> Partition:
    """The period as it was typed: 2026-10, 202610 or 2026-11-05."""
    try:
        partition = Partition.as_typed(period)
    except PermanentError as error:
        raise AskedWronglyError(
            f"{period!r}: không phải ngày hay tháng | is not a day or a month.", _PERIODS_ARE
        ) from error
    if partition.is_baseline:
        raise AskedWronglyError(f"{period}: không phải kỳ của một số | is no period of a figure.", _PERIODS_ARE)
    return partition


def _unit(connection: duckdb.DuckDBPyConnection, unit: str) -> tuple[str, str]:
    """Code and newest name of the unit that has this code or this name."""
    found = connection.execute("SELECT unit_code, unit_name_vi FROM core.dim_unit ORDER BY valid_from").fetchall()
    newest: dict[str, str] = dict(found)
    code = unit if unit in newest else _meant("đơn vị | unit", unit, newest, found)
    return code, newest[code]


def _meant(kind: str, text: str, newest: Mapping[str, str], names: Iterable[tuple[str, str]]) -> str:
    """The code of the one that has this name, however it is written.

    Args:
        kind: What is looked for, in both languages.
        text: What was typed.
        newest: What each code is called today.
        names: Every code with each name that it ever had.
    """
    by_key: dict[str, set[str]] = {}
    for code, name in names:
        by_key.setdefault(name_key(name), set()).add(code)
    codes = sorted(by_key.get(name_key(text), ()))
    if len(codes) == 1:
        return codes[0]
    if codes:
        told = "; ".join(f"{code} {newest[code]}" for code in codes[:_MOST_MEANT])
        raise AskedWronglyError(
            f"{text}: nhiều {kind.partition(' | ')[0]} cùng tên | several have this name: {told}{' …' if len(codes) > _MOST_MEANT else ''}.",
            "Dùng mã | Give the code.",
        )
    near = [code for key in get_close_matches(name_key(text), by_key, n=3, cutoff=0.6) for code in sorted(by_key[key])]
    near = list(dict.fromkeys([*get_close_matches(text, newest, n=3, cutoff=0.6), *near]))[:_MOST_MEANT]
    meant = "; ".join(f"{code} {newest[code]}" for code in near)
    in_vi, in_en = kind.split(" | ")
    raise AskedWronglyError(
        f"{text}: không có {in_vi} này | there is no such {in_en}.", f"Có phải | Did you mean {meant}?" if near else ""
    )
