"""One xlsx a unit, for the officer who mends: which rows, what is wrong, how to mend it, how it moved.

Everything that came from outside is written as a string and stays one: a cell that begins with `=` is text, never a
formula. Rows are streamed, so a unit with 100,000 of them needs no memory for them. Which rows there are is `held`'s
matter, the words are `sentences`' and `mending`'s.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from itertools import groupby
from pathlib import Path

from xlsxwriter import Workbook
from xlsxwriter.chart import Chart
from xlsxwriter.worksheet import Worksheet

from pipelines.calendar import BASELINE_PREFIX
from pipelines.quarantine import sentences
from pipelines.quarantine.held import HeldRow, ReasonCount, Trend
from pipelines.quarantine.mending import Mending

# A sheet of more opens slowly on an office machine; Excel's own end is 1,048,576.
MOST_ROWS = 100_000
ROWS_SHEET, SUMMARY_SHEET, GUIDE_SHEET = "Dòng cần sửa", "Tổng hợp", "Hướng dẫn"
NO_UNIT = "khong-ro-don-vi"
NO_UNIT_NAME = "Chưa đọc được đơn vị"
ARROWS = {Trend.MORE: "▲", Trend.LESS: "▼", Trend.SAME: "=", Trend.UNKNOWN: "–"}
_FIXED = (("Bộ dữ liệu", 18), ("Kỳ", 11), ("Tệp", 22), ("Trang", 10), ("Dòng số", 8), ("Sai gì", 34),
          ("Giá trị đang có", 26), ("Cách sửa", 44), ("Mã tệp", 14))  # fmt: skip
_SUMMARY = (("Bộ dữ liệu", 28), ("Lý do", 52), ("Số dòng", 9), ("Từ", 11), ("Đến", 11), ("Tuần này", 10),
            ("Tuần trước", 10), ("Tỷ lệ tuần này", 11), ("Tỷ lệ tuần trước", 11), ("So tuần trước", 9))  # fmt: skip
_CELL_WIDTH, _PAPER_A4, _LONGEST_CELL, _SHORT_HASH, _CHARTED = 16, 9, 32_000, 12, 12
_OPTIONS = {
    "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
}  # fmt: skip


@dataclass(frozen=True)
class Written:
    """One workbook.

    Attributes:
        rows: Rows of the unit.
        rows_left_out: Rows above MOST_ROWS a sheet; the workbook says so itself.
    """

    file: Path
    unit_code: str | None
    unit_name: str
    rows: int
    rows_left_out: int


@dataclass(frozen=True)
class Words:
    """What turns rows into words: `says` tells a dataset's reason in Vietnamese."""

    mending: Mending
    says: Callable[[str, str], str]


def write_workbooks(
    folder: Path, rows: Iterable[HeldRow], counts: Sequence[ReasonCount], until: date, words: Words
) -> list[Written]:  # fmt: skip
    """Writes one file a unit, and one for the rows whose unit could not be read.

    A file appears under its name when it is finished; one of the same name is replaced.

    Args:
        folder: Where the files go; made if it is missing.
        rows: The rows by unit and dataset, as `read_rows` gives them.
        counts: Counts by dataset, unit and reason.
        until: The day up to which the weeks are counted; it dates the files.
        words: What turns rows into words.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for unit_code, own in groupby(rows, key=lambda row: row.unit_code):
        file = folder / file_name(unit_code, until)
        partial = file.with_suffix(".partial")
        name = words.mending.unit_name(unit_code) or (unit_code or NO_UNIT_NAME)
        of_unit = [count for count in counts if count.unit_code == unit_code]
        total, left_out = _write(partial, name, own, of_unit, until, words)
        partial.replace(file)
        written.append(Written(file, unit_code, name, total, left_out))
    return written


def file_name(unit_code: str | None, until: date) -> str:
    """A name that stays in its folder whatever the code holds; a code that had to be altered keeps its hash."""
    if unit_code is None:
        return f"{NO_UNIT}_{until:%Y%m%d}.xlsx"
    safe = re.sub(r"[^A-Za-z0-9.-]+", "_", unit_code).strip("._")[:64]
    if safe != unit_code:
        safe = f"{safe}_{sha256(unit_code.encode()).hexdigest()[:8]}".lstrip("_")
    return f"{safe}_{until:%Y%m%d}.xlsx"


def period_vi(partition_key: str) -> str:
    """A period as an officer writes it."""
    if partition_key.startswith(BASELINE_PREFIX):
        return f"Tồn đầu kỳ {period_vi(partition_key.removeprefix(BASELINE_PREFIX))}"
    return "/".join(reversed(partition_key.split("-")))


class _Formats:
    """The looks of cells; `quote_prefix` keeps a text a text when somebody edits its cell."""

    def __init__(self, book: Workbook) -> None:
        cell = {"valign": "top", "text_wrap": True, "border": 1, "border_color": "#BFBFBF"}
        text = {**cell, "quote_prefix": True}
        self.heading = book.add_format({**cell, "bold": True, "bg_color": "#D9E2F3"})
        self.text = book.add_format(text)
        self.fault = book.add_format({**text, "bg_color": "#F8CBAD"})
        self.note = book.add_format({"italic": True, "valign": "top"})
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.number = book.add_format({**cell, "num_format": "#,##0"})
        self.share = book.add_format({**cell, "num_format": "0.00%"})
        self.day = book.add_format({**cell, "num_format": "dd/mm/yyyy"})
        self.arrow = {
            Trend.MORE: book.add_format({**cell, "align": "center", "font_color": "#C00000"}),
            Trend.LESS: book.add_format({**cell, "align": "center", "font_color": "#00803C"}),
            Trend.SAME: book.add_format({**cell, "align": "center"}),
            Trend.UNKNOWN: book.add_format({**cell, "align": "center"}),
        }


def _write(
    file: Path, unit: str, rows: Iterable[HeldRow], counts: Sequence[ReasonCount], until: date, words: Words
) -> tuple[int, int]:  # fmt: skip
    total = left_out = 0
    with Workbook(str(file), _OPTIONS) as book:
        book.set_properties({"title": f"Dòng cần sửa – {unit}", "author": "Kho Tỉnh"})
        formats = _Formats(book)
        for number, (dataset, own) in enumerate(groupby(rows, key=lambda row: row.dataset), start=1):
            sheet = book.add_worksheet(ROWS_SHEET if number == 1 else f"{ROWS_SHEET} ({number})")
            title = f"{unit}: {words.mending.title(dataset)}"
            of_dataset, not_shown = _write_rows(sheet, formats, title, dataset, own, words)
            total, left_out = total + of_dataset, left_out + not_shown
        _write_summary(book, formats, unit, counts, until, total, left_out, words)
        _write_guide(book, formats, unit)
    return total, left_out


def _write_rows(
    sheet: Worksheet, formats: _Formats, title: str, dataset: str, rows: Iterable[HeldRow], words: Words
) -> tuple[int, int]:  # fmt: skip
    labels = words.mending.labels(dataset)
    headings = [*_FIXED, *((label, _CELL_WIDTH) for label in labels.values())]
    for column, (_, width) in enumerate(headings):
        sheet.set_column(column, column, width)
    _lay_out(sheet, title)
    for column, (heading, _) in enumerate(headings):
        sheet.write_string(0, column, heading, formats.heading)
    total = 0
    for total, row in enumerate(rows, start=1):
        if total <= MOST_ROWS:
            _write_row(sheet, formats, total, row, list(labels), words)
    shown = min(total, MOST_ROWS)
    sheet.autofilter(0, 0, max(shown, 1), len(headings) - 1)
    sheet.print_area(0, 0, shown + 1, len(_FIXED) - 1)
    if total > shown:
        sheet.write_string(shown + 1, 0, _left_out(total - shown), formats.note)
    return total, total - shown


def _write_row(
    sheet: Worksheet, formats: _Formats, line: int, row: HeldRow, columns: Sequence[str], words: Words
) -> None:  # fmt: skip
    mending, labels = words.mending, words.mending.labels(row.dataset)
    at_fault = [name for reason in row.reasons for name in mending.columns_at_fault(row.dataset, reason)]
    values = [f"{labels.get(name, name)}: {row.cells.get(name) or '(trống)'}" for name in dict.fromkeys(at_fault)]
    fixed: tuple[str | int, ...] = (
        mending.title(row.dataset), period_vi(row.partition_key), row.file_name, row.sheet_name, row.row_number,
        _lines([words.says(row.dataset, reason) for reason in row.reasons]), _lines(values),
        _lines([mending.sentence(row, reason) for reason in row.reasons]), row.file_sha256[:_SHORT_HASH],
    )  # fmt: skip
    for column, value in enumerate(fixed):
        if isinstance(value, int):
            sheet.write_number(line, column, value, formats.number)
        else:
            sheet.write_string(line, column, value[:_LONGEST_CELL], formats.text)
    for column, name in enumerate(columns, start=len(fixed)):
        looks = formats.fault if name in at_fault else formats.text
        sheet.write_string(line, column, (row.cells.get(name) or "")[:_LONGEST_CELL], looks)


def _write_summary(
    book: Workbook, formats: _Formats, unit: str, counts: Sequence[ReasonCount], until: date, total: int, left_out: int,
    words: Words,
) -> None:  # fmt: skip
    sheet = book.add_worksheet(SUMMARY_SHEET)
    _lay_out(sheet, unit, frozen=4)
    sheet.write_string(0, 0, f"{unit}: {total} dòng cần sửa", formats.title)
    sheet.write_string(1, 0, f"Tuần này: bảy ngày đến {until:%d/%m/%Y}; số liệu tháng: tháng mới nhất.", formats.note)
    left_out_note = _left_out(left_out) if left_out else "Một dòng sai nhiều chỗ được đếm ở từng lý do."
    sheet.write_string(2, 0, left_out_note, formats.note)
    for column, (heading, width) in enumerate(_SUMMARY):
        sheet.set_column(column, column, width)
        sheet.write_string(3, column, heading, formats.heading)
    for line, count in enumerate(counts, start=4):
        sheet.write_string(line, 0, words.mending.title(count.dataset), formats.text)
        sheet.write_string(line, 1, words.says(count.dataset, count.reason), formats.text)
        sheet.write_number(line, 2, count.rows, formats.number)
        sheet.write_datetime(line, 3, count.first_day, formats.day)
        sheet.write_datetime(line, 4, count.last_day, formats.day)
        sheet.write_number(line, 5, count.this_week, formats.number)
        sheet.write_number(line, 6, count.week_before, formats.number)
        for column, share in ((7, count.share_this_week), (8, count.share_week_before)):
            if share is None:
                sheet.write_string(line, column, "–", formats.text)
            else:
                sheet.write_number(line, column, share, formats.share)
        sheet.write_string(line, 9, ARROWS[count.trend], formats.arrow[count.trend])
    if counts:
        last = 3 + min(len(counts), _CHARTED)
        sheet.autofilter(3, 0, 3 + len(counts), len(_SUMMARY) - 1)
        sheet.insert_chart(5 + len(counts), 0, _chart(book, last))


def _chart(book: Workbook, last: int) -> Chart:
    """This week beside the week before, for the first reasons of the table."""
    chart = book.add_chart({"type": "bar"})
    for column, colour in ((6, "#A6A6A6"), (5, "#C55A11")):
        chart.add_series({
            "name": [SUMMARY_SHEET, 3, column], "categories": [SUMMARY_SHEET, 4, 1, last, 1],
            "values": [SUMMARY_SHEET, 4, column, last, column], "fill": {"color": colour},
        })  # fmt: skip
    chart.set_title({"name": "Số dòng theo lý do", "name_font": {"size": 11}})
    chart.set_y_axis({"reverse": True})
    chart.set_size({"width": 900, "height": 120 + 30 * (last - 3)})
    return chart


def _write_guide(book: Workbook, formats: _Formats, unit: str) -> None:
    sheet = book.add_worksheet(GUIDE_SHEET)
    _lay_out(sheet, unit)
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 110)
    for line, (what, told) in enumerate((("Mục", "Nội dung"), *sentences.GUIDE)):
        looks = formats.heading if line == 0 else formats.text
        sheet.write_string(line, 0, what, looks)
        sheet.write_string(line, 1, told, looks)


def _lay_out(sheet: Worksheet, title: str, frozen: int = 1) -> None:
    """A4 landscape, as wide as one page, with the heading row on each."""
    sheet.set_landscape()
    sheet.set_paper(_PAPER_A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
    sheet.freeze_panes(frozen, 0)
    sheet.repeat_rows(frozen - 1)
    # & begins a control code in a header.
    sheet.set_header(f"&L{title.replace('&', '&&')[:200]}&RKho Tỉnh")
    sheet.set_footer("&CTrang &P/&N")


def _lines(texts: Sequence[str]) -> str:
    return "\n".join(dict.fromkeys(texts))


def _left_out(rows: int) -> str:
    return f"Còn {rows} dòng nữa không ghi ở đây: mỗi trang nhiều nhất {MOST_ROWS} dòng. Xuất lại với --from, --to hoặc --dataset."
