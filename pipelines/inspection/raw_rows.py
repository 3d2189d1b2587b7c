"""The cells of a file before anybody knows which of them are headings: each sheet or table as rows of texts.

Only to find the heading. Rows are read by the layout's own reader (`parse`), with what is found here.
"""

from __future__ import annotations

import csv
import re
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import fastexcel
import polars as pl
from lxml import etree, html

from pipelines.errors import DataRefusedError
from pipelines.parse.signature import Signature
from pipelines.parse.text_table import unreadable

Rows = list[list[str]]
ROWS_LOOKED_AT = 200
_MOST_COLUMNS = 512
_SHEETS = 50
_MOST_SPAN = 100
_FIGURE = r"^-?[0-9]+(?:[.,][0-9]+)+$"


@dataclass(frozen=True)
class Sheet:
    """The first rows of one sheet or table.

    Attributes:
        name: The sheet's name, empty where there is but one.
        rows: Texts, `""` where a cell is empty, all rows equally long.
        figures: Texts below and above that are figures with a separator, such as `1.720` in a total row at the end; not
            those that a workbook holds as numbers: how people spell numbers shows in texts only.
        row_count: All rows that it has.
    """

    name: str
    rows: Rows
    figures: tuple[str, ...]
    row_count: int


def workbook_sheets(file: Path) -> list[Sheet]:
    """Every sheet of a workbook that has a cell, in its order.

    Raises:
        DataRefusedError: It is no workbook, or it is cut short.
    """
    try:
        reader = fastexcel.read_excel(file.read_bytes())
        sheets = [_workbook_sheet(reader, name) for name in reader.sheet_names[:_SHEETS]]
    except fastexcel.FastExcelError:
        raise unreadable("it is no workbook, or it is cut short") from None
    return [sheet for sheet in sheets if any(any(row) for row in sheet.rows)]


def _workbook_sheet(reader: fastexcel.ExcelReader, name: str) -> Sheet:
    def cells(dtype: str) -> pl.DataFrame:
        frame: pl.DataFrame = reader.load_sheet(name, header_row=None, skip_rows=0, dtypes=dtype).to_polars()
        return frame.select(pl.nth(range(min(frame.width, _MOST_COLUMNS))))

    texts = cells("string").cast(pl.String)
    # Only a cell that holds a number, not a text, has a value as a boolean.
    numbers = cells("boolean")
    figures = [
        text
        for column, mark in zip(texts.get_columns(), numbers.get_columns(), strict=True)
        for text in column.filter(mark.is_null() & column.str.contains(_FIGURE)).to_list()
    ]
    rows = [["" if cell is None else cell.strip() for cell in row] for row in texts.head(ROWS_LOOKED_AT).rows()]
    return Sheet(name, rows, tuple(figures), texts.height)


def html_tables(file: Path) -> list[Sheet]:
    """The largest table of a page, which is the one that is read.

    Raises:
        DataRefusedError: There is no table in it.
    """
    tables: list[html.HtmlElement] = []
    parser = html.HTMLParser(no_network=True, huge_tree=False, encoding="utf-8")
    with suppress(etree.ParserError):
        tables = html.document_fromstring(file.read_bytes(), parser=parser).findall(".//table")
    if not tables:
        raise unreadable("there is no table in it")
    table = max(tables, key=lambda one: len(one.findall(".//tr")))
    grid = _spread(table)
    return [Sheet("", _even(grid[:ROWS_LOOKED_AT]), _figures(grid), len(grid))]


def _spread(table: html.HtmlElement) -> Rows:
    """A cell that spans columns or rows stands in the first of them; the others are empty."""
    taken: set[tuple[int, int]] = set()
    grid: Rows = []
    for down, row in enumerate(table.iter("tr")):
        cells: list[str] = []
        for cell in row.iterchildren("td", "th"):
            while (down, len(cells)) in taken:
                cells.append("")
            width, height = _span(cell, "colspan"), _span(cell, "rowspan")
            taken |= {(down + y, len(cells) + x) for y in range(1, height) for x in range(width)}
            cells += [" ".join(cell.text_content().split()), *[""] * (width - 1)]
        grid.append(cells[:_MOST_COLUMNS])
    return grid


def _span(cell: html.HtmlElement, attribute: str) -> int:
    text = (cell.get(attribute) or "1").strip()
    return min(max(int(text), 1), _MOST_SPAN) if text.isascii() and text.isdecimal() and len(text) < 6 else 1  # noqa: PLR2004


def delimited_rows(file: Path, signature: Signature, encoding: str) -> list[Sheet]:
    """The first rows of a delimited text.

    Raises:
        DataRefusedError: A quote never closes.
    """
    try:
        with file.open(encoding=encoding, errors="replace", newline="") as stream:
            rows = [
                [cell.strip() for cell in row]
                for row in islice(csv.reader(stream, delimiter=signature.delimiter or ","), ROWS_LOOKED_AT)
            ]
    except csv.Error:
        raise _quote() from None
    return [Sheet("", _even(rows), _figures(rows), len(rows))]


def _figures(rows: Rows) -> tuple[str, ...]:
    return tuple(cell for row in rows for cell in row if re.search(_FIGURE, cell))


def _quote() -> DataRefusedError:
    return unreadable("a quote never closes, or a cell of it is longer than any value")


def _even(rows: Rows) -> Rows:
    width = max((len(row) for row in rows), default=0)
    return [row + [""] * (width - len(row)) for row in rows]
