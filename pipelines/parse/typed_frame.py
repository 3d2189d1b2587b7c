"""One frame of texts as values, cell by cell, and of each row with a faulty cell every reason.

How a text of one type is read is said in `values`; what becomes of the rows in `parse`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from pipelines.contracts import Column
from pipelines.errors import DataRefusedError
from pipelines.parse.drift import CellCount, count_cells
from pipelines.parse.text_table import ROW_NUMBER
from pipelines.parse.values import Reading, clean, has_mixed_dates, read_value

REASON_SCHEMA = pl.Schema({"row_number": pl.Int64(), "reasons": pl.List(pl.String())})


@dataclass(frozen=True)
class TypedFrame:
    """One frame of texts as values."""

    rows: pl.DataFrame
    reasons: pl.DataFrame
    cells: Mapping[str, CellCount]


def read_frame(texts: pl.DataFrame, reading: Reading) -> TypedFrame:
    """All rows as values; of those with a faulty cell, every reason."""
    contract = reading.contract
    cells: dict[str, CellCount] = {}
    values: dict[str, pl.Series] = {}
    faults: dict[str, pl.Series] = {}
    for column in contract.stored_columns:
        text = texts.select(clean(pl.col(column.name))).to_series()
        if column.type in ("date", "timestamp") and contract.format.kind in ("xlsx", "xls") and has_mixed_dates(text):
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
        return TypedFrame(rows, pl.DataFrame(schema=REASON_SCHEMA), cells)
    flags = pl.DataFrame(faults)
    bad = flags.select(pl.any_horizontal(pl.all())).to_series()
    reasons = flags.filter(bad).select(
        pl.concat_list([pl.when(pl.col(name)).then(pl.lit(name)) for name in flags.columns])
        .list.drop_nulls()
        .alias("reasons")
    )
    return TypedFrame(rows, reasons.select(rows.get_column("row_number").filter(bad), "reasons"), cells)


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
