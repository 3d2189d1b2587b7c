"""Reads workbooks, .xlsx and .xls: which sheets, and every cell as the text that a person would have typed.

Calamine does the reading, through fastexcel. What its cells cannot tell (how far they reach, what is merged, which
formulas were never computed) is found before, by `xlsx_parts` and `xls_records`, so that no sheet costs more memory
than it is worth. What the rows are is the matter of `grids`.

A number comes as Excel holds it, at most 15 digits: `0.1+0.2` is 0.3, and what is shown as `95,5%` is 0,955.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from types import TracebackType

import fastexcel
import polars as pl

from pipelines.contracts import Contract
from pipelines.errors import DataRefusedError
from pipelines.parse.damage import TWICE_ENCODED, encoded_twice
from pipelines.parse.grids import Grid, holds_rows, table_of
from pipelines.parse.signature import FileKind, read_signature
from pipelines.parse.text_table import DAMAGE, TextTable, damaged, unreadable
from pipelines.parse.told_names import told_name
from pipelines.parse.xls_records import scan_workbook
from pipelines.parse.xlsx_parts import (
    Extent,
    SheetEntry,
    column_letters,
    refuse_bombs,
    scan_sheet,
    sheet_entries,
)
from pipelines.reference import name_key

_POINT = "."
_TORN = "it is no workbook, or it is cut short"
_NUMBER_WITH_POINT = r"^-?[0-9]+\.[0-9]+$"
_UNCOMPUTED = "#NO_RESULT"
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
    if read_signature(file).kind is not FileKind.XLSX:
        raise unreadable(_TORN)
    refuse_bombs(file)
    entries = sheet_entries(file)
    with _PanicsRefused():
        return _read(_Book(_opened(file.read_bytes()), entries, file), contract)


def read_xls(file: Path, contract: Contract) -> TextTable:
    """Reads the declared sheets of an .xls, Excel 5 to 2003.

    Raises:
        DataRefusedError: As `read_xlsx`.
    """
    if read_signature(file).kind is not FileKind.XLS:
        raise unreadable(_TORN)
    content = file.read_bytes()
    extents = scan_workbook(content)
    with _PanicsRefused():
        reader = _opened(content)
        if len(reader.sheet_names) != len(extents):
            raise unreadable("its list of sheets cannot be read")
        entries = tuple(
            SheetEntry(place, name, _load(reader, place, "string", rows=1).visible == "visible", "")
            for place, name in enumerate(reader.sheet_names)
        )
        return _read(_Book(reader, entries, file, extents), contract)


class _PanicsRefused(AbstractContextManager[None]):
    """A damaged workbook may end the Rust reader in a panic, which is no `Exception`: it is a refusal like any other."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # The class cannot be imported: each extension module has its own.
        if kind is not None and kind.__name__ == "PanicException":
            raise unreadable("its reader broke off; it is damaged") from None


@dataclass(frozen=True)
class _Book:
    """An open workbook."""

    reader: fastexcel.ExcelReader
    entries: tuple[SheetEntry, ...]
    file: Path
    extents: tuple[Extent, ...] = ()

    def grid(self, entry: SheetEntry, contract: Contract) -> Grid:
        """One sheet's cells."""
        name = told_name(entry.name, entry.place + 1)
        extent = self.extents[entry.place] if self.extents else scan_sheet(self.file, entry)
        if extent.is_empty:
            return Grid(name, pl.DataFrame())
        return _grid(self.reader, entry.place, name, extent, contract.format.decimal)


def _read(book: _Book, contract: Contract) -> TextTable:
    chosen, left = _chosen(book.entries, contract)
    grids = [book.grid(entry, contract) for entry in chosen]
    if contract.format.sheets == "all":
        # A sheet in which nothing stands has nothing to lose.
        grids = [grid for grid in grids if grid.cells.width] or grids[:1]
    table = table_of(grids, contract)
    for entry in left:
        if holds_rows(grid := book.grid(entry, contract), contract):
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


def _opened(content: bytes) -> fastexcel.ExcelReader:
    try:
        # Handed over as bytes, for by a path its extension would decide how it is read.
        return fastexcel.read_excel(content)
    except fastexcel.FastExcelError:
        # The reader's message may quote a sheet's name or a cell.
        raise unreadable(_TORN) from None


def _load(
    reader: fastexcel.ExcelReader, place: int, dtype: str, *, columns: list[int] | None = None, rows: int | None = None
) -> fastexcel.ExcelSheet:
    try:
        return reader.load_sheet(place, header_row=None, skip_rows=0, dtypes=dtype, use_columns=columns, n_rows=rows)
    except fastexcel.FastExcelError:
        raise unreadable(_TORN) from None


def _grid(reader: fastexcel.ExcelReader, place: int, name: str, extent: Extent, decimal: str) -> Grid:
    sheet = _load(reader, place, "string")
    if not sheet.width:
        return Grid(name, pl.DataFrame())
    # The reader's columns begin at the first filled one; its rows at the sheet's first.
    left = sheet.selected_columns[0].absolute_index
    batch, errors = sheet.to_arrow_with_errors()
    frame = pl.DataFrame(batch).cast(pl.String)
    if frame.select(pl.any_horizontal(pl.all().str.contains(DAMAGE, literal=True)).any()).item():
        raise damaged()
    if frame.select(pl.any_horizontal(pl.all().str.contains(TWICE_ENCODED)).any()).item():
        raise encoded_twice()
    if decimal != _POINT:
        frame = _in_declared_notation(frame, reader, place, left, decimal)
    marks = [(*error.position, _error_mark(error.detail)) for error in (errors.errors if errors else ())]
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


def _error_mark(detail: str) -> str:
    kind = detail.rpartition("Error(")[2].partition(")")[0]
    return _ERRORS.get(kind, "#ERROR")


def _in_declared_notation(
    frame: pl.DataFrame, reader: fastexcel.ExcelReader, place: int, left: int, decimal: str
) -> pl.DataFrame:
    """Spells Excel's own numbers as the contract spells typed ones: `1.234` held as a number is no thousand."""
    candidates = [
        index for index, column in enumerate(frame.get_columns()) if column.str.contains(_NUMBER_WITH_POINT).any()
    ]
    if not candidates:
        return frame
    # Only cells that hold a number, not a text, have a value as booleans.
    numbers = _load(reader, place, "boolean", columns=[left + index for index in candidates]).to_polars()
    return frame.with_columns(
        pl.when(number.is_not_null())
        .then(pl.col(frame.columns[index]).str.replace(_POINT, decimal, literal=True))
        .otherwise(pl.col(frame.columns[index]))
        .alias(frame.columns[index])
        for index, number in zip(candidates, numbers.get_columns(), strict=True)
    )
