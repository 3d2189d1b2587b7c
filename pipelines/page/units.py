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

MONTHS_SHOWN: Final = 6


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
        units: How many units stand in the newest one.
        files: Data by file name: for each month, rows of unit, then numerator and denominator of each measure.
    """

    key: str
    measures: Sequence[Measure]
    months: Sequence[tuple[str, str]]
    partial: Sequence[str]
    units: int
    files: dict[str, object]


PORTAL: Final = (
    Measure("portal_received", "Tiếp nhận", "Received", is_share=False),
    Measure("portal_settled", "Đã giải quyết", "Settled", is_share=False),
    Measure("portal_settled_on_time_local", "Đúng hạn (II.06a)", "On time (II.06a)", is_share=True),
    Measure("portal_finished_on_time_national", "Đúng hạn (QĐ 766)", "On time (QĐ 766)", is_share=True),
    Measure("portal_online", "Trực tuyến", "Online", is_share=True),
    Measure("portal_open_late", "Đang giải quyết bị trễ", "Open and late", is_share=True),
)
DOCUMENTS: Final = (
    Measure("document_sent", "Lượt gửi", "Deliveries", is_share=False),
    Measure("document_received", "Được tiếp nhận", "Taken in", is_share=True),
    Measure("document_completed", "Xử lý xong", "Completed", is_share=True),
    Measure("document_resent", "Gửi lại", "Sent again", is_share=True),
)


def units_file(published: Published) -> dict[str, list[str]]:
    """Name and kind of every unit by its code, for all rankings."""
    rows = published.rows("""
        SELECT unit_code, unit_name_vi, unit_type FROM core.dim_unit WHERE is_latest
            AND unit_code IN (SELECT unit_code FROM marts.indicator_monthly) ORDER BY unit_code""")
    return {row["unit_code"]: [row["unit_name_vi"], row["unit_type"]] for row in rows or ()}


def ranking(published: Published, key: str, measures: Sequence[Measure], province: str) -> Ranking | None:
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
    files = {f"{key}-{row['period']}": _lines(published, codes, row["period"], province) for row in months}
    newest = files[f"{key}-{months[0]['period']}"]
    shown = [(row["period"], formats.month(row["period"])) for row in months]
    partial = [row["period"] for row in months if not row["is_complete"]]
    return Ranking(key, measures, shown, partial, len(newest), dict(files))


def _lines(published: Published, codes: Sequence[str], period: str, province: str) -> list[list[object]]:
    rows = published.rows(
        """
        SELECT unit_code, indicator_code, numerator, denominator FROM marts.indicator_monthly
        WHERE list_contains(?, indicator_code) AND period = ? AND unit_code <> ? ORDER BY unit_code""",
        [list(codes), period, province],
    )
    by_unit: dict[str, dict[str, Row]] = {}
    for row in rows or ():
        by_unit.setdefault(row["unit_code"], {})[row["indicator_code"]] = row
    return [
        [unit, *(figure for code in codes for figure in _pair(measured.get(code)))] for unit, measured in by_unit.items()
    ]


def _pair(row: Row | None) -> tuple[int | float | None, int | float | None]:
    return (None, None) if row is None else (_plain(row["numerator"]), _plain(row["denominator"]))


def _plain(value: Decimal | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)
