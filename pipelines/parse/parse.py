"""Puts reading and typing together: one file and its contract give typed rows, rejected rows and a count of each.

The count is the law: rows read = rows kept + rows rejected + exact duplicates. Nothing is dropped without a reason,
and the personal columns end here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from pipelines.contracts import Column, Contract
from pipelines.errors import DataRefusedError
from pipelines.parse.drift import NO_CELLS, CellCount, count_cells, refuse_retyped
from pipelines.parse.grids import read_html, read_xlsx
from pipelines.parse.masking import MASK, shown
from pipelines.parse.records import read_json, read_xml
from pipelines.parse.signature import FileKind, read_signature
from pipelines.parse.tables import read_csv
from pipelines.parse.text_table import ROW_NUMBER, SHEET_NAME, TextTable, unreadable
from pipelines.parse.told_names import told_headings
from pipelines.parse.totals import total_differences
from pipelines.parse.typed_rows import TypedRows, TypedRowsWriter
from pipelines.parse.values import Reading, clean, has_mixed_dates, read_value
from pipelines.reference import name_key

OWNER = "__owner"
_FINGERPRINT = "__fingerprint"
REJECT_SCHEMA = pl.Schema(
    {
        "row_number": pl.Int64(),
        "sheet_name": pl.String(),
        "row_text": pl.String(),
        "reasons": pl.List(pl.String()),
        "unit_code": pl.String(),
    }
)
REASON_SCHEMA = pl.Schema({"row_number": pl.Int64(), "reasons": pl.List(pl.String())})
# What begins like a text may be any of them, cut short; the reader says more of it.
_LEFT_TO_THE_READER = frozenset({FileKind.EMPTY, FileKind.CSV, FileKind.TEXT, FileKind.ZIP, FileKind.BINARY})
_READERS = {"csv": read_csv, "json": read_json, "xml": read_xml, "xlsx": read_xlsx, "html": read_html}


@dataclass(frozen=True)
class Parsed:
    """A file's rows, read.

    Attributes:
        rows: Typed rows: `row_number` (Int64) and the contract's stored columns.
        rejects: Rows with a cell that does not fit its column, as REJECT_SCHEMA; personal cells masked.
        texts_of: Reads the texts behind the rows of these numbers again, by contract column name, with ROW_NUMBER and
            SHEET_NAME, for rows that a later rule rejects; personal columns are not among them.
        rows_read: Rows in the file, headings and totals not counted.
        rows_duplicate: Rows that repeat another row of the file in every cell.
        added_headings: Headings that no column of the contract accepts, as they may be told.
        total_differences: Where a total or group row of the file is not the sum of its rows: (stated, summed).
    """

    rows: TypedRows
    rejects: pl.DataFrame
    texts_of: Callable[[pl.Series], pl.DataFrame]
    rows_read: int
    rows_duplicate: int
    added_headings: tuple[str, ...]
    total_differences: dict[str, tuple[str, str]]


def parse(file: Path, reading: Reading) -> Parsed:
    """Reads one raw file by its contract.

    Raises:
        DataRefusedError: The file as a whole cannot be trusted: unreadable, a required heading missing or renamed,
            a required column of another type, dates mixed with Excel dates.
    """
    try:
        return _parse(file, reading)
    except DataRefusedError as error:
        raise DataRefusedError(error.check, f"{reading.file_name}: {error.what}", error.next_step) from error


def _parse(file: Path, reading: Reading) -> Parsed:
    contract = reading.contract
    table = read_table(file, contract)
    headings, added = _headings_by_column(table, contract)
    first = _first_pass(table, headings, reading)
    refuse_retyped(contract, first.cells)
    duplicates = _repetitions(table, first.fingerprints)
    reasons = first.reasons.filter(~pl.col("row_number").is_in(duplicates.implode()))

    def texts_of(row_numbers: pl.Series) -> pl.DataFrame:
        wanted = pl.col(ROW_NUMBER).is_in(row_numbers.implode())
        hidden = list(_hidden(contract))
        return pl.concat(
            _texts_by_column(frame.filter(wanted), headings, contract).drop(hidden, strict=False)
            for frame in table.read()
        )

    distinct = first.rows.without(duplicates)
    return Parsed(
        rows=distinct.without(reasons.get_column("row_number")),
        rejects=reject_rows(texts_of, reasons, contract, distinct, unit_names=_unit_names(reading)),
        texts_of=texts_of,
        rows_read=first.fingerprints.height,
        rows_duplicate=len(duplicates),
        added_headings=added,
        total_differences=total_differences(table.stated, distinct, contract),
    )


@dataclass(frozen=True)
class _FirstPass:
    """What one reading of the file gives.

    Attributes:
        rows: Every row as values.
        reasons: REASON_SCHEMA.
        fingerprints: ROW_NUMBER and a hash of all cells as they came.
        cells: Of each column how many cells were filled, how many could not be read, and what those look like.
    """

    rows: TypedRows
    reasons: pl.DataFrame
    fingerprints: pl.DataFrame
    cells: Mapping[str, CellCount]


def _first_pass(table: TextTable, headings: dict[str, list[str]], reading: Reading) -> _FirstPass:
    writer = TypedRowsWriter(reading.scratch)
    reasons: list[pl.DataFrame] = []
    fingerprints: list[pl.DataFrame] = []
    cells: dict[str, CellCount] = {}
    schema = pl.Schema()
    for frame in table.read():
        fingerprints.append(
            frame.select(ROW_NUMBER).with_columns(frame.drop(ROW_NUMBER, SHEET_NAME).hash_rows().alias(_FINGERPRINT))
        )
        typed = _typed(_texts_by_column(frame, headings, reading.contract), reading)
        writer.add(typed.rows)
        schema = typed.rows.schema
        reasons.append(typed.reasons)
        cells = {name: count + cells.get(name, NO_CELLS) for name, count in typed.cells.items()}
    return _FirstPass(writer.written(schema), pl.concat(reasons), pl.concat(fingerprints), cells)


def _repetitions(table: TextTable, fingerprints: pl.DataFrame) -> pl.Series:
    """Numbers of the rows that repeat an earlier one in every cell; their place in the file does not count."""
    repeated = fingerprints.filter(fingerprints.get_column(_FINGERPRINT).is_duplicated()).get_column(ROW_NUMBER)
    if repeated.is_empty():
        return repeated
    # A hash may collide: rows are compared cell by cell where it repeats.
    rows = pl.concat(frame.filter(pl.col(ROW_NUMBER).is_in(repeated.implode())) for frame in table.read())
    cells = [name for name in rows.columns if name not in (ROW_NUMBER, SHEET_NAME)]
    return rows.filter(~pl.struct(cells).is_first_distinct()).get_column(ROW_NUMBER)


def reject_rows(
    texts_of: Callable[[pl.Series], pl.DataFrame], reasons: pl.DataFrame, contract: Contract, rows: TypedRows,
    unit_names: Collection[str] = (),
) -> pl.DataFrame:  # fmt: skip
    """Builds quarantine rows.

    Args:
        texts_of: As in `Parsed`.
        reasons: REASON_SCHEMA, one row each rejected row.
        contract: Which columns there are; a personal one is shown masked, whatever it held.
        rows: Typed rows, for the unit that owns each.
        unit_names: Keys of the units' names, by which a misspelt one is told from a person's.

    Returns:
        A frame of REJECT_SCHEMA.
    """
    if reasons.is_empty():
        return pl.DataFrame(schema=REJECT_SCHEMA)
    numbers = reasons.get_column("row_number")
    hidden, units = _hidden(contract), _owning_units(rows, numbers, contract)
    found = reasons.join(texts_of(numbers), left_on="row_number", right_on=ROW_NUMBER, how="left")
    found = found.join(units, on="row_number", how="left").sort("row_number")
    row_texts = [_row_text(row, contract, hidden, unit_names) for row in found.iter_rows(named=True)]
    return found.with_columns(pl.Series("row_text", row_texts, dtype=pl.String)).select(
        "row_number", pl.col(SHEET_NAME).alias("sheet_name"), "row_text", "reasons", OWNER
    ).rename({OWNER: "unit_code"}).cast(REJECT_SCHEMA)  # fmt: skip


def _row_text(
    row: Mapping[str, Any], contract: Contract, hidden: frozenset[str], unit_names: Collection[str]
) -> str:  # fmt: skip
    """A rejected row as JSON by column: what was there, as far as it may be shown."""
    is_secret = any(row[column.name] is not None for column in contract.columns if column.hides_row)
    cells = {
        column.name: MASK
        if column.name in hidden or (is_secret and not column.hides_row)
        else shown(column, row[column.name], row["reasons"], unit_names)
        for column in contract.columns
    }
    return orjson.dumps(cells).decode()


def _hidden(contract: Contract) -> frozenset[str]:
    """Columns whose text is personal: their own class says so, or they are made from the cell of one that does.

    An endpoint's address may be a guest's telephone number, and what is counted may be a list of people.
    """
    headings = {name_key(heading) for column in contract.columns if column.personal for heading in column.headings}
    return frozenset(
        column.name
        for column in contract.columns
        if column.personal
        or column.type in ("endpoint_address", "count_of")
        or any(name_key(heading) in headings for heading in column.headings)
    )


def unit_column(contract: Contract) -> Column | None:
    """The column whose unit owns a row, and so its faults."""
    by_preference = ("unit_code", "recipient_unit_code", "author_unit_code")
    return next((column for name in by_preference for column in contract.stored_columns if column.name == name), None)


def read_table(file: Path, contract: Contract) -> TextTable:
    """Brings a file to texts by its contract's format; no heading is held against the contract yet.

    Raises:
        DataRefusedError: It cannot be read so.
    """
    signature = read_signature(file)
    if signature.layout != contract.format.kind and signature.kind not in _LEFT_TO_THE_READER:
        raise unreadable(f"it is {signature.kind}, not {contract.format.kind}")
    return _READERS[contract.format.kind](file, contract)


def match_headings(table: TextTable, contract: Contract) -> tuple[dict[str, list[str]], tuple[str, ...]]:
    """The file's headings behind each column, none where it is missing, and those that no column accepts, as told."""
    by_key: dict[str, str] = {}
    for heading in table.headings:
        by_key.setdefault(name_key(heading), heading)
    found: dict[str, list[str]] = {}
    for column in contract.columns:
        found[column.name] = [by_key[name_key(heading)] for heading in column.headings if name_key(heading) in by_key]
    group = contract.format.group_column
    if group is not None:
        found[group] = [group]
    used = {name_key(heading) for headings in found.values() for heading in headings}
    used |= {name_key(heading) for heading in contract.ignored_headings}
    told = told_headings(table.headings, contract)
    return found, tuple(
        name for name, heading in zip(told, table.headings, strict=True) if name_key(heading) not in used
    )


def _headings_by_column(table: TextTable, contract: Contract) -> tuple[dict[str, list[str]], tuple[str, ...]]:
    """The file's headings behind each column, and those that no column accepts."""
    by_key: dict[str, str] = {}
    accepted = {name_key(heading) for column in contract.columns for heading in column.headings}
    for heading in table.headings:
        other = by_key.setdefault(name_key(heading), heading)
        if other != heading and name_key(heading) in accepted:
            raise unreadable(f"the headings {other!r} and {heading!r} are one and the same name")
    found, added = match_headings(table, contract)
    missing = [column for column in contract.columns if column.required and not found[column.name]]
    if missing and not (table.headings_are_optional and not table.headings):
        raise _missing_headings(missing, table, contract)
    return found, added


def _texts_by_column(frame: pl.DataFrame, headings: dict[str, list[str]], contract: Contract) -> pl.DataFrame:
    """The texts that may still be needed: what is personal and not kept ends here."""
    kept = [column.name for column in contract.columns if column.is_stored]
    present = {name: [heading for heading in headings[name] if heading in frame.columns] for name in kept}
    expressions = [
        (pl.coalesce(present[name]) if present[name] else pl.lit(None, dtype=pl.String)).alias(name) for name in kept
    ]
    return frame.select(ROW_NUMBER, SHEET_NAME, *expressions)


def _missing_headings(missing: list[Column], table: TextTable, contract: Contract) -> DataRefusedError:
    accepted = {name_key(heading) for column in contract.columns for heading in column.headings}
    headings = told_headings(table.headings, contract)
    unknown = [heading for heading in headings if name_key(heading) not in accepted]
    came = f"it has: {', '.join(map(repr, headings))}"
    if len(unknown) == len(table.headings):
        # Most likely the heading line is missing and these are a record's cells: nobody's name is shown.
        unknown, came = [], "none of its headings is known: the heading line may be missing or parted in another way"
    sentences = []
    for column in missing:
        nearest = get_close_matches(column.headings[0], unknown, n=1, cutoff=0.4)
        hint = f" (nearest heading in the file: {nearest[0]!r})" if nearest else ""
        sentences.append(f"{column.headings[0]!r}{hint}")
    return DataRefusedError(
        "headings_are_complete",
        f"lacks the heading {', '.join(sentences)}; {came}.",
        "Ask the owner whether the export changed; if so, add the new heading to the contract.",
    )


@dataclass(frozen=True)
class _Typed:
    """One frame of texts as values."""

    rows: pl.DataFrame
    reasons: pl.DataFrame
    cells: Mapping[str, CellCount]


def _typed(texts: pl.DataFrame, reading: Reading) -> _Typed:
    """All rows as values; of those with a faulty cell, every reason."""
    contract = reading.contract
    cells: dict[str, CellCount] = {}
    values: dict[str, pl.Series] = {}
    faults: dict[str, pl.Series] = {}
    for column in contract.stored_columns:
        text = texts.select(clean(pl.col(column.name))).to_series()
        if column.type in ("date", "timestamp") and contract.format.kind == "xlsx" and has_mixed_dates(text):
            raise DataRefusedError(
                "dates_are_of_one_kind",
                f"Column {column.headings[0]!r} mixes typed dates with Excel dates: days and months may be swapped.",
                "Ask the owner to export the sheet again with the column as text.",
            )
        value = read_value(column, text, reading)
        if column.empty_as is not None:
            # Only an empty cell stands for the code; one that could not be read is still a fault.
            value = value.set(text.is_null(), column.empty_as)
            text = text.fill_null(column.empty_as)
        unread = text.is_not_null() & value.is_null()
        cells[column.name] = count_cells(text, unread)
        if unread.any():
            faults[f"{column.name}: {_unread_reason(column)}"] = unread
        if not column.nullable and text.null_count() and value.null_count():
            faults[f"{column.name}: empty"] = text.is_null() & value.is_null()
        for reason, outside in _outside(column, value).items():
            if outside.any():
                faults[f"{column.name}: {reason}"] = outside
        values[column.name] = value
    rows = pl.DataFrame({"row_number": texts.get_column(ROW_NUMBER), **values})
    if not faults:
        return _Typed(rows, pl.DataFrame(schema=REASON_SCHEMA), cells)
    flags = pl.DataFrame(faults)
    bad = flags.select(pl.any_horizontal(pl.all())).to_series()
    reasons = flags.filter(bad).select(
        pl.concat_list([pl.when(pl.col(name)).then(pl.lit(name)) for name in flags.columns])
        .list.drop_nulls()
        .alias("reasons")
    )
    return _Typed(rows, reasons.select(rows.get_column("row_number").filter(bad), "reasons"), cells)


def _unit_names(reading: Reading) -> Collection[str]:
    period = reading.partition
    return reading.reference.unit_codes_by_name(period.first_day, period.last_day)


def _owning_units(rows: TypedRows, row_numbers: pl.Series, contract: Contract) -> pl.DataFrame:
    """`row_number` and, as OWNER, the code of the unit that owns each of these rows."""
    column = unit_column(contract)
    code = pl.col(column.name) if column else pl.lit(None, dtype=pl.String)
    wanted = pl.col("row_number").is_in(row_numbers.implode())
    return pl.concat(frame.filter(wanted).select("row_number", code.alias(OWNER)) for frame in rows.frames())


def _unread_reason(column: Column) -> str:
    match column.type:
        case "code":
            return f"not in the list {column.code_list}"
        case "agency_code" | "unit_name":
            return "unknown or ambiguous unit"
        case "text":
            return "unknown endpoint" if column.registry == "endpoints" else "malformed"
        case "procedure_code":
            return "malformed"
        case kind:
            return f"not a readable {kind}"


def _outside(column: Column, value: pl.Series) -> dict[str, pl.Series]:
    outside: dict[str, pl.Series] = {}
    if column.minimum is not None:
        outside[f"below {column.minimum:.15g}"] = (value < column.minimum).fill_null(value=False)
    if column.largest is not None:
        outside[f"above {column.largest:.15g}"] = (value > column.largest).fill_null(value=False)
    return outside
