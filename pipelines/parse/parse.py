"""Puts reading and typing together: one file and its contract give typed rows, rejected rows and a count of each.

The count is the law: rows read = rows kept + rows rejected + exact duplicates. Nothing is dropped without a reason,
and the personal columns end here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from pipelines.contracts import Contract
from pipelines.errors import DataRefusedError
from pipelines.parse.cells.drift import NO_CELLS, CellCount, refuse_retyped
from pipelines.parse.cells.swapped_dates import NO_DATES, DateCount, refuse_swapped
from pipelines.parse.cells.typed_frame import read_frame
from pipelines.parse.cells.values import Reading, clean
from pipelines.parse.headings import headings_by_column
from pipelines.parse.plain_files import read_table
from pipelines.parse.rejects import hidden_columns, reject_rows, unread_rows
from pipelines.parse.text_table import ROW_IN_SHEET, ROW_NUMBER, ROWS_OF_A_SHEET, SHEET_NAME, TextTable, unreadable
from pipelines.parse.title_period import refuse_other_period
from pipelines.parse.totals import total_differences
from pipelines.parse.typed_rows import TypedRows, TypedRowsWriter

_FINGERPRINT = "__fingerprint"


@dataclass(frozen=True)
class Parsed:
    """A file's rows, read.

    Attributes:
        rows: Typed rows: `row_number` (Int64) and the contract's stored columns.
        rejects: Rows with a cell that does not fit its column, and members that could not be read, as REJECT_SCHEMA;
            personal cells masked.
        texts_of: Reads the texts behind the rows of these numbers again, by contract column name, with ROW_NUMBER,
            ROW_IN_SHEET and SHEET_NAME, for rows that a later rule rejects; personal columns are not among them.
        rows_read: Rows in the file, headings and totals not counted; a member of which nothing could be read is one.
        rows_duplicate: Rows that repeat another row of the file in every cell.
        added_headings: Headings that no column of the contract accepts, as they may be told.
        total_differences: Where a total or group row of the file is not the sum of its rows: (stated, summed).
        mended: By column that declares a width, cells whose code got its leading zeros back.
    """

    rows: TypedRows
    rejects: pl.DataFrame
    texts_of: Callable[[pl.Series], pl.DataFrame]
    rows_read: int
    rows_duplicate: int
    added_headings: tuple[str, ...]
    total_differences: dict[str, tuple[str, str]]
    mended: Mapping[str, int] = field(default_factory=dict)


def parse(file: Path, reading: Reading) -> Parsed:
    """Reads one raw file by its contract.

    Raises:
        DataRefusedError: The file as a whole cannot be trusted: unreadable, a required heading missing or renamed,
            a required column of another type, dates mixed with Excel dates, a title that names another period.
    """
    try:
        return _parse(file, reading)
    except DataRefusedError as error:
        raise DataRefusedError(error.check, f"{reading.file_name}: {error.what}", error.next_step) from error


def _parse(file: Path, reading: Reading) -> Parsed:
    contract = reading.contract
    table = read_table(file, contract, reading.scratch)
    refuse_other_period(table.titles, reading.partition, contract)
    headings, added = headings_by_column(table, contract)
    first = _first_pass(table, headings, reading)
    refuse_swapped(contract, first.dates)
    refuse_retyped(contract, first.cells, first.fingerprints.height)
    duplicates = _repetitions(table, first.fingerprints)
    reasons = first.reasons.filter(~pl.col("row_number").is_in(duplicates.implode()))

    def texts_of(row_numbers: pl.Series) -> pl.DataFrame:
        wanted = pl.col(ROW_NUMBER).is_in(row_numbers.implode())
        hidden = list(hidden_columns(contract))
        number = pl.col(ROW_NUMBER) % ROWS_OF_A_SHEET if table.parts > 1 else pl.col(ROW_NUMBER)
        return pl.concat(
            _texts_by_column(frame.filter(wanted), headings, contract)
            .drop(hidden, strict=False)
            .with_columns(number.alias(ROW_IN_SHEET))
            for frame in table.read()
        )

    distinct = first.rows.without(duplicates)
    rejects = reject_rows(texts_of, reasons, contract, distinct, reading.units)
    return Parsed(
        rows=distinct.without(reasons.get_column("row_number")),
        rejects=pl.concat([rejects, unread_rows(table.unread, contract)]),
        texts_of=texts_of,
        rows_read=first.fingerprints.height + len(table.unread),
        rows_duplicate=len(duplicates),
        added_headings=added,
        mended=first.mended,
        total_differences=total_differences(table.stated, distinct, contract, table.parts),
    )


@dataclass(frozen=True)
class _FirstPass:
    """What one reading of the file gives.

    Attributes:
        rows: Every row as values.
        reasons: REASON_SCHEMA.
        fingerprints: ROW_NUMBER and a hash of all cells as they came.
        cells: Of each column how many cells were filled, how many could not be read, and what those look like.
        dates: Of each column of dates how they came.
        mended: As in `Parsed`.
    """

    rows: TypedRows
    reasons: pl.DataFrame
    fingerprints: pl.DataFrame
    cells: Mapping[str, CellCount]
    dates: Mapping[str, DateCount]
    mended: Mapping[str, int]


def _first_pass(table: TextTable, headings: dict[str, list[str]], reading: Reading) -> _FirstPass:
    writer = TypedRowsWriter(reading.scratch)
    reasons: list[pl.DataFrame] = []
    fingerprints: list[pl.DataFrame] = []
    cells: dict[str, CellCount] = {}
    dates: dict[str, DateCount] = {}
    mended: Counter[str] = Counter()
    schema = pl.Schema()
    for frame in table.read():
        _refuse_two_values(frame, table, headings, reading.contract)
        fingerprints.append(
            frame.select(ROW_NUMBER).with_columns(frame.drop(ROW_NUMBER, SHEET_NAME).hash_rows().alias(_FINGERPRINT))
        )
        typed = read_frame(_texts_by_column(frame, headings, reading.contract), reading)
        writer.add(typed.rows)
        schema = typed.rows.schema
        reasons.append(typed.reasons)
        cells = {name: count + cells.get(name, NO_CELLS) for name, count in typed.cells.items()}
        dates = {name: count + dates.get(name, NO_DATES) for name, count in typed.dates.items()}
        mended.update(typed.mended)
    return _FirstPass(writer.written(schema), pl.concat(reasons), pl.concat(fingerprints), cells, dates, mended)


def _refuse_two_values(
    frame: pl.DataFrame, table: TextTable, headings: dict[str, list[str]], contract: Contract
) -> None:
    """Where a file has two of a column's headings, a row that fills both differently would have one of them dropped."""
    for column in contract.stored_columns:
        own = [heading for heading in headings[column.name] if heading in frame.columns]
        if len(own) < 2:  # noqa: PLR2004 (one heading a column is the rule)
            continue
        values = pl.concat_list(clean(pl.col(heading)) for heading in own).list.drop_nulls().list.n_unique()
        if (differing := frame.filter(values > 1).select(ROW_NUMBER, SHEET_NAME).head(1)).height:
            number, sheet = differing.row(0)
            row = number % ROWS_OF_A_SHEET if table.parts > 1 else number
            raise unreadable(
                f"row {row}{f' of {sheet}' if sheet else ''} has two different values for {column.name}, under two of the "
                "headings that the contract accepts for it"
            )


def _repetitions(table: TextTable, fingerprints: pl.DataFrame) -> pl.Series:
    """Numbers of the rows that repeat an earlier one in every cell; their place in the file does not count."""
    repeated = fingerprints.filter(fingerprints.get_column(_FINGERPRINT).is_duplicated()).get_column(ROW_NUMBER)
    if repeated.is_empty():
        return repeated
    # A hash may collide: rows are compared cell by cell where it repeats.
    rows = pl.concat(frame.filter(pl.col(ROW_NUMBER).is_in(repeated.implode())) for frame in table.read())
    cells = [name for name in rows.columns if name not in (ROW_NUMBER, SHEET_NAME)]
    return rows.filter(~pl.struct(cells).is_first_distinct()).get_column(ROW_NUMBER)


def _texts_by_column(frame: pl.DataFrame, headings: dict[str, list[str]], contract: Contract) -> pl.DataFrame:
    """The texts that may still be needed: what is personal and not kept ends here."""
    kept = [column.name for column in contract.columns if column.is_stored]
    present = {name: [pl.col(heading) for heading in headings[name] if heading in frame.columns] for name in kept}
    expressions = [_first_filled(present[name]).alias(name) for name in kept]
    return frame.select(ROW_NUMBER, SHEET_NAME, *expressions)


def _first_filled(cells: list[pl.Expr]) -> pl.Expr:
    if not cells:
        return pl.lit(None, dtype=pl.String)
    return cells[0] if len(cells) == 1 else pl.coalesce(map(clean, cells))
