"""What a table states of its own rows: total rows and the sums beside its groups, taken out of the data and held against it.

They are a check, never data; a row that is taken out here is checked or says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from pipelines.contracts import NUMBERS, Column, Contract
from pipelines.contracts.layout import GroupMark
from pipelines.parse.cells.numbers import AMOUNT, INTEGER, read_number
from pipelines.parse.cells.values import clean
from pipelines.parse.masking import MASK, has_few_digits, shape
from pipelines.parse.text_table import ROW_NUMBER, ROWS_OF_A_SHEET, SHEET_NAME, Stated
from pipelines.parse.typed_rows import TypedRows
from pipelines.reference import name_key

_LEVEL, _LABEL = "__level", "__label"
# The mark in a cell of its own, and before the label in one cell. A letter that is a Roman number is one.
_MARKS: dict[GroupMark, tuple[str, str]] = {
    "roman": (r"^[IVX]+[.)]?$", r"^[IVX]+(?:[.)]\s*|\s+)(\S.*)$"),
    "letter": (r"^[A-HJ-UWYZĐ][.)]?$", r"^[A-HJ-UWYZĐ](?:[.)]\s*|\s+)(\S.*)$"),
    "number": (r"^[0-9]+[.)]$", r"^[0-9]+[.)]\s*([^\s0-9].*)$"),
}


# What a table sums up; below decimals and percentages it may as well state a mean.
_SUMMED: dict[str, tuple[str, pl.DataType]] = {
    "integer": (INTEGER, pl.Int64()), "amount": (AMOUNT, pl.Decimal(18, 2)),
}  # fmt: skip


@dataclass(frozen=True)
class _Figures:
    """Headings behind each column whose sum a table may state."""

    headings: dict[str, list[str]]

    @classmethod
    def of(cls, names: Sequence[str], contract: Contract) -> _Figures:
        by_key = {name_key(name): name for name in names}
        return cls(
            {
                column.name: [by_key[name_key(heading)] for heading in column.headings if name_key(heading) in by_key]
                for column in contract.stored_columns
                if column.type in _SUMMED
            }
        )

    def stated(self, row: dict[str, str | None]) -> dict[str, str | None]:
        """The figures of one row by column; empty if it states none."""
        found = {
            name: next((row[heading] for heading in own if row[heading]), None)
            for name, own in self.headings.items()
            if own
        }
        return found if any(found.values()) else {}


def take_totals(body: pl.DataFrame, contract: Contract) -> tuple[pl.DataFrame, list[Stated]]:
    """Takes the total rows out of the data: those with a total's label left of a figure, for right of them are notes."""
    labels = {name_key(label).rstrip(" :.") for label in contract.format.total_labels}
    if not labels:
        return body, []
    names = [name for name in body.columns if name not in (ROW_NUMBER, SHEET_NAME)]
    figures = _Figures.of(names, contract)
    places = [names.index(heading) for own in figures.headings.values() for heading in own]
    is_total = pl.any_horizontal(
        pl.col(names[: max(places, default=len(names))]).map_elements(
            lambda text: name_key(text).rstrip(" :.") in labels, return_dtype=pl.Boolean, skip_nulls=True
        )
    ).fill_null(value=False)
    totals = body.filter(is_total)
    found = [Stated("", stated) for row in totals.iter_rows(named=True) if (stated := figures.stated(row))]
    return body.filter(~is_total), found


def take_groups(body: pl.DataFrame, contract: Contract) -> tuple[pl.DataFrame, list[Stated]]:
    """Turns group rows (`I Sở, ban, ngành`) into columns; what one states is the sum of the rows up to the next.

    The number and the label stand in the first two columns, or both in the first. A group ends where the next of its
    level, or of one further out, begins.
    """
    if not contract.format.group_columns or body.is_empty():
        return body, []
    names = [name for name in body.columns if name not in (ROW_NUMBER, SHEET_NAME)]
    figures = _Figures.of(names, contract)
    first, labels = pl.col(names[0]), pl.col(names[1] if len(names) > 1 else names[0])
    numbers = {name_key(own) for column in contract.columns if column.type in NUMBERS for own in column.headings}
    others = [pl.col(name).is_null() for name in names[1:] if name_key(name) not in numbers]
    stands_alone = pl.all_horizontal(pl.lit(value=True), *others)
    level, label = pl.lit(None, dtype=pl.Int8), pl.lit(None, dtype=pl.String)
    for depth, mark in enumerate(contract.format.group_marks):
        in_two, in_one = _MARKS[mark]
        level = pl.when(first.str.contains(in_two) & labels.is_not_null()).then(depth).otherwise(level)
        level = pl.when(stands_alone & first.str.contains(in_one)).then(depth).otherwise(level)
        label = pl.when(first.str.contains(in_two)).then(labels).otherwise(label)
        label = pl.when(stands_alone & first.str.contains(in_one)).then(first.str.extract(in_one)).otherwise(label)
    marked = body.with_columns(level.alias(_LEVEL), label.alias(_LABEL))
    for depth, column in enumerate(contract.format.group_columns):
        # The label of a group further out ends the one within.
        own = pl.when(pl.col(_LEVEL) == depth).then(_LABEL).when(pl.col(_LEVEL) < depth).then(pl.lit(""))
        marked = marked.with_columns(own.forward_fill().replace("", None).alias(column))
    groups = list(marked.filter(pl.col(_LEVEL).is_not_null()).iter_rows(named=True))
    found = []
    for place, group in enumerate(groups):
        end = next((one[ROW_NUMBER] for one in groups[place + 1 :] if one[_LEVEL] <= group[_LEVEL]), None)
        if stated := figures.stated(group):
            found.append(Stated(f"the group of row {group[ROW_NUMBER]}", stated, group[ROW_NUMBER], end))
    return marked.filter(pl.col(_LEVEL).is_null()).drop(_LEVEL, _LABEL), found


def total_differences(
    stated: Sequence[Stated], rows: TypedRows, contract: Contract, parts: int = 1
) -> dict[str, tuple[str, str]]:
    """Where the rows do not add up to what the table states of them, by column and group: (stated, summed).

    Of several parts each states its own total: one without it may be cut short.
    """
    differences: dict[str, tuple[str, str]] = {}
    part = (pl.col("row_number") // ROWS_OF_A_SHEET) if parts > 1 else pl.lit(0, dtype=pl.Int64)
    filled = {place for frame in rows.frames() for place in frame.select(part.unique()).to_series() if frame.height}
    if contract.format.total_labels and filled - {one.after_row // ROWS_OF_A_SHEET for one in stated if not one.group}:
        differences["total row"] = ("none", "the file may be cut short")
    for one in stated:
        own = pl.col("row_number") > one.after_row
        if one.before_row is not None:
            own &= pl.col("row_number") < one.before_row
        members = [frame.filter(own) for frame in rows.frames()]
        for name, text in one.figures.items():
            column = contract.column(name)
            figure = _figure(text, column, contract)
            summed = sum(frame.get_column(name).sum() for frame in members)
            if figure != summed and not (figure is None and text is None):
                differences[f"{name} of {one.group}" if one.group else name] = (_shown(text, figure), str(summed))
    return differences


def _figure(text: str | None, column: Column, contract: Contract) -> int | Decimal | None:
    """A stated figure, read as the column's own cells are; none if it cannot be, or if it is empty and states nothing."""
    pattern, dtype = _SUMMED[column.type]
    cell = pl.DataFrame({"text": [text]}, schema={"text": pl.String()})
    figure: int | Decimal | None = cell.select(
        read_number(clean(pl.col("text")), column, contract.format, pattern, dtype)
    ).item()
    return figure


def _shown(text: str | None, figure: int | Decimal | None) -> str:
    """A stated figure as it may be told: what could not be read, or has as many digits as a telephone's, may be anything."""
    if figure is None or not has_few_digits(str(figure)):
        return MASK
    return text if text and set(shape(text)) <= set("9., -+()") else str(figure)
