"""The one shape that every layout is brought to before a value is read: all cells as texts, each row with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import polars as pl

from pipelines.errors import DataRefusedError

ROW_NUMBER = "__row_number"
SHEET_NAME = "__sheet_name"
ROW_IN_SHEET = "__row_in_sheet"
"""A row's number as a person counts it in its own sheet or member."""
DAMAGE = "\ufffd"
UNREADABLE = "cannot be read: "
ROWS_OF_A_SHEET = 10_000_000
"""The rows of a second sheet or member are numbered from here, of a third from twice that: a number stands for one row."""


@dataclass(frozen=True)
class Stated:
    """Sums that a table states of its own rows.

    Attributes:
        group: The group whose sums they are, told by its row and not by a cell; empty for the whole table.
        figures: Texts by column name, None where a cell is empty.
        after_row, before_row: The rows summed up lie between these; None where no group follows.
    """

    group: str
    figures: dict[str, str | None]
    after_row: int = 0
    before_row: int | None = None


class BrokenError(DataRefusedError):
    """A file broke before it reached us, or is of another kind: of several, the others may be sound."""


@dataclass(frozen=True)
class Unread:
    """A member of which nothing could be read.

    Attributes:
        told: Its name as it may be told.
        why: What is wrong with it; no text of it.
    """

    told: str
    why: str


@dataclass(frozen=True)
class TextTable:
    """A file's rows as texts.

    Attributes:
        headings: The headings in the file's order.
        read: Reads the rows, from the first, each time it is called, in frames that fit in memory, at least one. A
            frame has one column per heading, all String, an empty cell null, plus ROW_NUMBER (Int64, the line, sheet
            row or record as a person would count it from 1, plus ROWS_OF_A_SHEET for each before it) and SHEET_NAME (the
            sheet or the member of a zip).
        stated: What the file's own total and group rows say, if it has any.
        heading_row: The last row of the heading, counted like ROW_NUMBER; none in XML and JSON.
        parts: How many sheets or members it is made of.
        headings_are_optional: A layout where an absent heading only means that no row has a value (XML, JSON).
        titles: Of each part the texts above its heading, which may name the period; they may hold names and are never
            told.
        unread: The members of which nothing could be read, where the contract lets them be.
    """

    headings: tuple[str, ...]
    read: Callable[[], Iterator[pl.DataFrame]]
    stated: tuple[Stated, ...] = ()
    headings_are_optional: bool = False
    heading_row: int | None = None
    parts: int = 1
    titles: tuple[tuple[str, ...], ...] = ()
    unread: tuple[Unread, ...] = ()

    @classmethod
    def empty(cls, headings: tuple[str, ...], unread: tuple[Unread, ...] = ()) -> TextTable:
        """A table without rows, of records."""
        schema = {ROW_NUMBER: pl.Int64(), **dict.fromkeys(headings, pl.String()), SHEET_NAME: pl.String()}
        frame = pl.DataFrame(schema=schema)
        return replace(cls.of_frame(frame, headings, headings_are_optional=True), unread=unread)

    @classmethod
    def of_frame(
        cls, frame: pl.DataFrame, headings: tuple[str, ...], stated: Sequence[Stated] = (), *,
        headings_are_optional: bool = False, heading_row: int | None = None,
    ) -> TextTable:  # fmt: skip
        """A table that is read as a whole."""
        return cls(headings, lambda: iter((frame,)), tuple(stated), headings_are_optional, heading_row)

    def head(self, rows: int) -> TextTable:
        """The same table with its first rows only."""
        frame = next(self.read()).head(rows)
        return replace(self, read=lambda: iter((frame,)))


def unreadable(why: str) -> DataRefusedError:
    """The refusal of a file that is not what its contract says, or is cut short; `parse` adds the file's name."""
    return DataRefusedError("file_is_readable", f"{UNREADABLE}{why}.", "Ask the owner to export the file again.")


def broken(why: str) -> BrokenError:
    """The refusal of a file that broke, and harms nobody."""
    refusal = unreadable(why)
    return BrokenError(refusal.check, refusal.what, refusal.next_step)


def damaged() -> BrokenError:
    """The refusal of a file that holds DAMAGE: its text was destroyed before it reached us."""
    return broken("it holds U+FFFD, the mark of text damaged by a wrong encoding")
