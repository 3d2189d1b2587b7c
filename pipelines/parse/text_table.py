"""The one shape that every layout is brought to before a value is read: all cells as texts, each row with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import polars as pl

from pipelines.errors import DataRefusedError

ROW_NUMBER = "__row_number"
SHEET_NAME = "__sheet_name"
DAMAGE = "\ufffd"


@dataclass(frozen=True)
class TextTable:
    """A file's rows as texts.

    Attributes:
        headings: The headings in the file's order.
        read: Reads the rows, from the first, each time it is called, in frames that fit in memory. A frame has one
            column per heading, all String, an empty cell null, plus ROW_NUMBER (Int64, the line, sheet row or record
            as a person would count it from 1) and SHEET_NAME (the sheet or the member of a zip).
        total: The figures of the file's own total row by heading, if it has one.
        heading_row: The last row of the heading, counted like ROW_NUMBER; none in XML and JSON.
        headings_are_optional: A layout where an absent heading only means that no row has a value (XML, JSON).
    """

    headings: tuple[str, ...]
    read: Callable[[], Iterator[pl.DataFrame]]
    total: dict[str, str] = field(default_factory=dict)
    headings_are_optional: bool = False
    heading_row: int | None = None

    @classmethod
    def of_frame(
        cls, frame: pl.DataFrame, headings: tuple[str, ...], total: dict[str, str] | None = None, *,
        headings_are_optional: bool = False, heading_row: int | None = None,
    ) -> TextTable:  # fmt: skip
        """A table that is read as a whole."""
        return cls(headings, lambda: iter((frame,)), total or {}, headings_are_optional, heading_row)

    def head(self, rows: int) -> TextTable:
        """The same table with its first rows only."""
        frame = next(self.read()).head(rows)
        return replace(self, read=lambda: iter((frame,)))


def unreadable(why: str) -> DataRefusedError:
    """The refusal of a file that is not what its contract says, or is cut short; `parse` adds the file's name."""
    return DataRefusedError("file_is_readable", f"cannot be read: {why}.", "Ask the owner to export the file again.")


def damaged() -> DataRefusedError:
    """The refusal of a file that holds DAMAGE: its text was destroyed before it reached us."""
    return unreadable("it holds U+FFFD, the mark of text damaged by a wrong encoding")
