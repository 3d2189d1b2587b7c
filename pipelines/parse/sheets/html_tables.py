"""Reads the tables of an HTML page, which is what many a "download .xls" really is.

The page comes as UTF-8, whatever it says of itself. Scripts and styles are no text; nothing is fetched.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import polars as pl
from lxml import etree, html

from pipelines.contracts import Contract
from pipelines.errors import DataRefusedError
from pipelines.parse.sheets.grids import Grid, heading_of, holds_rows, table_of
from pipelines.parse.sheets.heading_rows import ROWS_SEARCHED
from pipelines.parse.sheets.sheet_extent import MOST_CELLS, MOST_COLUMNS, Span
from pipelines.parse.text_table import TextTable, unreadable
from pipelines.parse.texts.damage import refuse_damaged_bytes

_MOST_BYTES = 128 * 1024 * 1024
_MOST_TABLES, _MOST_ROWS_SPANNED = 2_000, 65_534
_TEXTS_ABOVE = 60
_UNSEEN = frozenset({"script", "style", "template", "title"})
_INLINE = frozenset({"a", "b", "i", "u", "s", "em", "strong", "span", "font", "sub", "sup", "small", "label", "code"})
_BLOCKS = frozenset({"p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "caption", "center", "body", *_UNSEEN})


def read_html(file: Path, contract: Contract) -> TextTable:
    """Reads the table that holds the headings; with `sheets: all` every one that does.

    Raises:
        DataRefusedError: The text is not UTF-8, no table holds the headings, or a second one does too.
    """
    if file.stat().st_size > _MOST_BYTES:
        raise unreadable("it is larger than any statistical table")
    found = [(grid, table) for grid, table in _grids(file.read_bytes().removeprefix(BOM_UTF8)) if grid.cells.width]
    if not found:
        raise unreadable("no row holds any of the headings, for its table is empty")
    holding = [(grid, table) for grid, table in found if holds_rows(grid, contract)]
    if len(holding) > 1 and contract.format.sheets != "all":
        raise DataRefusedError(
            "every_sheet_is_read",
            f"{len(holding)} tables of the page hold the headings, and the contract reads one.",
            "Write `sheets: all` under `format` in the contract if they belong together; or ask for a single table.",
        )
    # Without such a table the most likely one is read, so that what it lacks can be told.
    chosen = holding or [max(found, key=lambda one: _likeness(one[0], contract))]
    above = [
        _texts_above(table, before)
        for (_, table), before in zip(chosen, [None, *(table for _, table in chosen)], strict=False)
    ]
    is_only = len(chosen) == 1
    return table_of(
        [
            replace(grid, name="" if is_only else grid.name, texts_above=texts)
            for (grid, _), texts in zip(chosen, above, strict=True)
        ],
        contract,
    )


def page_grids(file: Path) -> list[Grid]:
    """Every table of a page in which something stands, with the texts above it, before anything of it is understood.

    Raises:
        DataRefusedError: The text is not UTF-8, or there is no table in it.
    """
    if file.stat().st_size > _MOST_BYTES:
        raise unreadable("it is larger than any statistical table")
    found = _grids(file.read_bytes().removeprefix(BOM_UTF8))
    return [replace(grid, texts_above=_texts_above(table, None)) for grid, table in found if grid.cells.width]


def _likeness(grid: Grid, contract: Contract) -> tuple[bool, int]:
    heading = heading_of(grid, contract)
    return heading is not None, grid.cells.height


def _grids(content: bytes) -> Iterator[tuple[Grid, html.HtmlElement]]:
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise unreadable(f"it is not UTF-8: {error.reason}") from error
    refuse_damaged_bytes(content)
    tables: list[html.HtmlElement] = []
    if "<table" in text.lower():
        # The encoding is declared here, whatever the page says of itself.
        parser = html.HTMLParser(no_network=True, huge_tree=False, encoding="utf-8", remove_comments=True)
        with suppress(etree.ParserError):
            tables = html.document_fromstring(content, parser=parser).findall(".//table")
    if not tables:
        raise unreadable("there is no table in it")
    if "</table>" not in text.lower():
        raise unreadable("its table never ends: the file is cut short")
    if len(tables) > _MOST_TABLES:
        raise unreadable(f"it has more than {_MOST_TABLES:,} tables")
    for place, table in enumerate(tables, 1):
        cells, merged = _spread(table)
        yield Grid(f"table {place}", cells, merged), table


def _texts_above(table: html.HtmlElement, before: html.HtmlElement | None) -> tuple[str, ...]:
    """What stands between the table and the one before that is read too, block by block, the nearest last."""
    blocks: list[tuple[html.HtmlElement, str]] = []
    for text in table.xpath(f"(preceding::text())[position() > last() - {_TEXTS_ABOVE}]"):
        inside = text.getparent().getparent() if text.is_tail else text.getparent()
        if before is not None and (inside is before or before in inside.iterancestors()):
            # So what came until now stands above that other table.
            blocks = []
            continue
        parent = text.getparent()
        block = parent.getparent() if text.is_tail else parent
        while block.tag not in _BLOCKS and block.getparent() is not None:
            block = block.getparent()
        if block.tag in _UNSEEN:
            continue
        if blocks and blocks[-1][0] is block:
            blocks[-1] = (block, f"{blocks[-1][1]} {text}")
        else:
            blocks.append((block, text))
    return tuple(" ".join(text.split()) for _, text in blocks if text.strip())


def _spread(table: html.HtmlElement) -> tuple[pl.DataFrame, tuple[Span, ...]]:
    """The table as a grid: a cell that spans columns stands in the first, one that spans rows in the first row."""
    grid: list[list[str]] = []
    merged: list[Span] = []
    open_below: dict[int, int] = {}
    for row_index, row in enumerate(_own_rows(table)):
        cells: list[str] = []
        for cell in row.iterchildren("td", "th"):
            _pass(open_below, cells)
            width, height = _span(cell, "colspan"), _span(cell, "rowspan")
            left = len(cells)
            cells.extend([_text(cell), *[""] * (width - 1)])
            if height > 1:
                open_below.update(dict.fromkeys(range(left, left + width), height))
            if height > 1 or (width > 1 and row_index < ROWS_SEARCHED):
                merged.append((row_index, left, row_index + height - 1, left + width - 1))
            if len(cells) > MOST_COLUMNS:
                raise unreadable(f"it has more than {MOST_COLUMNS} columns")
        _pass(open_below, cells)
        open_below = {column: rows - 1 for column, rows in open_below.items() if rows > 1}
        grid.append(cells)
    width = max(map(len, grid), default=0)
    if width * len(grid) > MOST_CELLS:
        raise unreadable(f"its cells lie over more than {MOST_CELLS:,} places")
    columns = {f"c{i}": [row[i] if i < len(row) else None for row in grid] for i in range(width)}
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String())), tuple(merged)


def _own_rows(table: html.HtmlElement) -> Iterator[html.HtmlElement]:
    """The rows of the table itself, not those of a table within it."""
    for child in table.iterchildren("tr", "thead", "tbody", "tfoot"):
        if child.tag == "tr":
            yield child
        else:
            yield from child.iterchildren("tr")


def _pass(open_below: dict[int, int], cells: list[str]) -> None:
    """Leaves out the places that a cell of a row above spans."""
    while len(cells) in open_below:
        cells.append("")


def _text(cell: html.HtmlElement) -> str:
    """A cell's text; `Tổng<br>số` is two words."""
    if not len(cell):
        return " ".join((cell.text or "").split())
    parts, last = [cell.text or ""], (cell.text or "")[-1:]
    for event, element in etree.iterwalk(cell, events=("start", "end")):
        if element is cell:
            continue
        blank = "" if element.tag in _INLINE else " "
        if event == "start":
            # A note's number behind a figure is none of its digits; `m<sup>2</sup>` is one word.
            blank = " " if element.tag in ("sub", "sup") and last.isdigit() else blank
            text = blank + ("" if element.tag in _UNSEEN else element.text or "")
        else:
            text = blank + (element.tail or "")
        parts.append(text)
        last = text[-1:] or last
    return " ".join("".join(parts).split())


def _span(cell: html.HtmlElement, attribute: str) -> int:
    text = (cell.get(attribute) or "1").strip()
    most = MOST_COLUMNS + 1 if attribute == "colspan" else _MOST_ROWS_SPANNED
    return min(max(int(text[:9]), 1), most) if text.isascii() and text.isdecimal() else 1
