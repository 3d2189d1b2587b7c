"""What a table states of its own rows: total rows and the sums beside its groups, taken out of the data and held against it.

They are a check, never data; a row that is taken out here is checked or says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from pipelines.contracts import Contract
from pipelines.contracts.layout import GroupMark
from pipelines.parse.masking import MASK, has_few_digits, shape
from pipelines.parse.text_table import ROW_NUMBER, SHEET_NAME, Stated
from pipelines.parse.typed_rows import TypedRows
from pipelines.reference import name_key

_LEVEL, _LABEL = "__level", "__label"
# The mark in a cell of its own, and before the label in one cell. A letter that is a Roman number is one.
_MARKS: dict[GroupMark, tuple[str, str]] = {
    "roman": (r"^[IVX]+[.)]?$", r"^[IVX]+(?:[.)]\s*|\s+)(\S.*)$"),
    "letter": (r"^[A-HJ-UWYZĐ][.)]?$", r"^[A-HJ-UWYZĐ](?:[.)]\s*|\s+)(\S.*)$"),
    "number": (r"^[0-9]+[.)]$", r"^[0-9]+[.)]\s*([^\s0-9].*)$"),
}


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
                if column.type == "integer"
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
    """Takes the total rows out of the data: those with a total's label left of the figures, for right of them are notes."""
    labels = {name_key(label).rstrip(" :.") for label in contract.format.total_labels}
    if not labels:
        return body, []
    names = [name for name in body.columns if name not in (ROW_NUMBER, SHEET_NAME)]
    figures = _Figures.of(names, contract)
    places = [names.index(heading) for own in figures.headings.values() for heading in own]
    is_total = pl.any_horizontal(
        pl.col(names[: min(places, default=len(names))]).map_elements(
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
    of_figures = {heading for own in figures.headings.values() for heading in own}
    others = [pl.col(name).is_null() for name in names[1:] if name not in of_figures]
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


def total_differences(stated: Sequence[Stated], rows: TypedRows, contract: Contract) -> dict[str, tuple[str, str]]:
    """Where the rows do not add up to what the table states of them, by column and group: (stated, summed)."""
    if not contract.format.total_labels:
        return {}
    differences: dict[str, tuple[str, str]] = {}
    if rows.height and not any(not one.group for one in stated):
        differences["total row"] = ("none", "the file may be cut short")
    for one in stated:
        own = pl.col("row_number") > one.after_row
        if one.before_row is not None:
            own &= pl.col("row_number") < one.before_row
        members = [frame.filter(own) for frame in rows.frames()]
        for name, text in one.figures.items():
            figure = _figure(text, contract)
            summed = str(sum(frame.get_column(name).sum() for frame in members))
            if figure is not None and figure != summed:
                shown = (
                    figure
                    if text is None
                    else text
                    if has_few_digits(text) and shape(figure).strip("9") == ""
                    else MASK
                )
                differences[f"{name} of {one.group}" if one.group else name] = (shown, summed)
    return differences


def _figure(text: str | None, contract: Contract) -> str | None:
    """A stated figure as digits; an empty cell is zero where the contract says so, and else states nothing."""
    if (text or "") in contract.format.zero_marks:
        return "0"
    if text is None:
        return None
    return text.replace(contract.format.thousands, "") if contract.format.thousands else text
