"""One xlsx a unit, for the officer who mends: which rows, what is wrong, how to mend it, how it moved.

Everything that came from outside is written as a string and stays one: a cell that begins with `=` is text, never a
formula. Rows are streamed, so a unit with 100,000 of them needs no memory for them. Which rows there are is `held`'s
matter, the words are `sentences`' and `mending`'s.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
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
_SUMMARY_HEADING, _THIS_WEEK, _WEEK_BEFORE = 3, 5, 6
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
    folder: Path, rows: Iterable[HeldRow], counts: Sequence[ReasonCount], until: date, words: Words,
    most_rows: int = MOST_ROWS,
) -> list[Written]:  # fmt: skip
    """Writes one file a unit, and one for the rows whose unit could not be read.

    A file appears under its name when it is finished; one of the same name is replaced.

    Args:
        folder: Where the files go; made if it is missing.
        rows: The rows by unit and dataset, as `read_rows` gives them.
        counts: Counts by dataset, unit and reason.
        until: The day up to which the weeks are counted; it dates the files.
        words: What turns rows into words.
        most_rows: Rows a sheet holds; what is above is told, not written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for unit_code, own in groupby(rows, key=lambda row: row.unit_code):
        file = folder / file_name(unit_code, until)
        partial = file.with_suffix(".partial")
        name = words.mending.unit_name(unit_code) or (unit_code or NO_UNIT_NAME)
        of_unit = [count for count in counts if count.unit_code == unit_code]
        with Workbook(str(partial), _OPTIONS) as book:
            total, left_out = _UnitBook(book, name, words, most_rows).write(own, of_unit, until)
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


class _UnitBook:
    """The sheets of one unit's workbook."""

    def __init__(self, book: Workbook, unit: str, words: Words, most_rows: int) -> None:
        self._book, self._unit, self._words, self._most_rows = book, unit, words, most_rows
        self._formats = _Formats(book)
        self._total = self._left_out = 0
        book.set_properties({"title": f"Dòng cần sửa – {unit}", "author": "Kho Tỉnh"})

    def write(self, rows: Iterable[HeldRow], counts: Sequence[ReasonCount], until: date) -> tuple[int, int]:
        """Writes all sheets; how many rows the unit has, and how many of them did not fit."""
        for number, (dataset, own) in enumerate(groupby(rows, key=lambda row: row.dataset), start=1):
            sheet = self._book.add_worksheet(ROWS_SHEET if number == 1 else f"{ROWS_SHEET} ({number})")
            self._write_rows(sheet, dataset, own)
        self._write_summary(counts, until)
        self._write_guide()
        return self._total, self._left_out

    def _write_rows(self, sheet: Worksheet, dataset: str, rows: Iterable[HeldRow]) -> None:
        labels = self._words.mending.labels(dataset)
        headings = [*_FIXED, *((label, _CELL_WIDTH) for label in labels.values())]
        for column, (_, width) in enumerate(headings):
            sheet.set_column(column, column, width)
        _lay_out(sheet, f"{self._unit}: {self._words.mending.title(dataset)}")
        for column, (heading, _) in enumerate(headings):
            sheet.write_string(0, column, heading, self._formats.heading)
        total = 0
        for total, row in enumerate(rows, start=1):
            if total <= self._most_rows:
                self._write_row(sheet, total, row, labels)
        shown = min(total, self._most_rows)
        sheet.autofilter(0, 0, max(shown, 1), len(headings) - 1)
        sheet.print_area(0, 0, shown + 1, len(_FIXED) - 1)
        if total > shown:
            sheet.write_string(shown + 1, 0, self._says_left_out(total - shown), self._formats.note)
        self._total += total
        self._left_out += total - shown

    def _write_row(self, sheet: Worksheet, line: int, row: HeldRow, labels: Mapping[str, str]) -> None:
        words, formats = self._words, self._formats
        at_fault = [name for reason in row.reasons for name in words.mending.columns_at_fault(row.dataset, reason)]
        values = [f"{labels.get(name, name)}: {row.cells.get(name) or '(trống)'}" for name in at_fault]
        fixed: tuple[str | int, ...] = (
            words.mending.title(row.dataset), period_vi(row.partition_key), row.file_name, row.sheet_name,
            row.row_number, _lines([words.says(row.dataset, reason) for reason in row.reasons]), _lines(values),
            _lines([words.mending.sentence(row, reason) for reason in row.reasons]), row.file_sha256[:_SHORT_HASH],
        )  # fmt: skip
        for column, value in enumerate(fixed):
            if isinstance(value, int):
                sheet.write_number(line, column, value, formats.number)
            else:
                sheet.write_string(line, column, value[:_LONGEST_CELL], formats.text)
        for column, name in enumerate(labels, start=len(fixed)):
            looks = formats.fault if name in at_fault else formats.text
            sheet.write_string(line, column, (row.cells.get(name) or "")[:_LONGEST_CELL], looks)

    def _write_summary(self, counts: Sequence[ReasonCount], until: date) -> None:
        sheet, formats = self._book.add_worksheet(SUMMARY_SHEET), self._formats
        _lay_out(sheet, self._unit, heading_row=_SUMMARY_HEADING)
        sheet.write_string(0, 0, f"{self._unit}: {self._total} dòng cần sửa", formats.title)
        sheet.write_string(
            1, 0, f"Tuần này: bảy ngày đến {until:%d/%m/%Y}; số liệu tháng: tháng mới nhất.", formats.note
        )
        counting = "Một dòng sai nhiều chỗ được đếm ở từng lý do."
        sheet.write_string(2, 0, self._says_left_out(self._left_out) if self._left_out else counting, formats.note)
        for column, (heading, width) in enumerate(_SUMMARY):
            sheet.set_column(column, column, width)
            sheet.write_string(_SUMMARY_HEADING, column, heading, formats.heading)
        for line, count in enumerate(counts, start=_SUMMARY_HEADING + 1):
            self._write_count(sheet, line, count)
        if counts:
            last = _SUMMARY_HEADING + len(counts)
            sheet.autofilter(_SUMMARY_HEADING, 0, last, len(_SUMMARY) - 1)
            sheet.insert_chart(last + 2, 0, self._chart(min(last, _SUMMARY_HEADING + _CHARTED)))

    def _write_count(self, sheet: Worksheet, line: int, count: ReasonCount) -> None:
        formats = self._formats
        sheet.write_string(line, 0, self._words.mending.title(count.dataset), formats.text)
        sheet.write_string(line, 1, self._words.says(count.dataset, count.reason), formats.text)
        sheet.write_number(line, 2, count.rows, formats.number)
        sheet.write_datetime(line, 3, count.first_day, formats.day)
        sheet.write_datetime(line, 4, count.last_day, formats.day)
        sheet.write_number(line, _THIS_WEEK, count.this_week, formats.number)
        sheet.write_number(line, _WEEK_BEFORE, count.week_before, formats.number)
        for column, share in ((7, count.share_this_week), (8, count.share_week_before)):
            if share is None:
                sheet.write_string(line, column, "–", formats.text)
            else:
                sheet.write_number(line, column, share, formats.share)
        sheet.write_string(line, 9, ARROWS[count.trend], formats.arrow[count.trend])

    def _chart(self, last: int) -> Chart:
        """This week beside the week before, for the first reasons of the table."""
        chart, first = self._book.add_chart({"type": "bar"}), _SUMMARY_HEADING + 1
        for column, colour in ((_WEEK_BEFORE, "#A6A6A6"), (_THIS_WEEK, "#C55A11")):
            chart.add_series({
                "name": [SUMMARY_SHEET, _SUMMARY_HEADING, column], "fill": {"color": colour},
                "categories": [SUMMARY_SHEET, first, 1, last, 1], "values": [SUMMARY_SHEET, first, column, last, column],
            })  # fmt: skip
        chart.set_title({"name": "Số dòng theo lý do", "name_font": {"size": 11}})
        chart.set_y_axis({"reverse": True})
        chart.set_size({"width": 900, "height": 120 + 30 * (last - _SUMMARY_HEADING)})
        return chart

    def _write_guide(self) -> None:
        sheet = self._book.add_worksheet(GUIDE_SHEET)
        _lay_out(sheet, self._unit)
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 1, 110)
        for line, (what, told) in enumerate((("Mục", "Nội dung"), *sentences.GUIDE)):
            looks = self._formats.text if line else self._formats.heading
            sheet.write_string(line, 0, what, looks)
            sheet.write_string(line, 1, told, looks)

    def _says_left_out(self, rows: int) -> str:
        return (
            f"Còn {rows} dòng nữa không ghi ở đây: mỗi trang nhiều nhất {self._most_rows} dòng. "
            "Xuất lại với --from, --until hoặc --dataset."
        )


def _lay_out(sheet: Worksheet, title: str, heading_row: int = 0) -> None:
    """A4 landscape, as wide as one page, with the heading row on each."""
    sheet.set_landscape()
    sheet.set_paper(_PAPER_A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
    sheet.freeze_panes(heading_row + 1, 0)
    sheet.repeat_rows(heading_row)
    # & begins a control code in a header.
    sheet.set_header(f"&L{title.replace('&', '&&')[:200]}&RKho Tỉnh")
    sheet.set_footer("&CTrang &P/&N")


def _lines(texts: Sequence[str]) -> str:
    return "\n".join(dict.fromkeys(texts))
