"""What form II.06a must satisfy before it may be sent: its four sums, the period before, and its own totals.

The rules are the form's (TT 01/2020/TT-VPCP); that a column is not known never makes a check hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from pipelines.forms.ii06a import COLUMNS, Form, Row

SUMS = ((3, (4, 5, 6)), (7, (8, 9, 10)), (11, (12, 13)), (3, (7, 11)))


class State(Enum):
    """How a check ended."""

    HOLDS = "holds"
    BROKEN = "broken"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Check:
    """One check of one cell.

    Attributes:
        row: The row's place in the form's rows.
        column: The form's number of the column that is checked.
        says: The rule, as the form writes it.
        left, right: The cell, and what it must equal; None where that is not known.
        columns: Columns of the same row that add up to `right`.
        rows: Rows of which the same column adds up to `right`; neither for the period before.
    """

    row: int
    column: int
    says: str
    left: int | None
    right: int | None
    columns: tuple[int, ...] = ()
    rows: tuple[int, ...] = ()

    @property
    def state(self) -> State:
        """Whether it holds."""
        if self.left is None or self.right is None:
            return State.UNKNOWN
        return State.HOLDS if self.left == self.right else State.BROKEN

    @property
    def is_with_the_period_before(self) -> bool:
        """Whether it compares with the period before; whether that is there is not this period's fault."""
        return not self.columns and not self.rows


def checks(form: Form) -> list[Check]:
    """Every check of every row, in the form's order."""
    return [check for place, row in enumerate(form.rows) for check in _checks_of(form, place, row)]


def may_be_sent(form: Form, done: list[Check]) -> bool:
    """Whether the period is whole and nothing contradicts itself, nor what a closed month said.

    A period before that is not there does not hinder.
    """
    return (
        form.is_complete
        and form.restated is None
        and all(
            check.state is State.HOLDS or (check.state is State.UNKNOWN and check.is_with_the_period_before)
            for check in done
        )
    )


def _checks_of(form: Form, place: int, row: Row) -> Iterator[Check]:
    for column, parts in SUMS:
        right = _sum(row.figures[part] for part in parts)
        yield Check(
            place,
            column,
            f"({column})={'+'.join(f'({part})' for part in parts)}",
            row.figures[column],
            right,
            columns=parts,
        )
    yield Check(place, 6, "(6)=(11) kỳ trước", row.figures[6], row.open_before)
    for column in COLUMNS if row.parts else ():
        right = _sum(form.rows[part].figures[column] for part in row.parts)
        yield Check(place, column, f"({column})=cộng các dòng", row.figures[column], right, rows=row.parts)


def _sum(figures: Iterator[int | None]) -> int | None:
    """The sum; None if one of them is not known."""
    known = list(figures)
    return None if None in known else sum(figure for figure in known if figure is not None)
