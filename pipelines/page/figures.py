"""The province's figures by indicator: each one shown, told as nothing to count, or told as not there.

A day without a row is nothing to count if the warehouse holds the day (`core.day_coverage`) and the indicator is in force,
and not there otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from pipelines.page import formats
from pipelines.page.published import Published, Row
from pipelines.page.words import BIAS, Word

DAYS_SHOWN = 62
"""Days that are shown one by one, at most: two whole months, so that three years of days stay below 3 MB."""


@dataclass(frozen=True)
class Cell:
    """One figure as it stands on the page.

    Attributes:
        text: As people read it; empty where there is none.
        raw: As the chart draws it.
        kind: `value`, `empty` (nothing to count, or nothing to divide by) or `absent` (not known).
        of: Numerator and denominator as people read them, of a share.
    """

    text: str
    raw: str
    kind: str = "value"
    of: str = ""


EMPTY = Cell("", "", "empty")
ABSENT = Cell("", "", "absent")


@dataclass(frozen=True)
class Card:
    """The newest month of one indicator.

    Attributes:
        indicator: Its row of `meta.indicators`.
        cell: The figure.
        period: Its month, as people write it; empty where there is none.
        days: `7/30` where days are counted and some are missing; empty otherwise.
        state: `closed`, `complete`, `partial` or `absent`.
        latest_day: Newest day of it with a figure, and that figure.
        late: Whether a dataset that it is counted from is behind.
        bias: What is known of it being too small or too large.
    """

    indicator: Row
    cell: Cell
    period: str
    days: str
    state: str
    latest_day: tuple[str, Cell] | None
    late: bool
    bias: Word | None


@dataclass(frozen=True)
class Column:
    """A column of a table that a chart may be drawn from.

    Attributes:
        vi, en: Heading.
        draw: `line`, `bar`, `stack` or empty for a column that is only read.
        axis: `share` or `count`.
    """

    vi: str
    en: str
    draw: str = "line"
    axis: str = "share"


@dataclass(frozen=True)
class Line:
    """One row: its label, and a cell a column."""

    label: str
    cells: Sequence[Cell]
    note: str = ""


@dataclass(frozen=True)
class Table:
    """A table with the chart that is drawn from it; the chart shows nothing that the table does not."""

    key: str
    vi: str
    en: str
    head: tuple[str, str]
    columns: Sequence[Column]
    lines: Sequence[Line]


def cell_of(value: Decimal | None, *, is_share: bool, numerator: Decimal | None = None, denominator: Decimal | None = None) -> Cell:  # fmt: skip
    """A figure that the marts hold; a row without a value had nothing to divide by."""
    if value is None:
        return EMPTY
    of = ""
    if numerator is not None and denominator is not None:
        of = f"{formats.number(numerator, 1)}{formats.NBSP}/{formats.NBSP}{formats.number(denominator, 1)}"
    text = formats.percent(value) if is_share else formats.number(value, 1)
    return Cell(text, formats.raw(value), "value", of)


def count_cell(value: Decimal | int | None) -> Cell:
    """A count; None is not known."""
    return ABSENT if value is None else Cell(formats.number(value, 1), formats.raw(value))


class Figures:
    """Indicators of the whole province.

    Args:
        published: The file.
    """

    def __init__(self, published: Published) -> None:
        self._published = published
        self.province = published.province()

    @cached_property
    def indicators(self) -> dict[str, Row]:
        """Rows of `meta.indicators` by code, in the registry's order."""
        found = self._published.rows("""
            SELECT indicator_code, group_code, name_vi, name_en, grain, measure = 'share' AS is_share, direction,
                zero_denominator, unit_vi, unit_en, coverage, legal_source, formula_vi, numerator_en, denominator_en, bias,
                caveat_vi, caveat_en, owner, valid_from, valid_to
            FROM meta.indicators""")
        return {row["indicator_code"]: row for row in found or ()}

    @cached_property
    def months(self) -> dict[str, dict[str, Row]]:
        """Rows of `marts.indicator_monthly` by code and month, the newest month first."""
        return self._by_code("""
            SELECT indicator_code, period, numerator, denominator, value, days_covered, days_expected, is_complete, is_closed
            FROM marts.indicator_monthly WHERE unit_code = ? ORDER BY indicator_code, period DESC""")

    @cached_property
    def days(self) -> dict[str, dict[date, Row]]:
        """Rows of `marts.indicator_daily` by code and day, the last DAYS_SHOWN days of each."""
        return self._by_code(f"""
            SELECT indicator_code, period, numerator, denominator, value FROM marts.indicator_daily
            WHERE unit_code = ?
            QUALIFY period > max(period) OVER (PARTITION BY indicator_code) - {DAYS_SHOWN} ORDER BY indicator_code, period""")  # noqa: S608  (a number of our own)

    @cached_property
    def covered(self) -> dict[str, set[date]]:
        """Days that the warehouse holds, by what they cover."""
        found: dict[str, set[date]] = {}
        for row in self._published.rows("SELECT coverage_code, report_date FROM core.day_coverage") or ():
            found.setdefault(row["coverage_code"], set()).add(row["report_date"])
        return found

    @cached_property
    def _late(self) -> set[str]:
        rows = self._published.rows("""
            SELECT DISTINCT indicator_code FROM meta.indicator_datasets JOIN meta.freshness USING (dataset)
            WHERE state = 'late'""")
        return {row["indicator_code"] for row in rows or ()}

    def _by_code(self, query: str) -> dict[str, dict[Any, Row]]:
        found: dict[str, dict[Any, Row]] = {}
        for row in self._published.rows(query, [self.province]) or ():
            found.setdefault(row["indicator_code"], {})[row["period"]] = row
        return found

    def day_cell(self, code: str, day: date) -> Cell:
        """The indicator on a day."""
        row = self.days.get(code, {}).get(day)
        if row is not None:
            return self._cell(code, row)
        indicator = self.indicators.get(code)
        if indicator is None or not _is_valid(indicator, day) or day not in self.covered.get(indicator["coverage"], ()):
            return ABSENT
        return EMPTY if indicator["is_share"] else Cell("0", "0")

    def month_cell(self, code: str, period: str) -> Cell:
        """The indicator in a month."""
        row = self.months.get(code, {}).get(period)
        return ABSENT if row is None else self._cell(code, row)

    def card(self, code: str) -> Card | None:
        """The newest month of an indicator; None if the registry of this release does not have it."""
        indicator = self.indicators.get(code)
        if indicator is None:
            return None
        late, bias = code in self._late, BIAS.get(indicator["bias"])
        row = next(iter(self.months.get(code, {}).values()), None)
        if row is None:
            return Card(indicator, ABSENT, "", "", "absent", None, late, bias)
        newest = max(self.days.get(code, {}), default=None)
        latest = None if newest is None else (formats.day(newest), self.day_cell(code, newest))
        return Card(
            indicator, self._cell(code, row), formats.month(row["period"]), days_of(row), state_of(row), latest, late, bias
        )  # fmt: skip

    def cards(self, codes: Iterable[str]) -> list[Card]:
        """The newest months of several indicators."""
        return [card for card in map(self.card, codes) if card is not None]

    def by_day(self, key: str, vi: str, en: str, columns: Sequence[tuple[str, Column]]) -> Table | None:
        """The last days of some indicators side by side, without a gap between the first and the last that is covered."""
        coverages = {self.indicators[code]["coverage"] for code, _ in columns if code in self.indicators}
        held = set().union(*(self.covered.get(coverage, set()) for coverage in coverages))
        if not held:
            return None
        first = max(min(held), max(held) - timedelta(days=DAYS_SHOWN - 1))
        days = [first + timedelta(days=offset) for offset in range((max(held) - first).days + 1)]
        lines = [Line(formats.day(day), [self.day_cell(code, day) for code, _ in columns]) for day in days]
        return Table(key, vi, en, ("Ngày", "Day"), [column for _, column in columns], lines)

    def by_month(self, key: str, vi: str, en: str, columns: Sequence[tuple[str, Column]]) -> Table | None:
        """Every month of some indicators side by side; None before there are two of them."""
        periods = sorted({period for code, _ in columns for period in self.months.get(code, ())})
        if len(periods) < 2:  # noqa: PLR2004  (one month is no history)
            return None
        lines = [
            Line(
                formats.month(period),
                [self.month_cell(code, period) for code, _ in columns],
                self._note(columns, period),
            )
            for period in periods
        ]
        return Table(key, vi, en, ("Tháng", "Month"), [column for _, column in columns], lines)

    def _note(self, columns: Sequence[tuple[str, Column]], period: str) -> str:
        rows = [self.months[code][period] for code, _ in columns if period in self.months.get(code, ())]
        return "partial" if not all(row["is_complete"] for row in rows) else ""

    def _cell(self, code: str, row: Row) -> Cell:
        is_share = bool(self.indicators.get(code, {}).get("is_share"))
        return cell_of(
            row["value"], is_share=is_share, numerator=row["numerator"], denominator=row["denominator"] if is_share else None
        )  # fmt: skip


def _is_valid(indicator: Row, day: date) -> bool:
    """Whether the indicator is counted on a day: before its law and after it there is nothing, not even a zero."""
    first, last = indicator["valid_from"], indicator["valid_to"]
    return (first is None or first <= day) and (last is None or day <= last)


def state_of(month: Row) -> str:
    """Whether a month stands (`closed`), is whole (`complete`) or lacks days (`partial`)."""
    if month["is_closed"]:
        return "closed"
    return "complete" if month["is_complete"] else "partial"


def days_of(month: Row) -> str:
    """`7/30` where days of the month are missing, empty otherwise."""
    if month["is_complete"] or month["days_expected"] is None:
        return ""
    return f"{month['days_covered'] or 0}/{month['days_expected']}"
