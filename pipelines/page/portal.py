"""Cổng dịch vụ công: trend, on time by both definitions, online share, what falls due; units are in `units`."""

from __future__ import annotations

from typing import Any

from pipelines.page import formats
from pipelines.page.figures import Cell, Column, Figures, Line, Table, count_cell
from pipelines.page.published import Published
from pipelines.page.units import PORTAL, Units, ranking
from pipelines.page.words import BUCKETS, word

_CARDS = (
    "portal_received", "portal_settled", "portal_settled_on_time_local", "portal_finished_on_time_national", "portal_open_late",
    "portal_online", "portal_fully_online", "portal_paid_online", "portal_synchronised", "portal_vneid",
    "portal_components_and_result_digitised", "portal_electronic_result",
)  # fmt: skip
_FLOW = (
    ("portal_received", Column("Tiếp nhận", "Received", "bar", "count")),
    ("portal_settled", Column("Đã giải quyết", "Settled", "bar", "count")),
)
_ON_TIME = (
    ("portal_settled_on_time_local", Column("Theo biểu II.06a", "By II.06a")),
    ("portal_finished_on_time_national", Column("Theo QĐ 766", "By QĐ 766")),
    ("portal_open_late", Column("Đang giải quyết bị trễ", "Open and late")),
)
_ONLINE = (
    ("portal_online", Column("Trực tuyến", "Online")),
    ("portal_fully_online", Column("Toàn trình", "Fully online")),
    ("portal_paid_online", Column("Thanh toán trực tuyến", "Paid online")),
)


def chapter(published: Published, figures: Figures, units: Units) -> dict[str, Any]:
    """What the template `dich-vu-cong.html` shows."""
    flow, on_time, online = (
        ("Tiếp nhận và giải quyết", "Received and settled"),
        ("Đúng hạn", "On time"),
        ("Trực tuyến", "Online"),
    )
    tables = [
        figures.by_day("flow-days", *_by("ngày", "day", flow), _FLOW),
        figures.by_month("flow-months", *_by("tháng", "month", flow), _FLOW),
        figures.by_day("on-time-days", *_by("ngày", "day", on_time), _ON_TIME),
        figures.by_month("on-time-months", *_by("tháng", "month", on_time), _ON_TIME),
        figures.by_day("online-days", *_by("ngày", "day", online), _ONLINE),
        figures.by_month("online-months", *_by("tháng", "month", online), _ONLINE),
    ]
    return {
        "cards": figures.cards(_CARDS),
        "tables": [table for table in tables if table is not None],
        "due": _due(published),
        "ranking": ranking(published, units, "dich-vu-cong", PORTAL, figures.province),
    }


def _by(vi: str, en: str, title: tuple[str, str]) -> tuple[str, str]:
    return f"{title[0]} theo {vi}", f"{title[1]} by {en}"


def _due(published: Published) -> dict[str, Any] | None:
    rows = published.rows("""
        SELECT bucket_code, max(report_date) AS report_date, min(due_working_date) AS due_working_date,
            sum(due_count)::BIGINT AS due, sum(waiting_count)::BIGINT AS waiting
        FROM marts.portal_due_forecast GROUP BY bucket_code""")
    if not rows:
        return None
    order = {code: position for position, code in enumerate(BUCKETS)}
    lines = []
    for row in sorted(rows, key=lambda one: (order.get(one["bucket_code"], len(order)), one["bucket_code"])):
        name = word(BUCKETS, row["bucket_code"])
        date = row["due_working_date"]
        shown = Cell(formats.day(date), "") if date else Cell("–", "")
        lines.append(Line(name.vi, [count_cell(row["due"]), count_cell(row["waiting"]), shown], name.en))
    columns = [
        Column("Phải xử lý", "To be settled", "bar", "count"),
        Column("Chờ người nộp (5, 6, 8)", "Waiting for the applicant (5, 6, 8)", "", "count"),
        Column("Ngày làm việc", "Working day", "", "count"),
    ]
    day = formats.day(max(row["report_date"] for row in rows))
    return {"day": day, "table": Table("due", "", "", ("Hạn", "Due"), columns, lines)}
