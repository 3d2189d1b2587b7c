"""Where the heading of a table stands among its first rows, and how many levels it has.

A heading row is one of texts, none of which looks like a record's cell, that names more of the columns than any other.
Where the heading line is missing, the first row is a record, and nothing of it may be told.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from pipelines.inspection.persons import is_name
from pipelines.inspection.raw_rows import Rows
from pipelines.inspection.vietnamese_names import words

_ROWS_SEARCHED = 40
_MOST_LEVELS = 4
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
_MONTH = re.compile(r"tháng\s+(\d{1,2})\s*(?:/|-|năm)\s*(\d{4})", re.IGNORECASE)


@dataclass(frozen=True)
class HeadingRows:
    """A heading found.

    Attributes:
        first: Its first row, from 0.
        levels: How many rows it has.
        paths: Each column's path through them as far as it can be told here; the reader's own are what counts.
    """

    first: int
    levels: int
    paths: tuple[str, ...]


def find_heading(rows: Rows, trade_words: Collection[str], *, only_first: bool = False) -> HeadingRows | None:
    """The heading among the first rows; None where none of them can be one.

    Args:
        rows: All equally long.
        trade_words: Words that stand in known headings: `Hồ Sơ` is nobody's name.
        only_first: The heading can be nothing but the first row, as in a delimited text.
    """
    best: tuple[tuple[int, int, int], HeadingRows] | None = None
    for first in range(1 if only_first else min(len(rows), _ROWS_SEARCHED)):
        for levels in range(1, 2 if only_first else _MOST_LEVELS + 1):
            block = rows[first : first + levels]
            if len(block) < levels or not all(may_be_heading(row, trade_words) for row in block):
                break
            paths = _paths(block)
            if only_first and _reads_like_a_record(rows, trade_words):
                return None
            score = (_named_columns(paths, rows[first + levels :]), -levels, -first)
            if score[0] > 1 - only_first and (best is None or score > best[0]):
                best = score, HeadingRows(first, levels, tuple(paths))
    return best[1] if best else None


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


def _named_columns(paths: list[str], below: Rows) -> int:
    """Columns that have a heading and, if there are rows, a cell under it: a title stands over nothing."""
    if not any(any(row) for row in below):
        return sum(map(bool, paths))
    return sum(bool(path) and any(row[index] for row in below) for index, path in enumerate(paths))


def title_period(rows: Rows, before: int) -> tuple[date, date] | None:
    """The days that the title rows above a heading speak of, if they tell a period."""
    title = " ".join(cell for row in rows[:before] for cell in row if cell)
    days = [day for parts in _DAY.findall(title) if (day := _day(*map(int, parts)))]
    if len(days) == 2 and days[0] <= days[1]:  # noqa: PLR2004 (from and to)
        return days[0], days[1]
    if found := _MONTH.search(title):
        first = _day(1, int(found[1]), int(found[2]))
        if first:
            following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
            return first, date.fromordinal(following.toordinal() - 1)
    return None


def _day(day: int, month: int, year: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _paths(block: Rows) -> list[str]:
    """Each column's path: an empty cell of an upper level belongs to the one on its left if something stands below."""
    filled: Rows = []
    for depth, row in enumerate(block):
        current: list[str] = []
        for index, cell in enumerate(row):
            below = any(lower[index] for lower in block[depth + 1 :])
            kin = index > 0 and (depth == 0 or filled[depth - 1][index] == filled[depth - 1][index - 1])
            current.append(current[index - 1] if not cell and below and kin else " ".join(cell.split()))
        filled.append(current)
    return [" / ".join(dict.fromkeys(step for step in column if step)) for column in zip(*filled, strict=True)]
