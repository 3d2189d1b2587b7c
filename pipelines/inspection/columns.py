"""How each column of a contract fares in a file: its heading, its cells, and what they read to.

Counts only. Of a personal column nothing but the number of its cells is told; of a text no value either.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

import polars as pl

from pipelines.contracts import MOMENTS, NUMBERS, Column, Contract
from pipelines.parse.cells.values import Reading, clean, read_value, units_above
from pipelines.parse.headings import match_headings
from pipelines.parse.text_table import TextTable

MOST_TOLD = 100
_NEAR_ENOUGH = 0.4
_WITH_BOUNDS = NUMBERS | MOMENTS | {"count_of"}


@dataclass(frozen=True)
class ColumnFound:
    """One column of the contract in a file.

    Attributes:
        column: Its contract.
        headings: The file's headings behind it; none if it is missing.
        nearest: Of a missing column, the unknown heading of the file that is most like its own.
        filled, empty: Cells with and without a text.
        read: Filled cells that gave a value; None for a column that is not kept and so never read.
        minimum, maximum: Of numbers, dates and times that are not personal, as far as they are believed.
    """

    column: Column
    headings: tuple[str, ...] = ()
    nearest: str | None = None
    filled: int = 0
    empty: int = 0
    read: int | None = None
    minimum: str | None = None
    maximum: str | None = None

    @property
    def unread(self) -> int:
        """Filled cells that gave no value."""
        return 0 if self.read is None else self.filled - self.read


@dataclass(frozen=True)
class HeadingUnknown:
    """A heading that no column accepts, and the missing column's heading that is most like it."""

    heading: str
    nearest: str | None


@dataclass(frozen=True)
class Mapping:
    """A file's headings against a contract.

    Attributes:
        columns: Every column of the contract that has a heading, in order.
        unknown: Headings that no column accepts, the first `MOST_TOLD` of them.
        is_hidden: None of the file's headings is known. They are most likely a record's cells, so that none is told.
        unknown_count: How many there are, told or not.
    """

    columns: tuple[ColumnFound, ...]
    unknown: tuple[HeadingUnknown, ...]
    is_hidden: bool
    unknown_count: int

    @property
    def missing(self) -> tuple[ColumnFound, ...]:
        """Required columns that the file lacks."""
        return tuple(found for found in self.columns if found.column.required and not found.headings)


def describe(table: TextTable, reading: Reading) -> Mapping:
    """Maps the headings and reads the cells of every column that is there.

    Raises:
        DataRefusedError: The rows cannot be read.
    """
    contract = reading.contract
    headings, unknown = match_headings(table, contract)
    with_heading = [column for column in contract.columns if column.headings]
    is_hidden = bool(unknown) and not any(headings[column.name] for column in with_heading)
    told = () if is_hidden else unknown[:MOST_TOLD]
    frame = pl.concat(table.read())
    return Mapping(
        columns=tuple(_found(column, headings, told, frame, reading) for column in with_heading),
        unknown=tuple(HeadingUnknown(heading, _nearest_column(heading, headings, contract)) for heading in told),
        is_hidden=is_hidden,
        unknown_count=len(unknown),
    )


def _found(
    column: Column, by_column: dict[str, list[str]], unknown: tuple[str, ...], frame: pl.DataFrame, reading: Reading
) -> ColumnFound:
    def text_of(column: Column) -> pl.Series:
        present = [heading for heading in by_column[column.name] if heading in frame.columns]
        if not present:
            return pl.Series([None] * frame.height, dtype=pl.String)
        return frame.select(clean(pl.coalesce(present))).to_series()

    headings = by_column[column.name]
    if not headings:
        nearest = get_close_matches(column.headings[0], unknown, n=1, cutoff=_NEAR_ENOUGH)
        return ColumnFound(column, nearest=nearest[0] if nearest else None)
    texts = text_of(column)
    filled, empty = texts.len() - texts.null_count(), texts.null_count()
    if not column.is_stored:
        return ColumnFound(column, tuple(headings), filled=filled, empty=empty)
    values = read_value(column, texts, reading, units_above(column, text_of, reading))
    # A mark such as "" may stand for zero: such a cell is empty and yet has a value.
    read = int((texts.is_not_null() & values.is_not_null()).sum())
    has_bounds = column.type in _WITH_BOUNDS and column.personal is None
    # A number that no load would believe may be somebody's telephone number.
    believed = values if column.largest is None else values.filter((values <= column.largest).fill_null(value=False))
    smallest, largest = (believed.min(), believed.max()) if has_bounds else (None, None)
    return ColumnFound(
        column, tuple(headings), filled=filled, empty=empty, read=read,
        minimum=None if smallest is None else str(smallest), maximum=None if largest is None else str(largest),
    )  # fmt: skip


def _nearest_column(heading: str, found: dict[str, list[str]], contract: Contract) -> str | None:
    missing = [name for column in contract.columns if not found[column.name] for name in column.headings]
    nearest = get_close_matches(heading, missing, n=1, cutoff=_NEAR_ENOUGH)
    return nearest[0] if nearest else None
