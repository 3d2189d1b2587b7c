"""One frame of texts as values, cell by cell, and of each row with a faulty cell every reason.

How a text of one type is read is said in `values`; what becomes of the rows in `parse`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from pipelines.contracts import MOMENTS, NUMBERS, Column
from pipelines.parse.cells.codes import count_mended
from pipelines.parse.cells.drift import CellCount, count_cells
from pipelines.parse.cells.swapped_dates import DateCount, count_dates
from pipelines.parse.cells.total_labels import names_total
from pipelines.parse.cells.values import Reading, clean, read_value, units_above
from pipelines.parse.rejects import UNKNOWN_UNIT
from pipelines.parse.text_table import ROW_NUMBER

UNNAMED_TOTAL = "names a total that the contract does not"
REASON_SCHEMA = pl.Schema({"row_number": pl.Int64(), "reasons": pl.List(pl.String())})


@dataclass(frozen=True)
class TypedFrame:
    """One frame of texts as values.

    Attributes:
        rows, reasons: Every row, and of those with a faulty cell every reason.
        cells, dates: Counts by column, of all cells and of dates, from which the file's drift is told.
        mended: By column, cells whose code got its leading zeros back.
    """

    rows: pl.DataFrame
    reasons: pl.DataFrame
    cells: Mapping[str, CellCount]
    dates: Mapping[str, DateCount]
    mended: Mapping[str, int]


def read_frame(texts: pl.DataFrame, reading: Reading) -> TypedFrame:
    """All rows as values; of those with a faulty cell, every reason."""
    contract = reading.contract
    cells: dict[str, CellCount] = {}
    values: dict[str, pl.Series] = {}
    faults: dict[str, pl.Series] = {}
    dates: dict[str, DateCount] = {}
    mended: dict[str, int] = {}
    has_figures = any(column.type in NUMBERS for column in contract.stored_columns)

    def text_of(column: Column) -> pl.Series:
        return texts.select(clean(pl.col(column.name))).to_series()

    for column in contract.stored_columns:
        text = text_of(column)
        value = read_value(column, text, reading, units_above(column, text_of, reading))
        if column.type in MOMENTS:
            dates[column.name] = count_dates(column, text, value, reading.partition)
        if column.width is not None:
            mended[column.name] = count_mended(column, text, value, reading.reference)
        if column.empty_as is not None:
            # Only an empty cell stands for the code; one that could not be read is still a fault.
            value = value.set(text.is_null(), column.empty_as)
            text = text.fill_null(column.empty_as)
        unread = text.is_not_null() & value.is_null()
        cells[column.name] = count_cells(text, unread)
        faults |= _faults(column, text, value, unread)
        if has_figures and column.type == "text" and (totals := names_total(text)).any():
            faults[f"{column.name}: {UNNAMED_TOTAL}"] = totals
        values[column.name] = value
    rows = pl.DataFrame({"row_number": texts.get_column(ROW_NUMBER), **values})
    if not faults:
        return TypedFrame(rows, pl.DataFrame(schema=REASON_SCHEMA), cells, dates, mended)
    flags = pl.DataFrame(faults)
    bad = flags.select(pl.any_horizontal(pl.all())).to_series()
    reasons = flags.filter(bad).select(
        pl.concat_list([pl.when(pl.col(name)).then(pl.lit(name)) for name in flags.columns])
        .list.drop_nulls()
        .alias("reasons")
    )
    return TypedFrame(rows, reasons.select(rows.get_column("row_number").filter(bad), "reasons"), cells, dates, mended)


def _faults(column: Column, text: pl.Series, value: pl.Series, unread: pl.Series) -> dict[str, pl.Series]:
    """What is wrong with the column's cells, each with the rows where it is."""
    found = {_unread_reason(column): unread, **_outside(column, value)}
    if not column.nullable:
        found["empty"] = text.is_null() & value.is_null()
    return {f"{column.name}: {why}": rows for why, rows in found.items() if rows.any()}


def _unread_reason(column: Column) -> str:
    match column.type:
        case "code":
            return f"not in the list {column.code_list}"
        case "agency_code" | "unit_name":
            return UNKNOWN_UNIT
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
