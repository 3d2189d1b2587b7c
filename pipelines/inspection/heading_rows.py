"""Where the heading of a table stands among its first rows, and how many levels it has.

A heading row is one of texts, none of which looks like a record's cell, that names more of the columns than any other.
Where the heading line is missing, the first row is a record, and nothing of it may be told.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pipelines.inspection.persons import is_name
from pipelines.inspection.raw_rows import Rows
from pipelines.inspection.vietnamese_names import words
from pipelines.parse.sheets.heading_rows import column_paths
from pipelines.parse.sheets.sheet_extent import Span

_ROWS_SEARCHED = 40
_MOST_LEVELS = 4
_FULL = 0.6
_DATUM = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{2,4}(?:[ T]\d{1,2}:\d{2}.*)?"  # a date or time
    r"|[-+]?[\d.,]*\d{5,}[\d.,]*"  # a figure of five digits and more
    r"|[-+]?\d{1,3}(?:[.,]\d+)+ ?%?"
    r"|\+?[\d .\-()]{9,}"  # a telephone number
    r"|[^@\s]+@[^@\s]+"
    r"|(?:000|[A-Z]\d{2})(?:\.[A-Z0-9]{2,3}){1,4}"  # an agency code
    r"|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
)
_NUMBER = re.compile(r"[-+(]?\d[\d.,]*\)?")
_DAY = re.compile(r"(?<!\d)(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?!\d)")


@dataclass(frozen=True)
class HeadingRows:
    """A heading found.

    Attributes:
        first: Its first row, from 0.
        levels: How many rows it has.
        paths: Each column's path through them, as the reader tells it.
    """

    first: int
    levels: int
    paths: tuple[str, ...]


def find_heading(rows: Rows, merged: Sequence[Span], trade_words: Collection[str]) -> HeadingRows | None:
    """The heading among the first rows of a grid; None where none of them can be one.

    Args:
        rows: All equally long.
        merged: Merged cells of the grid.
        trade_words: Words that stand in known headings: `Hồ Sơ` is nobody's name.
    """
    best: tuple[tuple[int, int, int], HeadingRows] | None = None
    for first in range(min(len(rows), _ROWS_SEARCHED)):
        for levels in range(1, _MOST_LEVELS + 1):
            block = rows[first : first + levels]
            if len(block) < levels or not all(may_be_heading(row, trade_words) for row in block):
                break
            paths = column_paths(rows, merged, first, levels)
            score = (_named_columns(paths, rows[first + levels :]), -levels, -first)
            if score[0] > 1 and (best is None or score > best[0]):
                best = score, HeadingRows(first, levels, paths)
    return best[1] if best else None


def find_heading_line(rows: Rows, trade_words: Collection[str]) -> HeadingRows | None:
    """The heading of a delimited text: its first row, or the first below title lines, which fill few of the columns.

    Args:
        rows: All equally long.
        trade_words: Words that stand in known headings.
    """
    width = max((sum(map(bool, row)) for row in rows), default=0)
    first = next((place for place, row in enumerate(rows) if sum(map(bool, row)) >= _FULL * width > 0), None)
    if first is None or first >= _ROWS_SEARCHED or not may_be_heading(rows[first], trade_words):
        return None
    if _reads_like_a_record(rows[first:], trade_words):
        return None
    return HeadingRows(first, 1, tuple(" ".join(cell.split()) for cell in rows[first]))


def may_be_heading(row: list[str], trade_words: Collection[str]) -> bool:
    """Whether a row can be one of a heading: mostly words, and no cell that looks like a record's."""
    cells = [cell for cell in row if cell]
    numbers = sum(_NUMBER.fullmatch(cell) is not None for cell in cells)
    return bool(cells) and numbers * 2 <= len(cells) and not any(is_datum(cell, trade_words) for cell in cells)


def is_datum(cell: str, trade_words: Collection[str]) -> bool:
    """Whether a text is a value rather than a heading: a date, a long figure, an address, a code, somebody's name."""
    digits = sum(sign.isdigit() for sign in _DAY.sub("", cell))
    return _DATUM.fullmatch(cell) is not None or digits >= 9 or is_name(cell, trade_words)  # noqa: PLR2004 (an ID number)


def _reads_like_a_record(rows: Rows, trade_words: Collection[str]) -> bool:
    """Whether the first row is like those below it in every column and no word of it is known from any heading."""
    first, below = rows[0], rows[1:]
    if any(word in trade_words for cell in first for word in words(cell)):
        return False
    return len(below) > 1 and all(
        Counter(_look(row[index]) for row in below).most_common(1)[0][0] == _look(cell)
        for index, cell in enumerate(first)
    )


def _look(cell: str) -> tuple[int, str]:
    """How many words a text has, and of what kind its first one is."""
    parts = cell.split()
    first = parts[0] if parts else ""
    kind = (
        "9"
        if any(sign.isdigit() for sign in first)
        else "A"
        if first.isupper()
        else "Aa"
        if first[:1].isupper()
        else "a"
    )
    return len(parts), kind


def _named_columns(paths: Sequence[str], below: Rows) -> int:
    """Columns with a heading of their own and, if there are rows, a cell under it: a title is the same over all of them."""
    is_used = [any(row[index] for row in below) or not any(map(any, below)) for index in range(len(paths))]
    return len({path for path, used in zip(paths, is_used, strict=True) if path and used})
