"""How far a sheet's cells reach, and what else is found in it before its reader is let at them.

A sheet is bounded here, whatever its layout: the reader lays it out as a full rectangle, so that two filled cells far
apart can cost all memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pipelines.parse.text_table import unreadable

MOST_COLUMNS = 512
MOST_CELLS = 20_000_000
"""Cells of a sheet's rectangle, empty ones included: 500,000 rows of 40 columns. More than that is no register."""
MOST_NOTES = 1_000_000
"""Cells with an error and formulas without a result: of each no more than this is kept."""
_ROWS_OF_HEADINGS, _MOST_MERGED = 64, 100_000

Span = tuple[int, int, int, int]
"""First row, first column, last row and last column of a merged cell, from 0."""


@dataclass
class Extent:
    """What was met in a sheet, counted from 0: its filled rectangle, merged cells, formulas that nobody computed."""

    first_row: int = 2**31
    last_row: int = -1
    first_column: int = 2**31
    last_column: int = -1
    errors: int = 0
    merged: list[Span] = field(default_factory=list)
    uncomputed: list[tuple[int, int]] = field(default_factory=list)

    def add(self, row: int, column: int) -> None:
        """A filled cell."""
        self.first_row, self.last_row = min(self.first_row, row), max(self.last_row, row)
        self.first_column, self.last_column = min(self.first_column, column), max(self.last_column, column)

    def add_merged(self, span: Span) -> None:
        """A merged cell; of rows of data it only matters what stands for several of them."""
        if span[0] < _ROWS_OF_HEADINGS or span[2] > span[0]:
            self.merged.append(span)
        if len(self.merged) > _MOST_MERGED:
            raise unreadable(f"it has more than {_MOST_MERGED:,} merged cells")

    def add_error(self) -> None:
        """A cell that holds an error such as `#N/A`; the reader keeps a note of each."""
        self.errors += 1
        if self.errors > MOST_NOTES:
            raise unreadable(f"it has more than {MOST_NOTES:,} cells with an error")

    @property
    def is_empty(self) -> bool:
        """Whether no cell of it is filled."""
        return self.last_column < 0

    def bound(self) -> None:
        """Refuses a rectangle that no register fills.

        Raises:
            DataRefusedError: It is too wide, or too large.
        """
        if self.is_empty:
            return
        width = self.last_column - self.first_column + 1
        if width > MOST_COLUMNS:
            raise unreadable(f"it has more than {MOST_COLUMNS} columns")
        # The reader's rectangle begins at the sheet's first row.
        if width * (self.last_row + 1) > MOST_CELLS:
            raise unreadable(f"its cells lie over more than {MOST_CELLS:,} places")


def column_letters(column: int) -> str:
    """A column, from 0, as a sheet names it: A, Z, AA."""
    letters = ""
    while column >= 0:
        letters = chr(ord("A") + column % 26) + letters
        column = column // 26 - 1
    return letters


def place_of(reference: str) -> tuple[int, int]:
    """Row and column, from 0, of a reference such as `AB12`.

    Raises:
        DataRefusedError: No sheet has such a place.
    """
    letters = reference.rstrip("0123456789")
    if not (letters.isascii() and letters.isalpha() and len(letters) <= 3):  # noqa: PLR2004 (XFD is the last column)
        raise unreadable("a cell's place cannot be read")
    column = 0
    for letter in letters.upper():
        column = column * 26 + ord(letter) - ord("A") + 1
    return row_number_of(reference[len(letters) :]) - 1, column - 1


def row_number_of(text: str) -> int:
    """A row's number, from 1, as a sheet writes it.

    Raises:
        DataRefusedError: No sheet has such a row.
    """
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:8]) <= 1_048_576 and len(text) < 8):  # noqa: PLR2004
        raise unreadable("a row's number cannot be read")
    return int(text)
