"""Reads sheets and HTML tables: a grid of texts in which the heading must be found.

Title rows stand above the heading, merged headings span several levels, group rows and total rows stand among the
data. A row's number is the sheet's or the table's own.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import fastexcel
import polars as pl
from lxml import etree, html

from pipelines.contracts import Contract
from pipelines.parse.damage import TWICE_ENCODED, encoded_twice, refuse_damaged_bytes
from pipelines.parse.signature import FileKind, read_signature
from pipelines.parse.text_table import DAMAGE, ROW_NUMBER, SHEET_NAME, TextTable, damaged, unreadable
from pipelines.parse.told_names import told_name
from pipelines.parse.totals import take_groups, take_totals
from pipelines.reference import name_key

Grid = list[list[str]]
_POINT = "."
_HEADING_ROWS_SEARCHED = 40
_MOST_COLUMNS = 512
_HTML_BYTES = 256 * 1024 * 1024


def read_xlsx(file: Path, contract: Contract) -> TextTable:
    """Reads the first sheet of a workbook.

    Raises:
        DataRefusedError: It is no workbook, or no row holds the headings.
    """
    if read_signature(file).kind is not FileKind.XLSX:
        raise unreadable("it is no workbook, or it is cut short")
    try:
        # Handed over as bytes, for by a path its extension would decide how it is read.
        reader = fastexcel.read_excel(file.read_bytes())
        sheet = reader.load_sheet(0, header_row=None, skip_rows=0, dtypes="string")
        # Only cells that hold a number, not a text, have a value as booleans.
        numeric = (
            reader.load_sheet(0, header_row=None, skip_rows=0, dtypes="boolean").to_polars()
            if contract.format.decimal != _POINT
            else None
        )
    except fastexcel.FastExcelError:
        # The reader's message may quote a sheet's name or a cell.
        raise unreadable("it is no workbook, or it is cut short") from None
    if sheet.width > _MOST_COLUMNS:
        raise unreadable(f"it has {sheet.width} columns")
    frame = sheet.to_polars().cast(pl.String)
    if numeric is not None:
        frame = _in_declared_notation(frame, numeric, contract.format.decimal)
    if frame.select(pl.any_horizontal(pl.all().str.contains(DAMAGE, literal=True)).any()).item():
        raise damaged()
    if frame.select(pl.any_horizontal(pl.all().str.contains(TWICE_ENCODED)).any()).item():
        raise encoded_twice()
    return _table(told_name(sheet.name, 1), frame, contract)


def _in_declared_notation(frame: pl.DataFrame, numeric: pl.DataFrame, decimal: str) -> pl.DataFrame:
    """Spells Excel's own numbers as the contract spells typed ones: `1.234` held as a number is no thousand."""
    return frame.with_columns(
        pl.when(number.is_not_null())
        .then(pl.col(text).str.replace(_POINT, decimal, literal=True))
        .otherwise(pl.col(text))
        .alias(text)
        for text, number in zip(frame.columns, numeric.get_columns(), strict=True)
    )


def read_html(file: Path, contract: Contract) -> TextTable:
    """Reads the largest table of an HTML page, which is what many a "download .xls" really is.

    Raises:
        DataRefusedError: The text is not UTF-8, there is no table, or no row holds the headings.
    """
    if file.stat().st_size > _HTML_BYTES:
        raise unreadable("it is larger than any statistical table")
    content = file.read_bytes().removeprefix(BOM_UTF8)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise unreadable(f"it is not UTF-8: {error.reason}") from error
    refuse_damaged_bytes(content)
    tables: list[html.HtmlElement] = []
    if "<table" in text.lower():
        # The encoding is declared here, whatever the page says of itself.
        parser = html.HTMLParser(no_network=True, huge_tree=False, encoding="utf-8")
        with suppress(etree.ParserError):
            tables = html.document_fromstring(content, parser=parser).findall(".//table")
    if not tables:
        raise unreadable("there is no table in it")
    if "</table>" not in text.lower():
        raise unreadable("its table never ends: the file is cut short")
    grid = _spread(max(tables, key=lambda table: len(table.findall(".//tr"))))
    width = max((len(row) for row in grid), default=0)
    columns = {f"c{i}": [row[i] if i < len(row) else None for row in grid] for i in range(width)}
    return _table("", pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String())), contract)


@dataclass(frozen=True)
class _Heading:
    """Where the heading lies: its last row (from 0) and the name of each column, empty for none."""

    last_row: int
    names: list[str]


def _table(sheet_name: str, frame: pl.DataFrame, contract: Contract) -> TextTable:
    top = [[cell or "" for cell in row] for row in frame.head(_HEADING_ROWS_SEARCHED).rows()]
    heading = _find_heading(top, contract)
    if heading is None:
        wanted = ", ".join(column.headings[0] for column in contract.columns if column.required)
        raise unreadable(f"no row holds any of the headings {wanted}")
    names = _told_apart(heading.names, contract)
    if {ROW_NUMBER, SHEET_NAME} & set(names):
        raise unreadable("a heading is one that only this program uses")
    kept = {old: name for old, name in zip(frame.columns, names, strict=True) if name}
    body = (
        frame.select(list(kept))
        .rename(kept)
        .with_row_index(ROW_NUMBER, offset=1)
        .with_columns(pl.col(ROW_NUMBER).cast(pl.Int64), pl.lit(sheet_name).alias(SHEET_NAME))
        .slice(heading.last_row + 1)
        .with_columns(pl.col(list(kept.values())).str.strip_chars().replace("", None))
        .filter(pl.any_horizontal(pl.col(list(kept.values())).is_not_null()))
    )
    body = body.filter(~_repeats_heading(list(kept.values())))
    body, totals = take_totals(body, contract)
    body, groups = take_groups(body, contract)
    return TextTable.of_frame(body, tuple(kept.values()), [*totals, *groups], heading_row=heading.last_row + 1)


def _find_heading(top: Grid, contract: Contract) -> _Heading | None:
    """The row where most of the contract's headings stand, read with the declared number of levels."""
    wanted = {name_key(heading) for column in contract.columns for heading in column.headings}
    best: tuple[int, _Heading] | None = None
    levels = contract.format.header_rows
    for first in range(len(top) - levels + 1):
        names = _paths(top[first : first + levels])
        found = len({name_key(name) for name in names if name} & wanted)
        if found and (best is None or found > best[0]):
            best = (found, _Heading(first + levels - 1, names))
    return best[1] if best else None


def _paths(rows: Grid) -> list[str]:
    """Each column's path through the levels; a merged cell stands for the empty ones after it."""
    filled: Grid = []
    for depth, row in enumerate(rows):
        current: list[str] = []
        for index, cell in enumerate(row):
            text = " ".join(cell.split())
            same_parent = index > 0 and (depth == 0 or filled[depth - 1][index] == filled[depth - 1][index - 1])
            carries = (
                not text and depth < len(rows) - 1 and index > 0 and same_parent and _spans_down(rows, depth, index)
            )
            current.append(current[index - 1] if carries else text)
        filled.append(current)
    names = []
    for column in zip(*filled, strict=True):
        steps: list[str] = []
        for step in column:
            if step and (not steps or steps[-1] != step):
                steps.append(step)
        names.append(" / ".join(steps))
    return names


def _told_apart(names: Sequence[str], contract: Contract) -> list[str]:
    """Numbers headings that stand twice, such as `Đánh giá` after every share; the contract's own must stand once."""
    wanted = {name_key(heading) for column in contract.columns for heading in column.headings}
    told: list[str] = []
    for index, name in enumerate(names):
        times = names[:index].count(name)
        if name and times and name_key(name) in wanted:
            raise unreadable(f"the heading {name!r} stands twice")
        told.append(f"{name} ({times + 1})" if name and times else name)
    return told


def _spans_down(rows: Grid, depth: int, index: int) -> bool:
    """Whether an empty heading cell belongs to the merged cell on its left: something stands below it."""
    return any(row[index].strip() for row in rows[depth + 1 :])


def _repeats_heading(names: Sequence[str]) -> pl.Expr:
    matches = [pl.col(name).eq_missing(pl.lit(name.rsplit(" / ", 1)[-1])) for name in names]
    return pl.sum_horizontal(matches) * 2 > len(names)


def _spread(table: html.HtmlElement) -> Grid:
    """The table as a grid: a cell that spans columns stands in the first, one that spans rows in the first row."""
    grid: Grid = []
    taken: dict[tuple[int, int], str] = {}
    for row_index, row in enumerate(table.iter("tr")):
        cells: list[str] = []
        for cell in row.iterchildren("td", "th"):
            while (row_index, len(cells)) in taken:
                cells.append(taken[row_index, len(cells)])
            width, height = _span(cell, "colspan"), _span(cell, "rowspan")
            text = " ".join(cell.text_content().split())
            for down in range(1, height):
                for right in range(width):
                    taken[row_index + down, len(cells) + right] = ""
            cells.extend([text, *[""] * (width - 1)])
        while (row_index, len(cells)) in taken:
            cells.append(taken[row_index, len(cells)])
        grid.append(cells[:_MOST_COLUMNS])
    return grid


def _span(cell: html.HtmlElement, attribute: str) -> int:
    text = (cell.get(attribute) or "1").strip()
    return min(max(int(text), 1), _MOST_COLUMNS) if text.isascii() and text.isdecimal() else 1
