"""Rankings of units by month: what the page's search looks through, as data files of their own.

Only the newest months are there; three years of months of 1,800 units would not fit into 3 MB.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from pipelines.page import formats
from pipelines.page.published import Published, Row

MONTHS_SHOWN: Final = 4


@dataclass(frozen=True)
class Measure:
    """A column of a ranking: one indicator, shown by its value and, of a share, what it was divided by."""

    code: str
    vi: str
    en: str
    is_share: bool


@dataclass(frozen=True)
class Ranking:
    """One ranking.

    Attributes:
        key: Name of its files.
        measures: Its columns.
        months: Months that there are files of, the newest first: as stored and as people write them.
        partial: Those of them that are not over, or lack days.
        files: Data by file name: for each month, rows of the unit's place, then of each measure its count, or of a share its
            numerator and denominator; None where the mart has no row.
    """

    key: str
    measures: Sequence[Measure]
    months: Sequence[tuple[str, str]]
    partial: Sequence[str]
    files: dict[str, object]


PORTAL: Final = (
    Measure("portal_received", "Tiếp nhận", "Received", is_share=False),
    Measure("portal_settled", "Đã giải quyết", "Settled", is_share=False),
    Measure("portal_settled_on_time_local", "Đúng hạn (II.06a)", "On time (II.06a)", is_share=True),
    Measure("portal_finished_on_time_national", "Đúng hạn (QĐ 766)", "On time (QĐ 766)", is_share=True),
    Measure("portal_online", "Trực tuyến", "Online", is_share=True),
    Measure("portal_open_late", "Đang giải quyết bị trễ", "Open and late", is_share=True),
)
# A unit's deliveries are those that it sent; its shares are of those that were sent to it.
DOCUMENTS: Final = (
    Measure("document_sent", "Lượt gửi đi", "Deliveries sent", is_share=False),
    Measure("document_received", "Lượt đến: được tiếp nhận", "Of those sent to it: taken in", is_share=True),
    Measure("document_completed", "Lượt đến: xử lý xong", "Of those sent to it: completed", is_share=True),
    Measure("document_resent", "Lượt đến: gửi lại", "Of those sent to it: sent again", is_share=True),
)


class Units:
    """Units that any ranking may name, in one order, so that rankings can say which one by its place.

    Args:
        published: The file.

    Attributes:
        known: Code, name and kind of each.
    """

    def __init__(self, published: Published) -> None:
        rows = published.rows("""
            SELECT unit_code, unit_name_vi, unit_type FROM core.dim_unit WHERE is_latest
                AND unit_code IN (SELECT unit_code FROM marts.indicator_monthly) ORDER BY unit_code""")
        self.known = [[row["unit_code"], row["unit_name_vi"], row["unit_type"]] for row in rows or ()]
        self._places = {code: place for place, (code, _, _) in enumerate(self.known)}

    def place(self, code: str) -> int:
        """Where the unit stands in `known`; one that no register knows is put there under its code."""
        if code not in self._places:
            self._places[code] = len(self.known)
            self.known.append([code, code, ""])
        return self._places[code]


def ranking(published: Published, units: Units, key: str, measures: Sequence[Measure], province: str) -> Ranking | None:
    """The ranking of all units but the province itself; None if there is nothing to rank."""
    codes = [measure.code for measure in measures]
    months = published.rows(
        """
        SELECT period, bool_and(is_complete) AS is_complete FROM marts.indicator_monthly
        WHERE list_contains(?, indicator_code) AND unit_code <> ? GROUP BY period ORDER BY period DESC LIMIT ?""",
        [codes, province, MONTHS_SHOWN],
    )
    if not months:
        return None
    files = {f"{key}-{row['period']}": _lines(published, units, measures, row["period"], province) for row in months}
    shown = [(row["period"], formats.month(row["period"])) for row in months]
    partial = [row["period"] for row in months if not row["is_complete"]]
    return Ranking(key, measures, shown, partial, dict(files))


def _lines(
    published: Published, units: Units, measures: Sequence[Measure], period: str, province: str
) -> list[list[int | float | None]]:
    rows = published.rows(
        """
        SELECT unit_code, indicator_code, numerator, denominator FROM marts.indicator_monthly
        WHERE list_contains(?, indicator_code) AND period = ? AND unit_code <> ? ORDER BY unit_code""",
        [[measure.code for measure in measures], period, province],
    )
    by_unit: dict[str, dict[str, Row]] = {}
    for row in rows or ():
        by_unit.setdefault(row["unit_code"], {})[row["indicator_code"]] = row
    return [
        [units.place(unit), *(figure for one in measures for figure in _figures(one, measured.get(one.code)))]
        for unit, measured in by_unit.items()
    ]


def _figures(measure: Measure, row: Row | None) -> list[int | float | None]:
    numerator = None if row is None else _plain(row["numerator"])
    if not measure.is_share:
        return [numerator]
    return [numerator, None if row is None else _plain(row["denominator"])]


def _plain(value: Decimal | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)
