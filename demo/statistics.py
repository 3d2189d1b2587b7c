"""The portal's own statistical table II.06a: what it counts for a month, and the HTML that it hands out as `.xls`.

Counting follows the local report (TT 01/2020/TT-VPCP), by whole days; a unit inside a department, a district or a
commune counts for that one. Figures are dossiers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from html import escape

import polars as pl

from demo.calendar import DAY_SECONDS, day_number, month_end
from demo.dossiers import ONLINE, day_column, state_as_of
from demo.lifecycle import EXCUSED_STATUSES, FINISHED, RETURNED, UNCOUNTED_STATUSES, WITHDRAWN
from demo.units import Units
from demo.workbooks import total, vietnamese_number

FIGURES = (
    "received", "online", "direct", "carried_over",
    "settled", "early", "on_time", "late",
    "open", "open_in_time", "open_late",
)  # fmt: skip
GROUPS = (("department", "Sở, ban, ngành"), ("district", "Cấp huyện"), ("commune", "Cấp xã"))
NUMERALS = ("I", "II", "III")


def settled_day() -> pl.Expr:
    """The day on which the local report counts a dossier as settled: by finish, or by withdrawal; null while open."""
    return (
        pl.when(pl.col("status").is_in([FINISHED, RETURNED]))
        .then(day_column("finished"))
        .when(pl.col("status") == WITHDRAWN)
        .then(day_column("withdrawn"))
    )


def ii_06a(dossiers: pl.DataFrame, units: Units, month: date) -> pl.DataFrame:
    """The table's figures: `unit` (number) and one column of each of FIGURES, for every unit that reports.

    Args:
        dossiers: Every dossier that was alive in the month.
        units: The registry.
        month: The first day of the month.
    """
    first, last = day_number(month), day_number(month_end(month))
    counted = (
        state_as_of(dossiers, (last + 1) * DAY_SECONDS - 1)
        .filter(~pl.col("status").is_in(UNCOUNTED_STATUSES))
        .with_columns(settled_on=settled_day(), received_on=day_column("received"), due_on=day_column("due"))
        .filter(pl.col("settled_on").is_null() | (pl.col("settled_on") >= first))
        .with_columns(unit=pl.lit(pl.Series(units.reporting_numbers)).gather(pl.col("unit")))
    )
    is_new, is_online = pl.col("received_on") >= first, (pl.col("channel") == ONLINE).fill_null(value=False)
    is_settled, is_withdrawn = pl.col("settled_on").is_not_null(), pl.col("status") == WITHDRAWN
    is_early = (is_settled & ~is_withdrawn & (pl.col("settled_on") < pl.col("due_on"))).fill_null(value=False)
    is_late = (is_settled & ~is_withdrawn & (pl.col("settled_on") > pl.col("due_on"))).fill_null(value=False)
    is_overdue = (~is_settled & (pl.col("due_on") < last) & ~pl.col("status").is_in(EXCUSED_STATUSES)).fill_null(
        value=False
    )
    figures = counted.group_by("unit").agg(
        received=pl.len(),
        online=(is_new & is_online).sum(),
        direct=(is_new & ~is_online).sum(),
        carried_over=(~is_new).sum(),
        settled=is_settled.sum(),
        early=is_early.sum(),
        on_time=(is_settled & ~is_early & ~is_late).sum(),
        late=is_late.sum(),
        open=(~is_settled).sum(),
        open_in_time=(~is_settled & ~is_overdue).sum(),
        open_late=is_overdue.sum(),
    )
    reporting = units.valid(month_end(month), *(kind for kind, _ in GROUPS))
    everyone = pl.DataFrame({"unit": reporting}).join(
        figures.with_columns(pl.col("unit").cast(pl.Int64)), on="unit", how="left", maintain_order="left"
    )
    return everyone.with_columns(pl.col(FIGURES).fill_null(0).cast(pl.Int64))


def ii_06a_html(figures: pl.DataFrame, units: Units, month: date) -> bytes:
    """The table as the portal's `.xls` download, which is HTML in UTF-8 with a byte order mark."""
    kinds = units.frame["unit_type"].gather(figures["unit"])
    lines = [*_titles(month), *_headings()]
    present = [(kind, name) for kind, name in GROUPS if (kinds == kind).any()]
    for numeral, (kind, name) in zip(NUMERALS, present, strict=False):
        group = figures.filter(kinds == kind)
        lines.append(_row([numeral, name, *_sums(group)]))
        lines += [
            _row([str(number), units.names[unit], *map(vietnamese_number, row)])
            for number, (unit, *row) in enumerate(group.select("unit", *FIGURES).iter_rows(), start=1)
        ]
    lines.append(_row(["", "Tổng cộng", *_sums(figures)]))
    table = '<table border="1">\n' + "\n".join(lines) + "\n</table>"
    head = '<html>\n<head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head>\n<body>\n'
    return ("\ufeff" + head + table + "\n</body>\n</html>\n").encode()


def _titles(month: date) -> Iterable[str]:
    texts = (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "TÌNH HÌNH, KẾT QUẢ GIẢI QUYẾT THỦ TỤC HÀNH CHÍNH (Biểu số II.06a/VPCP/KSTT)",
        f"(Từ ngày {month:%d/%m/%Y} đến ngày {month_end(month):%d/%m/%Y})",
    )
    return (f'<tr><td colspan="13">{text}</td></tr>' for text in texts)


def _headings() -> Iterable[str]:
    def cell(text: str, columns: int = 1, rows: int = 1) -> str:
        spans = (f' colspan="{columns}"' if columns > 1 else "") + (f' rowspan="{rows}"' if rows > 1 else "")
        return f"<th{spans}>{text}</th>"

    top = (
        cell("STT", rows=3), cell("Đơn vị", rows=3), cell("Số hồ sơ nhận giải quyết", 4),
        cell("Số hồ sơ đã giải quyết", 4), cell("Số lượng hồ sơ đang giải quyết", 3),
    )  # fmt: skip
    middle = (
        cell("Tổng số", rows=2), cell("Trong đó", 2), cell("Từ kỳ trước", rows=2), cell("Tổng số", rows=2),
        cell("Trước hạn", rows=2), cell("Đúng hạn", rows=2), cell("Quá hạn", rows=2), cell("Tổng số", rows=2),
        cell("Trong hạn", rows=2), cell("Quá hạn", rows=2),
    )  # fmt: skip
    bottom = (cell("Trực tuyến"), cell("Trực tiếp, dịch vụ bưu chính"))
    return (f"<tr>{''.join(row)}</tr>" for row in (top, middle, bottom))


def _sums(figures: pl.DataFrame) -> list[str]:
    return [total(figures[name].to_list()) for name in FIGURES]


def _row(cells: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
