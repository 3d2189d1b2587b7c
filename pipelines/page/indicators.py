"""Chỉ tiêu: for every figure its definition, legal source and history, a page each."""

from __future__ import annotations

from typing import Any, Final

from pipelines.page import formats
from pipelines.page.figures import Cell, Column, Figures, Table, cell_of, days_of, state_of
from pipelines.page.published import Published, Row
from pipelines.page.words import BIAS, DIRECTIONS, EMPTY_DENOMINATORS, GROUPS, Word, word

MOST_REVISIONS: Final = 20


def chapter(figures: Figures) -> dict[str, Any]:
    """What the template `chi-tieu.html` shows: every indicator with its newest figure, by group."""
    groups: dict[str, list[Any]] = {}
    for code, indicator in figures.indicators.items():
        groups.setdefault(indicator["group_code"], []).append(figures.card(code))
    return {"groups": [(code, word(GROUPS, code), cards) for code, cards in groups.items()]}


def pages(published: Published, figures: Figures) -> dict[str, dict[str, Any]]:
    """What the template `mot-chi-tieu.html` shows, by indicator."""
    revisions = _revisions(published, figures)
    return {
        code: {
            "indicator": indicator,
            "card": figures.card(code),
            "group": word(GROUPS, indicator["group_code"]),
            "bias": BIAS.get(indicator["bias"]) or Word("lưu ý", "note"),
            "direction": word(DIRECTIONS, indicator["direction"]),
            "empty_denominator": word(EMPTY_DENOMINATORS, indicator["zero_denominator"]),
            "since": formats.day(indicator["valid_from"]),
            "until": "" if indicator["valid_to"] is None else formats.day(indicator["valid_to"]),
            "months": [_month(figures, code, row) for row in figures.months.get(code, {}).values()],
            "days": _days(figures, code),
            "revisions": None if revisions is None else revisions.get(code, []),
            "most_revisions": MOST_REVISIONS,
        }
        for code, indicator in figures.indicators.items()
    }


def _month(figures: Figures, code: str, row: Row) -> Row:
    return {
        "month": formats.month(row["period"]),
        "cell": figures.month_cell(code, row["period"]),
        "days": days_of(row),
        "state": state_of(row),
    }


def _days(figures: Figures, code: str) -> Table | None:
    indicator = figures.indicators[code]
    if indicator["grain"] != "daily":
        return None
    axis, draw = ("share", "line") if indicator["is_share"] else ("count", "bar")
    column = Column(indicator["name_vi"], indicator["name_en"], draw, axis)
    return figures.by_day("days", "Theo ngày", "By day", [(code, column)])


def _revisions(published: Published, figures: Figures) -> dict[str, list[Row]] | None:
    """The province's figures that were published otherwise before: every value of such a period, the newest change first."""
    rows = published.rows(
        """
        WITH changed AS (
            SELECT grain, indicator_code, period, max(known_from) AS changed_at FROM marts.indicator_history
            WHERE unit_code = ? GROUP BY ALL HAVING count(*) > 1 OR bool_or(version_until IS NOT NULL)
        )
        SELECT indicator_code, period, numerator, denominator, value, known_from, known_until, version_from
        FROM marts.indicator_history JOIN changed USING (grain, indicator_code, period) WHERE unit_code = ?
        QUALIFY row_number() OVER (PARTITION BY indicator_code ORDER BY changed_at DESC, grain, period, known_from DESC) <= ?
        ORDER BY indicator_code, changed_at DESC, grain, period, known_from DESC""",
        [figures.province, figures.province, MOST_REVISIONS],
    )
    if rows is None:
        return None
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["indicator_code"], []).append(
            {
                "period": formats.period(row["period"]),
                "cell": _cell(figures, row),
                "from": formats.moment(row["known_from"]),
                "until": "" if row["known_until"] is None else formats.moment(row["known_until"]),
                "version": row["version_from"],
            }
        )
    return found


def _cell(figures: Figures, row: Row) -> Cell:
    is_share = bool(figures.indicators.get(row["indicator_code"], {}).get("is_share"))
    return cell_of(
        row["value"], is_share=is_share, numerator=row["numerator"], denominator=row["denominator"] if is_share else None
    )  # fmt: skip
