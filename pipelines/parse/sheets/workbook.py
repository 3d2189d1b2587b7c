"""Reads workbooks, .xlsx and .xls: which sheets, and every cell as the text that a person would have typed.

Calamine does the reading, through fastexcel, in a process of its own (`sheet_process`). What its cells cannot tell (how far they reach, what is merged, which
formulas were never computed) is found before, by `xlsx_parts` and `xls_records`, so that no sheet costs more memory
than it is worth. What the rows are is the matter of `grids`.

A number comes as Excel holds it, at most 15 digits: `0.1+0.2` is 0.3, and what is shown as `95,5%` is 0,955.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from pipelines.contracts import Contract
from pipelines.errors import DataRefusedError
from pipelines.parse.containers.signature import FileKind, read_signature
from pipelines.parse.sheets import sheet_process
from pipelines.parse.sheets.grids import Grid, holds_rows, table_of
from pipelines.parse.sheets.sheet_extent import Extent, column_letters
from pipelines.parse.sheets.xls_records import scan_workbook
from pipelines.parse.sheets.xlsx_parts import SheetEntry, refuse_bombs, scan_sheet, sheet_entries
from pipelines.parse.text_table import TextTable, unreadable
from pipelines.parse.texts.damage import refuse_damaged_cells
from pipelines.parse.told_names import told_name
from pipelines.reference import name_key

_POINT = "."
_TORN = "it is no workbook, or it is cut short"
_SECONDS = 600
_UNCOMPUTED = "#NO_RESULT"
_LOST_DIGITS, _ROUNDED = r"^-?[0-9]{16}", "#ROUNDED"
_ERRORS = {
    "NA": "#N/A", "Div0": "#DIV/0!", "Ref": "#REF!", "Value": "#VALUE!", "Name": "#NAME?", "Num": "#NUM!",
    "Null": "#NULL!", "GettingData": "#GETTING_DATA",
}  # fmt: skip


def read_xlsx(file: Path, contract: Contract) -> TextTable:
    """Reads the declared sheets of an .xlsx.

    Raises:
        DataRefusedError: It is no workbook or a hostile one, a declared sheet is not there, another sheet holds the
            same table, or no row holds the headings.
    """
    book = _xlsx(file)
    return _table(book.entries, book.grids, contract)


def read_xls(file: Path, contract: Contract) -> TextTable:
    """Reads the declared sheets of an .xls, Excel 5 to 2003.

    Raises:
        DataRefusedError: As `read_xlsx`.
    """
    book = _xls(file)
    return _table(book.entries, book.grids, contract)


def workbook_heads(file: Path, decimals: Collection[str], rows: int) -> Callable[[Contract], TextTable]:
    """Reads the first rows of a workbook once, for any number of contracts to be held against them.

    Args:
        file: An .xlsx or .xls.
        decimals: The decimal marks of those contracts.
        rows: How many rows of each sheet.

    Returns:
        Reads them as `read_xlsx` would.

    Raises:
        DataRefusedError: It is no workbook, or a hostile one.
    """
    book = _xls(file) if read_signature(file).kind is FileKind.XLS else _xlsx(file)
    heads = book.heads(decimals, rows)

    def grids(chosen: Sequence[SheetEntry], decimal: str) -> Iterator[Grid]:
        by_place = {entry.place: grid for entry, grid in zip(book.entries, heads[decimal], strict=True)}
        return (by_place[entry.place] for entry in chosen)

    return lambda contract: _table(book.entries, grids, contract)


def workbook_sheets(file: Path, decimal: str) -> list[tuple[SheetEntry, Grid]]:
    """Every sheet of a workbook, hidden ones too, before anything of it is understood.

    Args:
        file: An .xlsx or .xls.
        decimal: The decimal mark with which Excel's own numbers are spelled.

    Raises:
        DataRefusedError: It is no workbook, or a hostile one.
    """
    book = _xls(file) if read_signature(file).kind is FileKind.XLS else _xlsx(file)
    return list(zip(book.entries, book.grids(book.entries, decimal), strict=True))


def _xlsx(file: Path) -> _Book:
    if read_signature(file).kind is not FileKind.XLSX:
        raise unreadable(_TORN)
    refuse_bombs(file)
    return _Book(file, sheet_entries(file))


def _xls(file: Path) -> _Book:
    if read_signature(file).kind is not FileKind.XLS:
        raise unreadable(_TORN)
    extents = scan_workbook(file.read_bytes())
    with TemporaryDirectory() as folder:
        listed = _asked(file, folder, None, with_numbers=False)
    if len(listed["names"]) != len(extents):
        raise unreadable("its list of sheets cannot be read")
    entries = tuple(
        SheetEntry(place, name, is_visible, "")
        for place, (name, is_visible) in enumerate(zip(listed["names"], listed["is_visible"], strict=True))
    )
    return _Book(file, entries, extents)


@dataclass(frozen=True)
class _Book:
    """A workbook whose sheets are known."""

    file: Path
    entries: tuple[SheetEntry, ...]
    extents: tuple[Extent, ...] = ()

    def grids(self, chosen: Sequence[SheetEntry], decimal: str) -> Iterator[Grid]:
        """The cells of these sheets, one after the other."""
        with self._read(chosen, with_numbers=decimal != _POINT) as grid_of:
            for entry in chosen:
                yield grid_of(entry, decimal)

    def heads(self, decimals: Collection[str], rows: int) -> dict[str, list[Grid]]:
        """The first rows of every sheet, spelled with each of these decimal marks; the file is read once for all."""
        with self._read(self.entries, with_numbers=True) as grid_of:
            return {
                decimal: [
                    replace(grid, cells=grid.cells.head(rows))
                    for grid in (grid_of(entry, decimal) for entry in self.entries)
                ]
                for decimal in decimals
            }

    @contextmanager
    def _read(
        self, chosen: Sequence[SheetEntry], *, with_numbers: bool
    ) -> Iterator[Callable[[SheetEntry, str], Grid]]:  # fmt: skip
        """Inside the block: the cells of each of these sheets, by its decimal mark."""
        extents = {
            entry.place: self.extents[entry.place] if self.extents else scan_sheet(self.file, entry) for entry in chosen
        }
        places = [place for place, extent in extents.items() if not extent.is_empty]
        with TemporaryDirectory() as folder:
            answer = _asked(self.file, folder, places, with_numbers=with_numbers)

            def grid_of(entry: SheetEntry, decimal: str) -> Grid:
                name, found = told_name(entry.name, entry.place + 1), answer["sheets"].get(str(entry.place))
                if found is None or found["left"] is None:
                    return Grid(name, pl.DataFrame())
                return _grid(name, _texts(Path(folder), entry.place, found, decimal), found, extents[entry.place])

            yield grid_of


def _asked(file: Path, folder: str, places: list[int] | None, *, with_numbers: bool) -> dict[str, Any]:
    """The answer of the process that reads; it has nothing of this one's environment, and its words go nowhere."""
    request = {"file": str(file.resolve()), "folder": folder, "places": places, "with_numbers": with_numbers}
    command = [sys.executable, "-I", sheet_process.__file__, json.dumps(request)]
    try:
        done = subprocess.run(  # noqa: S603 (our own interpreter and script)
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise unreadable(f"its cells cannot be read within {_SECONDS} seconds") from None
    if done.returncode == sheet_process.UNREADABLE:
        raise unreadable(_TORN)
    if done.returncode:
        raise unreadable("its reader broke off: a cell holds what no workbook can, or there is no memory for it")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _table(
    entries: tuple[SheetEntry, ...], grids_of: Callable[[Sequence[SheetEntry], str], Iterator[Grid]], contract: Contract
) -> TextTable:  # fmt: skip
    chosen, left = _chosen(entries, contract)
    sheets = grids_of([*chosen, *left], contract.format.decimal)
    grids = list(islice(sheets, len(chosen)))
    if contract.format.sheets == "all":
        # A sheet in which nothing stands has nothing to lose.
        grids = [grid for grid in grids if grid.cells.width] or grids[:1]
    table = table_of(grids, contract)
    for entry, grid in zip(left, sheets, strict=True):
        if holds_rows(grid, contract):
            hidden = "" if entry.is_visible else "hidden "
            raise DataRefusedError(
                "every_sheet_is_read",
                f"{hidden}sheet {grid.name} holds the same table, and the contract does not read it.",
                "Name the sheets to read under `format.sheets` in the contract, or write `all`; or ask for a single sheet.",
            )
    return table


def _chosen(entries: tuple[SheetEntry, ...], contract: Contract) -> tuple[list[SheetEntry], list[SheetEntry]]:
    """The sheets that the contract reads, and those that must not hold its table. A named sheet may be hidden."""
    wanted = contract.format.sheets
    visible = [entry for entry in entries if entry.is_visible]
    if not visible:
        raise unreadable("no sheet of it is visible")
    if isinstance(wanted, str):
        chosen = visible if wanted == "all" else visible[:1]
        return chosen, [entry for entry in entries if entry not in chosen]
    found: set[int] = set()
    for pattern in wanted:
        own = [
            entry.place
            for entry in entries
            if name_key(entry.name) == name_key(pattern)
            or (entry.is_visible and fnmatchcase(name_key(entry.name), name_key(pattern)))
        ]
        if not own:
            raise unreadable(f"it has no sheet {pattern!r}")
        found.update(own)
    return [entry for entry in entries if entry.place in found], []


def _texts(folder: Path, place: int, found: Mapping[str, Any], decimal: str) -> pl.DataFrame:
    """A sheet's cells as texts; Excel's own numbers are spelled as the contract spells typed ones.

    `1.234` held as a number is no thousand. A code of more than 15 digits that became a number has lost the others: two
    codes would be one.
    """
    frame = pl.read_ipc(folder / f"{place}.arrow").cast(pl.String)
    for column in frame.iter_columns():
        refuse_damaged_cells(column)
    if not found["columns"]:
        return frame
    numbers = pl.read_ipc(folder / f"{place}.numbers.arrow")
    return frame.with_columns(
        pl.when(number.is_not_null() & pl.col(name).str.contains(_LOST_DIGITS))
        .then(pl.lit(_ROUNDED))
        .when(number.is_not_null())
        .then(pl.col(name).str.replace(_POINT, decimal, literal=True))
        .otherwise(pl.col(name))
        .alias(name)
        for name, number in zip(
            (frame.columns[index] for index in found["columns"]), numbers.get_columns(), strict=True
        )
    )


def _grid(name: str, frame: pl.DataFrame, found: Mapping[str, Any], extent: Extent) -> Grid:
    left: int = found["left"]
    marks = [(row, column, _ERRORS.get(kind, "#ERROR")) for row, column, kind in found["errors"]]
    for row, column in extent.uncomputed:
        if row >= frame.height or not left <= column < left + frame.width:
            raise unreadable(
                f"in sheet {name} the formula of cell {column_letters(column)}{row + 1} has no result: it was never computed"
            )
        marks.append((row, column - left, _UNCOMPUTED))
    merged = tuple(
        (top, first - left, bottom, last - left)
        for top, first, bottom, last in extent.merged
        if left <= last and first < left + frame.width
    )
    return Grid(name, _with_marks(frame, marks), merged)


def _with_marks(frame: pl.DataFrame, marks: list[tuple[int, int, str]]) -> pl.DataFrame:
    """Writes what Excel shows of an error into its cell: the reader leaves it empty, and an empty cell says nothing."""
    by_column: dict[int, list[tuple[int, str]]] = {}
    for row, column, mark in marks:
        by_column.setdefault(column, []).append((row, mark))
    for column, own in by_column.items():
        series = frame.to_series(column).scatter([row for row, _ in own], [mark for _, mark in own])
        frame = frame.replace_column(column, series)
    return frame
