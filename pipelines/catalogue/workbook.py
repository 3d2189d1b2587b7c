"""The data dictionary as one xlsx: tables, columns, indicators with their legal sources, datasets.

Every cell is a text and stays one; the same version gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from pipelines.catalogue.contents import DATASET_COLUMNS, INDICATOR_COLUMNS, Contents

_OPTIONS = {
    "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
}  # fmt: skip
_PAPER_A4 = 9
_TABLES = (("Lược đồ | Schema", 9), ("Bảng | Table", 32), ("Loại | Kind", 12), ("Khóa | Key", 34),
           ("Ý nghĩa", 60), ("Meaning", 60))  # fmt: skip
_COLUMNS = (("Lược đồ | Schema", 9), ("Bảng | Table", 32), ("Cột | Column", 30), ("Kiểu | Type", 15),
            ("Khóa | Key", 8), ("Giá trị được phép | Allowed values", 30), ("Ý nghĩa", 60), ("Meaning", 60))  # fmt: skip
HEADINGS = {
    "indicator_code": ("Mã | Code", 34), "name_vi": ("Chỉ tiêu", 40), "name_en": ("Indicator", 40),
    "unit_vi": ("Đơn vị tính", 12), "unit_en": ("Unit", 12), "formula_vi": ("Công thức", 50),
    "numerator_en": ("Numerator", 40), "denominator_en": ("Denominator", 40), "legal_source": ("Căn cứ | Legal source", 40),
    "direction": ("Chiều tốt | Better", 12), "caveat_vi": ("Lưu ý", 50), "caveat_en": ("Caveat", 50),
    "owner": ("Chủ trì | Owner", 30), "valid_from": ("Từ | From", 11), "valid_to": ("Đến | Until", 11),
    "dataset": ("Mã | Code", 32), "title_vi": ("Bộ dữ liệu", 44), "title_en": ("Dataset", 44),
    "cadence": ("Nhịp | Cadence", 12), "mode": ("Cách kể | Mode", 12), "due_days_after": ("Hạn sau (ngày) | Due after (days)", 12),
    "due_time": ("Giờ hạn | Due time", 10), "contract_version": ("Hợp đồng | Contract", 10),
}  # fmt: skip
"""Heading and width of each column of the registers."""


def write_workbook(file: Path, contents: Contents) -> None:
    """Writes the workbook."""
    with Workbook(str(file), _OPTIONS) as book:
        book.set_properties({"title": f"Từ điển dữ liệu Kho Tỉnh {contents.version}", "created": contents.published_at})
        tables = [
            (table.schema, table.name, "khung nhìn | view" if table.is_view else "bảng | table",
             ", ".join(column.name for column in table.columns if column.is_key), table.words.vi, table.words.en)
            for table in contents.tables
        ]  # fmt: skip
        columns = [
            (table.schema, table.name, column.name, column.data_type, "có | yes" if column.is_key else "",
             ", ".join(column.values), column.words.vi, column.words.en)
            for table in contents.tables
            for column in table.columns
        ]  # fmt: skip
        _sheet(book, "Bảng | Tables", contents, _TABLES, tables)
        _sheet(book, "Cột | Columns", contents, _COLUMNS, columns)
        _register(book, "Chỉ tiêu | Indicators", contents, INDICATOR_COLUMNS, contents.indicators)
        _register(book, "Bộ dữ liệu | Datasets", contents, DATASET_COLUMNS, contents.datasets)


def shown(value: object) -> str:
    """A value of a register as people read it; nothing for nothing."""
    return "" if value is None else str(value)


def _register(
    book: Workbook, name: str, contents: Contents, columns: Sequence[str], rows: Sequence[Mapping[str, object]]
) -> None:
    headings = [HEADINGS[column] for column in columns]
    _sheet(book, name, contents, headings, [tuple(shown(row[column]) for column in columns) for row in rows])


def _sheet(
    book: Workbook, name: str, contents: Contents, headings: Sequence[tuple[str, int]], rows: Sequence[tuple[str, ...]]
) -> None:
    """One sheet: a heading that stays in sight and on every printed page, a filter, and the rows."""
    heading = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#E8EEF4", "border": 1})
    cell = book.add_format({"text_wrap": True, "valign": "top"})
    sheet: Worksheet = book.add_worksheet(name)
    for place, (title, width) in enumerate(headings):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, title, heading)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(len(rows), 1), len(headings) - 1)
    sheet.set_landscape()
    sheet.set_paper(_PAPER_A4)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_footer(f"&LKho Tỉnh {contents.version}&C&A&R&P/&N")
    for number, row in enumerate(rows, start=1):
        for place, text in enumerate(row):
            sheet.write_string(number, place, text, cell)
