"""Finds the heading in a grid of texts: which rows it is, and what each column is called.

Title rows stand above it; merged cells make it a tree, and a column's name is its path through the levels. What the
names mean is `headings`' matter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase

import polars as pl

from pipelines.contracts import NUMBERS, Contract
from pipelines.parse.sheets.sheet_extent import Span
from pipelines.parse.text_table import unreadable
from pipelines.reference import name_key

ROWS_SEARCHED = 40
_LEAST_NUMBERED = 3
# Below the heading of a form stand the numbers of its columns: `A`, `(1)`, `(3)=(4)+(5)`.
_NUMBERED = re.compile(r"\(\s*[0-9A-Z]{1,2}\s*\)(?:\s*=[\s\d()+\-*/:%=]*)?|[A-Z]|\d{1,2}\s*=[\s\d()+\-*/:%]+")


@dataclass(frozen=True)
class Heading:
    """Where the heading lies.

    Attributes:
        first_row, last_row: Its rows, from 0; a row with the columns' numbers belongs to it.
        names: The name of each column, empty for none.
        levels: The texts of its rows, each cell as it stands in its own place.
    """

    first_row: int
    last_row: int
    names: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]


def find_heading(top: Sequence[Sequence[str]], merged: Sequence[Span], contract: Contract) -> Heading | None:
    """The rows where most of the contract's headings stand, read with the declared number of levels.

    Args:
        top: The first rows of the grid.
        merged: Its merged cells; none if the layout does not tell.
        contract: Whose headings are looked for, and of how many levels.

    Raises:
        DataRefusedError: A heading of the contract stands twice.
    """
    wanted = _wanted(contract)
    best: tuple[int, int, tuple[str, ...]] | None = None
    depth = contract.format.header_rows
    for first in range(len(top) - depth + 1):
        names = column_paths(top, merged, first, depth)
        found = len({name_key(name) for name in names if name} & wanted)
        if found and (best is None or found > best[0]):
            best = (found, first, names)
    if best is None:
        return None
    _, first, names = best
    rows = [*top[first : first + depth]]
    while len(top) > first + len(rows) and _numbers_columns(top[first + len(rows)]):
        _refuse_figures(top[first + len(rows)], names, contract, first + len(rows) + 1)
        rows.append(top[first + len(rows)])
    levels = tuple(tuple(" ".join(cell.split()) for cell in row) for row in rows)
    return Heading(first, first + len(rows) - 1, told_apart(names, wanted), levels)


def column_paths(top: Sequence[Sequence[str]], merged: Sequence[Span], first: int, depth: int) -> tuple[str, ...]:
    """What each column is called if the heading is the `depth` rows from `first` on; empty where it has no name."""
    return _paths(top[first : first + depth], [_moved(span, first) for span in merged])


def holds_required(heading: Heading, contract: Contract) -> bool:
    """Whether no required column of the contract is missing."""
    names = {name_key(name) for name in heading.names}
    return all(
        any(name_key(heading) in names for heading in column.headings) for column in contract.columns if column.required
    )


def repeats(heading: Heading, columns: Sequence[str]) -> pl.Expr:
    """Whether a row is one of the heading's again, at the top of a printed page.

    Args:
        heading: The heading.
        columns: Of each of its columns the frame's name, empty if it is not there.
    """
    rows = [
        [(pl.col(name), text or None) for name, text in zip(columns, level, strict=True) if name]
        for level in (*heading.levels, [name.rsplit(" / ", 1)[-1] for name in heading.names])
    ]
    same = [
        pl.all_horizontal(_spaced(cell).eq_missing(pl.lit(text, dtype=pl.String)) for cell, text in row)
        for row in rows
        if any(text for _, text in row)
    ]
    last = [_spaced(cell).eq_missing(pl.lit(text, dtype=pl.String)) for cell, text in rows[-1]]
    return pl.any_horizontal(*same, pl.sum_horizontal(last) * 2 > len(last))


def _spaced(cell: pl.Expr) -> pl.Expr:
    return cell.str.replace_all(r"\s+", " ")


def _wanted(contract: Contract) -> set[str]:
    return {name_key(heading) for column in contract.columns for heading in column.headings}


def _paths(rows: Sequence[Sequence[str]], merged: Sequence[Span]) -> tuple[str, ...]:
    """Each column's path through the levels; a merged cell stands in every place that it covers."""
    known = [span for span in merged if span[0] < len(rows) and span[2] >= 0]
    filled: list[list[str]] = []
    for depth, row in enumerate(rows):
        is_told = any(top <= depth <= bottom and right > left for top, left, bottom, right in known)
        current = [" ".join(cell.split()) for cell in row]
        if is_told or depth == len(rows) - 1:
            for top, left, bottom, right in known:
                if top <= depth <= bottom and top >= 0 and left < len(row):
                    text = " ".join(rows[top][left].split()) if left >= 0 else ""
                    current[max(left, 0) : right + 1] = [text] * (min(right, len(row) - 1) - max(left, 0) + 1)
        else:
            _carry(current, rows, filled, depth)
        filled.append(current)
    names = []
    for column in zip(*filled, strict=True):
        steps: list[str] = []
        for step in column:
            if step and (not steps or steps[-1] != step):
                steps.append(step)
        names.append(" / ".join(steps))
    return tuple(names)


def _carry(current: list[str], rows: Sequence[Sequence[str]], above: Sequence[Sequence[str]], depth: int) -> None:
    """Where no merged cell is told of: an empty cell belongs to the one on its left if something stands below it."""
    for index in range(1, len(current)):
        same_parent = depth == 0 or above[depth - 1][index] == above[depth - 1][index - 1]
        if not current[index] and same_parent and any(row[index].strip() for row in rows[depth + 1 :]):
            current[index] = current[index - 1]


def _moved(span: Span, first: int) -> Span:
    top, left, bottom, right = span
    return top - first, left, bottom - first, right


def _numbers_columns(row: Sequence[str]) -> bool:
    cells = [" ".join(cell.split()) for cell in row if cell.strip()]
    if len(cells) < _LEAST_NUMBERED:
        return False
    if all(map(_NUMBERED.fullmatch, cells)) or cells == [str(number) for number in range(1, len(cells) + 1)]:
        return True
    # `A`, `B`, then 1, 2, 3, as in forms of statistics. `A`, 1, 2, 3 may be a record.
    letters = sum(cell.isalpha() for cell in cells)
    numbered = [*ascii_uppercase[:letters], *map(str, range(1, len(cells) - letters + 1))]
    return letters > 1 and cells == numbered


def _refuse_figures(row: Sequence[str], names: Sequence[str], contract: Contract, number: int) -> None:
    """`1 | 2 | 3` numbers the columns, unless all of them hold figures: then it may as well be the first record."""
    types = {name_key(own): column.type for column in contract.columns for own in column.headings}
    below = {types.get(name_key(name)) for name, cell in zip(names, row, strict=True) if cell.strip()} - {None}
    if below and below <= NUMBERS and all(cell.strip().isdecimal() for cell in row if cell.strip()):
        raise unreadable(
            f"row {number} may number the columns or be a record, for all of them hold figures: ask for an export without "
            "such a row, or with (1), (2), (3)"
        )


def told_apart(names: Sequence[str], wanted: set[str]) -> tuple[str, ...]:
    """Numbers headings that stand twice, such as `Đánh giá` after every share; the contract's own must stand once."""
    told: list[str] = []
    for index, name in enumerate(names):
        times = names[:index].count(name)
        if name and times and name_key(name) in wanted:
            raise unreadable(f"the heading {name!r} stands twice")
        told.append(f"{name} ({times + 1})" if name and times else name)
    named = [name for name in told if name]
    if len(set(named)) < len(named):
        raise unreadable("two of its headings are the same")
    return tuple(told)
