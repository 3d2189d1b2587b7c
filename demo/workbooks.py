"""Excel workbooks with the same bytes each time: a sheet of rows, merged headings, and nothing that tells the hour.

What stands in the cells belongs to the modules that write registers, statistics and forms.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

import xlsxwriter

EVENING = time(18)
Cell = str | int | float | date | None


@dataclass
class Sheet:
    """A sheet to be: its rows from the top, and the blocks of cells that are merged.

    Attributes:
        rows: The cells of each row, from the first row of the sheet on.
        merged: Blocks as (first row, first column, last row, last column), counted from 0; the block shows the text
            of its first cell.
    """

    rows: list[Sequence[Cell]] = field(default_factory=list)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)


def as_xlsx(sheet: Sheet, made_on: date) -> bytes:
    """The workbook's bytes; `made_on` is what its properties say."""
    buffer = io.BytesIO()
    workbook = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    workbook.set_properties({"created": datetime.combine(made_on, EVENING)})
    bold, as_date = workbook.add_format({"bold": True}), workbook.add_format({"num_format": "dd/mm/yyyy"})
    page = workbook.add_worksheet("Sheet1")
    for number, row in enumerate(sheet.rows):
        for column, value in enumerate(row):
            if isinstance(value, str):
                page.write_string(number, column, value)
            elif isinstance(value, date):
                page.write_datetime(number, column, datetime.combine(value, time()), as_date)
            elif value is not None:
                page.write_number(number, column, value)
    for block in sheet.merged:
        page.merge_range(*block, sheet.rows[block[0]][block[1]], bold)
    workbook.close()
    return buffer.getvalue()


def vietnamese_number(value: float) -> str:
    """A figure as screens show it: `1.234`, `45.678,5`, and `-` for zero."""
    if value == 0:
        return "-"
    text = f"{value:,.1f}".removesuffix(".0") if isinstance(value, float) else f"{value:,}"
    return text.translate(str.maketrans(",.", ".,"))


def total(values: Iterable[int]) -> str:
    """The sum of a column as its total row shows it."""
    return vietnamese_number(sum(values))
