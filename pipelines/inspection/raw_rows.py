"""The cells of a file before anybody knows which of them are headings: each sheet or table as rows of texts.

Only to find the heading. Rows are read by the layout's own reader (`parse`), with what is found here.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Literal

from pipelines.parse.sheets.grids import Grid
from pipelines.parse.sheets.html_tables import page_grids
from pipelines.parse.sheets.sheet_extent import Span
from pipelines.parse.sheets.workbook import workbook_sheets
from pipelines.parse.text_table import unreadable

Rows = list[list[str]]
ROWS_LOOKED_AT = 200
# No sign that anybody types: what Excel holds as a number is told by it from what somebody typed.
_OF_EXCEL = "\u241f"
_FIGURE = r"^-?[0-9]+(?:[.,][0-9]+)+ ?%?$"


@dataclass(frozen=True)
class Sheet:
    """The first rows of one sheet or table.

    Attributes:
        name: The sheet's name as it stands there, empty where there is but one.
        rows: Texts, `""` where a cell is empty, all rows equally long.
        figures: Of each column the texts that are figures with a separator, such as `1.720` in a total row at the end;
            not those that a workbook holds as numbers: how people spell numbers shows in texts only.
        row_count: All rows that it has.
        merged: Its merged cells.
        is_visible: Whether a reader of the workbook sees it.
        is_first: Whether it is the first visible one.
    """

    name: str
    rows: Rows
    figures: tuple[tuple[str, ...], ...]
    row_count: int
    merged: tuple[Span, ...] = ()
    is_visible: bool = True
    is_first: bool = True


def sheets_of_workbook(file: Path) -> list[Sheet]:
    """Every sheet of a workbook that has a cell, in its order.

    Raises:
        DataRefusedError: It is no workbook, or it is cut short.
    """
    found = workbook_sheets(file, _OF_EXCEL)
    first = next((entry.place for entry, _ in found if entry.is_visible), None)
    return [
        replace(_sheet(entry.name, grid), is_visible=entry.is_visible, is_first=entry.place == first)
        for entry, grid in found
        if grid.cells.width
    ]


def tables_of_page(file: Path) -> list[Sheet]:
    """Every table of a page in which something stands.

    Raises:
        DataRefusedError: There is no table in it.
    """
    return [_sheet(grid.name, grid) for grid in page_grids(file)]


def _sheet(name: str, grid: Grid) -> Sheet:
    figures = tuple(tuple(column.filter(column.str.contains(_FIGURE)).to_list()) for column in grid.cells.get_columns())
    rows = [["" if cell is None else cell.strip() for cell in row] for row in grid.cells.head(ROWS_LOOKED_AT).rows()]
    return Sheet(name, rows, figures, grid.cells.height, grid.merged)


def delimited_rows(file: Path, delimiter: str, quote: str) -> Sheet:
    """The first rows of a delimited text in UTF-8.

    Raises:
        DataRefusedError: A quote never closes, or what follows it is no delimiter.
    """
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE
    try:
        with file.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
            reader = csv.reader(stream, delimiter=delimiter, quotechar=quote or None, quoting=quoting, strict=True)
            rows = [[cell.strip() for cell in row] for row in islice(reader, ROWS_LOOKED_AT)]
    except csv.Error:
        raise unreadable("a quote never closes, or a cell of it is longer than any value") from None
    rows = _even(rows)
    figures = tuple(tuple(cell for cell in column if re.search(_FIGURE, cell)) for column in zip(*rows, strict=True))
    return Sheet("", rows, figures, len(rows))


def _even(rows: Rows) -> Rows:
    width = max((len(row) for row in rows), default=0)
    return [row + [""] * (width - len(row)) for row in rows]
