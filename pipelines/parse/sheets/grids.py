"""Brings grids of texts - the sheets of a workbook, the tables of a page - to one table: heading, rows, totals, groups.

Where a grid comes from is the matter of `workbook` and `html_tables`; where its heading lies of `heading_rows`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from pipelines.contracts import Contract
from pipelines.errors import DataRefusedError
from pipelines.parse.headings import headings_by_column
from pipelines.parse.parts import Part, one_table
from pipelines.parse.sheets.heading_rows import ROWS_SEARCHED, Heading, find_heading, holds_required, repeats
from pipelines.parse.sheets.merged_rows import unmerged
from pipelines.parse.sheets.sheet_extent import Span
from pipelines.parse.text_table import ROW_NUMBER, SHEET_NAME, Stated, TextTable, unreadable
from pipelines.parse.totals import take_groups, take_totals

_ROWS_AT_ONCE = 100_000


@dataclass(frozen=True)
class Grid:
    """A sheet or a table, before anything of it is understood.

    Attributes:
        name: As it may be told; empty for the one table of a page.
        cells: Texts, the first row being the sheet's own first; its columns' names mean nothing.
        merged: Merged cells, counted as in `cells`; none if the layout does not tell.
        texts_above: What stands above the grid outside it.
    """

    name: str
    cells: pl.DataFrame
    merged: tuple[Span, ...] = ()
    texts_above: tuple[str, ...] = ()


def table_of(grids: Sequence[Grid], contract: Contract) -> TextTable:
    """One table of all the grids.

    Raises:
        DataRefusedError: In one of them no row holds the headings, or a required one is missing.
    """
    parts = [_part(grid, contract) for grid in grids]
    if len(parts) == 1:
        return parts[0].table(contract)
    for grid, part in zip(grids, parts, strict=True):
        try:
            headings_by_column(part.table(contract), contract)
        except DataRefusedError as error:
            raise DataRefusedError(error.check, f"sheet {grid.name}: {error.what}", error.next_step) from None
    return one_table([Part(grid.name, part.table(contract)) for grid, part in zip(grids, parts, strict=True)])


def heading_of(grid: Grid, contract: Contract) -> Heading | None:
    """Where the contract's heading lies in a grid, if it does."""
    return find_heading(_top(grid.cells), grid.merged, contract)


def holds_rows(grid: Grid, contract: Contract) -> bool:
    """Whether a grid is a table of the contract: all the required headings, and something below them."""
    try:
        heading = heading_of(grid, contract)
    except DataRefusedError:
        # A heading stands twice: a table of the contract, though one that cannot be read.
        return True
    if heading is None or not holds_required(heading, contract):
        return False
    below = grid.cells.slice(heading.last_row + 1)
    return bool(below.select(pl.any_horizontal(pl.all().str.strip_chars() != "").any()).item())


@dataclass(frozen=True)
class _Part:
    """What one grid gives."""

    body: pl.DataFrame
    stated: list[Stated]
    heading_row: int
    title: tuple[str, ...]

    def table(self, contract: Contract) -> TextTable:
        """The part as a table of its own."""
        own = {ROW_NUMBER, SHEET_NAME, *contract.format.group_columns}
        headings = tuple(name for name in self.body.columns if name not in own)
        return TextTable(
            headings, self._slices, tuple(self.stated), heading_row=self.heading_row, titles=(self.title,)
        )  # fmt: skip

    def _slices(self) -> Iterator[pl.DataFrame]:
        return iter((self.body,)) if self.body.is_empty() else self.body.iter_slices(_ROWS_AT_ONCE)


def _part(grid: Grid, contract: Contract) -> _Part:
    top = _top(grid.cells)
    heading = find_heading(top, grid.merged, contract)
    if heading is None:
        wanted = ", ".join(column.headings[0] for column in contract.columns if column.required)
        raise unreadable(f"{f'in sheet {grid.name} ' if grid.name else ''}no row holds any of the headings {wanted}")
    if {ROW_NUMBER, SHEET_NAME} & set(heading.names):
        raise unreadable("a heading is one that only this program uses")
    kept = {old: name for old, name in zip(grid.cells.columns, heading.names, strict=True) if name}
    body = (
        grid.cells.select(list(kept))
        .rename(kept)
        .with_row_index(ROW_NUMBER, offset=1)
        .with_columns(pl.col(ROW_NUMBER).cast(pl.Int64), pl.lit(grid.name).alias(SHEET_NAME))
        .slice(heading.last_row + 1)
        .with_columns(pl.col(list(kept.values())).str.strip_chars().replace("", None))
        .filter(pl.any_horizontal(pl.col(list(kept.values())).is_not_null()))
    )
    body = unmerged(body, grid.merged, heading, contract)
    body = body.filter(~repeats(heading, heading.names))
    body, totals = take_totals(body, contract)
    body, groups = take_groups(body, contract)
    title = tuple(
        text for row in top[: heading.first_row] if (text := " ".join(cell.strip() for cell in row if cell.strip()))
    )
    return _Part(body, [*totals, *groups], heading.last_row + 1, (*grid.texts_above, *title))


def _top(cells: pl.DataFrame) -> list[tuple[str, ...]]:
    return [tuple(cell or "" for cell in row) for row in cells.head(ROWS_SEARCHED).rows()]
