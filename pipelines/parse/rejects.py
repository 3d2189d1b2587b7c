"""Rejected rows as the quarantine keeps them: where each stood, what was there, every reason, and the unit that owns it.

Which rows are rejected is said elsewhere, by the cells (`typed_frame`) and by the suites; what may be shown of a cell
by `masking`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import orjson
import polars as pl

from pipelines.contracts import Column, Contract
from pipelines.parse.cells.units import Candidates, UnitFinder, with_candidates
from pipelines.parse.masking import MASK, shown
from pipelines.parse.text_table import ROW_IN_SHEET, ROW_NUMBER, SHEET_NAME, Unread
from pipelines.parse.typed_rows import TypedRows
from pipelines.reference import name_key

OWNER = "__owner"
UNREAD_FILE = "file: cannot be read"
UNKNOWN_UNIT = "unknown or ambiguous unit"
# Each search compares one text with every unit, 40 ms: a file of 100,000 different misspellings must end too.
MOST_SEARCHES = 100
REJECT_SCHEMA = pl.Schema(
    {
        "row_number": pl.Int64(),
        "sheet_name": pl.String(),
        "row_text": pl.String(),
        "reasons": pl.List(pl.String()),
        "unit_code": pl.String(),
    }
)


def reject_rows(
    texts_of: Callable[[pl.Series], pl.DataFrame], reasons: pl.DataFrame, contract: Contract, rows: TypedRows,
    units: UnitFinder | None = None,
) -> pl.DataFrame:  # fmt: skip
    """Builds quarantine rows.

    Args:
        texts_of: As in `Parsed`.
        reasons: REASON_SCHEMA, one row each rejected row.
        contract: Which columns there are; a personal one is shown masked, whatever it held.
        rows: Typed rows, for the unit that owns each.
        units: Finds the units that a faulty cell may mean, and tells a misspelt one from a person's name.

    Returns:
        A frame of REJECT_SCHEMA.
    """
    if reasons.is_empty():
        return pl.DataFrame(schema=REJECT_SCHEMA)
    numbers = reasons.get_column("row_number")
    hidden, owners = hidden_columns(contract), _owning_units(rows, numbers, contract)
    found = reasons.join(texts_of(numbers), left_on="row_number", right_on=ROW_NUMBER, how="left")
    found = found.join(owners, on="row_number", how="left").sort("row_number")
    keys = units.keys if units else ()
    row_texts = [_row_text(row, contract, hidden, keys) for row in found.iter_rows(named=True)]
    if units is not None:
        suggest = _Suggestions(units, contract)
        suggested = [[suggest.told(reason, row) for reason in row["reasons"]] for row in found.iter_rows(named=True)]
        found = found.with_columns(pl.Series("reasons", suggested, dtype=pl.List(pl.String)))
    return found.with_columns(pl.Series("row_text", row_texts, dtype=pl.String)).select(
        pl.col(ROW_IN_SHEET).alias("row_number"), pl.col(SHEET_NAME).alias("sheet_name"), "row_text", "reasons", OWNER
    ).rename({OWNER: "unit_code"}).cast(REJECT_SCHEMA)  # fmt: skip


def unread_rows(unread: Sequence[Unread], contract: Contract) -> pl.DataFrame:
    """The members of which nothing could be read, each as one row without a cell; a frame of REJECT_SCHEMA."""
    nothing = orjson.dumps(dict.fromkeys(column.name for column in contract.columns)).decode()
    lines = [(1, one.told, nothing, [f"{UNREAD_FILE}; {one.why}"], None) for one in unread]
    return pl.DataFrame(lines, schema=REJECT_SCHEMA, orient="row")


class _Suggestions:
    """Adds to the reason of a cell without a unit those that it may mean."""

    def __init__(self, units: UnitFinder, contract: Contract) -> None:
        self._units = units
        self._columns = {f"{column.name}: {UNKNOWN_UNIT}": column for column in contract.stored_columns}
        self._found: dict[tuple[str, str | None], Candidates | None] = {}

    def told(self, reason: str, row: Mapping[str, Any]) -> str:
        column = self._columns.get(reason)
        text = row[column.name] if column else None
        if column is None or text is None:
            return reason
        above = row.get(column.parent or "")
        asked = (text, self._units.find(above) if above else None)
        if asked not in self._found and len(self._found) < MOST_SEARCHES:
            self._found[asked] = self._units.candidates(*asked)
        return with_candidates(reason, self._found.get(asked))


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


def hidden_columns(contract: Contract) -> frozenset[str]:
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


def _owning_units(rows: TypedRows, row_numbers: pl.Series, contract: Contract) -> pl.DataFrame:
    """`row_number` and, as OWNER, the code of the unit that owns each of these rows."""
    column = unit_column(contract)
    code = pl.col(column.name) if column else pl.lit(None, dtype=pl.String)
    wanted = pl.col("row_number").is_in(row_numbers.implode())
    return pl.concat(frame.filter(wanted).select("row_number", code.alias(OWNER)) for frame in rows.frames())
