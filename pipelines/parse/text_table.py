"""The one shape that every layout is brought to before a value is read: all cells as texts, each row with its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipelines.errors import DataRefusedError

if TYPE_CHECKING:
    import polars as pl

ROW_NUMBER = "__row_number"
SHEET_NAME = "__sheet_name"
DAMAGE = "\ufffd"


@dataclass(frozen=True)
class TextTable:
    """A file's rows as texts.

    Attributes:
        frame: One column per heading of the file, all String, an empty cell null, plus ROW_NUMBER (Int64, the line,
            sheet row or record as a person would count it from 1) and SHEET_NAME (the sheet or the member of a zip).
        headings: The headings in the file's order.
        total: The figures of the file's own total row by heading, if it has one.
        heading_row: The last row of the heading, counted like ROW_NUMBER; none in XML and JSON.
        headings_are_optional: A layout where an absent heading only means that no row has a value (XML, JSON).
    """

    frame: pl.DataFrame
    headings: tuple[str, ...]
    total: dict[str, str] = field(default_factory=dict)
    headings_are_optional: bool = False
    heading_row: int | None = None


def unreadable(why: str) -> DataRefusedError:
    """The refusal of a file that is not what its contract says, or is cut short; `parse` adds the file's name."""
    return DataRefusedError("file_is_readable", f"cannot be read: {why}.", "Ask the owner to export the file again.")


def damaged() -> DataRefusedError:
    """The refusal of a file that holds DAMAGE: its text was destroyed before it reached us."""
    return unreadable("it holds U+FFFD, the mark of text damaged by a wrong encoding")
