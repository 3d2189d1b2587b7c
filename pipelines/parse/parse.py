"""Puts reading and typing together: one file and its contract give typed rows, rejected rows and a count of each.

The count is the law: rows read = rows kept + rows rejected + exact duplicates. Nothing is dropped without a reason,
and the personal columns end here.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import orjson
import polars as pl

from pipelines.contracts import Column, Contract
from pipelines.errors import DataRefusedError
from pipelines.parse.grids import read_html, read_xlsx
from pipelines.parse.records import read_json, read_xml
from pipelines.parse.tables import read_csv
from pipelines.parse.text_table import ROW_NUMBER, SHEET_NAME, TextTable, unreadable
from pipelines.parse.values import Reading, clean, has_mixed_dates, read_value
from pipelines.reference import name_key

MASK = "•••"
OWNER = "__owner"
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
_READERS = {"csv": read_csv, "json": read_json, "xml": read_xml, "xlsx": read_xlsx, "html": read_html}


@dataclass(frozen=True)
class Parsed:
    """A file's rows, read.

    Attributes:
        rows: Typed rows: `row_number` (Int64) and the contract's stored columns.
        rejects: Rows with a cell that does not fit its column, as REJECT_SCHEMA; personal cells masked.
        texts: The texts behind `rows`, by contract column name, for rows that a later rule rejects.
        rows_read: Rows in the file, headings and totals not counted.
        rows_duplicate: Rows that repeat another row of the file in every cell.
        added_headings: Headings that no column of the contract accepts.
        total_differences: Where the file's own total row is not the sum of its rows, by column: (stated, summed).
    """

    rows: pl.DataFrame
    rejects: pl.DataFrame
    texts: pl.DataFrame
    rows_read: int
    rows_duplicate: int
    added_headings: tuple[str, ...]
    total_differences: dict[str, tuple[str, str]]


def parse(file: Path, reading: Reading) -> Parsed:
    """Reads one raw file by its contract.

    Raises:
        DataRefusedError: The file as a whole cannot be trusted: unreadable, a required heading missing or renamed,
            dates mixed with Excel dates.
    """
    try:
        return _parse(file, reading)
    except DataRefusedError as error:
        raise DataRefusedError(error.check, f"{reading.file_name}: {error.what}", error.next_step) from error


def _parse(file: Path, reading: Reading) -> Parsed:
    contract = reading.contract
    table = read_table(file, contract)
    headings, added = _headings_by_column(table, contract)
    rows_read = table.frame.height
    distinct = _without_duplicates(table.frame)
    total = table.total
    del table
    texts = _texts_by_column(distinct, headings, contract)
    del distinct
    typed, reasons = _typed(texts, reading)
    texts = texts.drop(list(_hidden(contract)), strict=False)
    is_rejected = pl.col("row_number").is_in(reasons.get_column("row_number").implode())
    return Parsed(
        rows=typed.filter(~is_rejected) if len(reasons) else typed,
        rejects=reject_rows(texts, reasons, contract, owning_units(typed, contract)),
        texts=texts,
        rows_read=rows_read,
        rows_duplicate=rows_read - typed.height,
        added_headings=added,
        total_differences=_total_differences(total, typed, contract),
    )


def reject_rows(texts: pl.DataFrame, reasons: pl.DataFrame, contract: Contract, units: pl.DataFrame) -> pl.DataFrame:
    """Builds quarantine rows.

    Args:
        texts: Texts of the columns that are not personal, by column name, with ROW_NUMBER and SHEET_NAME.
        reasons: `row_number` and `reasons`, one row each rejected row.
        contract: Which columns there are; a personal one is shown masked, whatever it held.
        units: `row_number` and `unit_code` where the row's unit could be read.

    Returns:
        A frame of REJECT_SCHEMA.
    """
    if reasons.is_empty():
        return pl.DataFrame(schema=REJECT_SCHEMA)
    rejected = reasons.get_column("row_number").implode()
    hidden = _hidden(contract)
    found = reasons.join(
        texts.filter(pl.col(ROW_NUMBER).is_in(rejected)), left_on="row_number", right_on=ROW_NUMBER, how="left"
    )
    found = found.join(units.filter(pl.col("row_number").is_in(rejected)), on="row_number", how="left").sort(
        "row_number"
    )
    row_texts = [
        orjson.dumps(
            {column.name: MASK if column.name in hidden else row[column.name] for column in contract.columns}
        ).decode()
        for row in found.iter_rows(named=True)
    ]
    return found.with_columns(pl.Series("row_text", row_texts, dtype=pl.String)).select(
        "row_number", pl.col(SHEET_NAME).alias("sheet_name"), "row_text", "reasons", OWNER
    ).rename({OWNER: "unit_code"}).cast(REJECT_SCHEMA)  # fmt: skip


def _hidden(contract: Contract) -> frozenset[str]:
    """Columns whose text is personal: their own class says so, or they are made from the cell of one that does.

    An endpoint's address may be a guest's telephone number.
    """
    headings = {name_key(heading) for column in contract.columns if column.personal for heading in column.headings}
    return frozenset(
        column.name
        for column in contract.columns
        if column.personal
        or column.type == "endpoint_address"
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
    return _READERS[contract.format.kind](file, contract)


def match_headings(table: TextTable, contract: Contract) -> tuple[dict[str, list[str]], tuple[str, ...]]:
    """The file's headings behind each column, none where it is missing, and those that no column accepts."""
    by_key: dict[str, str] = {}
    for heading in table.headings:
        by_key.setdefault(name_key(heading), heading)
    found: dict[str, list[str]] = {}
    for column in contract.columns:
        found[column.name] = [by_key[name_key(heading)] for heading in column.headings if name_key(heading) in by_key]
    group = contract.format.group_column
    if group is not None and group in table.frame.columns:
        found[group] = [group]
    used = {name_key(heading) for headings in found.values() for heading in headings}
    used |= {name_key(heading) for heading in contract.ignored_headings}
    return found, tuple(heading for heading in table.headings if name_key(heading) not in used)


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
    if missing and not (table.headings_are_optional and table.frame.is_empty()):
        raise _missing_headings(missing, table, contract)
    return found, added


def _texts_by_column(frame: pl.DataFrame, headings: dict[str, list[str]], contract: Contract) -> pl.DataFrame:
    """The texts that may still be needed: what is personal and not kept ends here."""
    kept = [column.name for column in contract.columns if column.is_stored]
    expressions = [
        (pl.coalesce(headings[name]) if headings[name] else pl.lit(None, dtype=pl.String)).alias(name) for name in kept
    ]
    return frame.select(ROW_NUMBER, SHEET_NAME, *expressions)


def _missing_headings(missing: list[Column], table: TextTable, contract: Contract) -> DataRefusedError:
    accepted = {name_key(heading) for column in contract.columns for heading in column.headings}
    unknown = [heading for heading in table.headings if name_key(heading) not in accepted]
    came = f"it has: {', '.join(map(repr, table.headings))}"
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


def _without_duplicates(texts: pl.DataFrame) -> pl.DataFrame:
    """Keeps the first of rows that agree in every cell; their place in the file does not count."""
    cells = texts.drop(ROW_NUMBER, SHEET_NAME)
    hashes = cells.hash_rows()
    if hashes.n_unique() == len(cells):
        return texts
    # A hash may collide: rows are compared cell by cell where it repeats.
    repeated = hashes.is_duplicated()
    names = cells.columns
    kept = texts.filter(repeated).unique(subset=names, keep="first", maintain_order=True)
    return pl.concat([texts.filter(~repeated), kept]).sort(ROW_NUMBER)


def _typed(texts: pl.DataFrame, reading: Reading) -> tuple[pl.DataFrame, pl.DataFrame]:
    """All rows as values, and of those with a faulty cell `row_number` and `reasons`."""
    contract = reading.contract
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
        return rows, pl.DataFrame(schema=REASON_SCHEMA)
    flags = pl.DataFrame(faults)
    bad = flags.select(pl.any_horizontal(pl.all())).to_series()
    reasons = flags.filter(bad).select(
        pl.concat_list([pl.when(pl.col(name)).then(pl.lit(name)) for name in flags.columns])
        .list.drop_nulls()
        .alias("reasons")
    )
    return rows, reasons.select(rows.get_column("row_number").filter(bad), "reasons")


def owning_units(rows: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """`row_number` and, as OWNER, the code of the unit that owns each row."""
    column = unit_column(contract)
    code = pl.col(column.name) if column else pl.lit(None, dtype=pl.String)
    return rows.select("row_number", code.alias(OWNER))


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
        outside[f"below {column.minimum:g}"] = (value < column.minimum).fill_null(value=False)
    if column.maximum is not None:
        outside[f"above {column.maximum:g}"] = (value > column.maximum).fill_null(value=False)
    return outside


def _total_differences(total: dict[str, str], rows: pl.DataFrame, contract: Contract) -> dict[str, tuple[str, str]]:
    if contract.format.total_labels and not total and not rows.is_empty():
        return {"total row": ("none", "the file may be cut short")}
    differences: dict[str, tuple[str, str]] = {}
    stated_by_key = {name_key(heading): text for heading, text in total.items()}
    for column in contract.stored_columns:
        stated = next(
            (stated_by_key[name_key(heading)] for heading in column.headings if name_key(heading) in stated_by_key),
            None,
        )
        if column.type != "integer" or stated is None:
            continue
        figure = "0" if stated in contract.format.zero_marks else stated
        figure = figure.replace(contract.format.thousands, "") if contract.format.thousands else figure
        summed = str(rows.get_column(column.name).sum())
        if figure != summed:
            differences[column.name] = (stated, summed)
    return differences
