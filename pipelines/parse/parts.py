"""Several tables as one: the members of a container, the sheets of a workbook.

A row keeps the number that it has in its own part, so that a person finds it there, and one that no other row of the
load has: the part's place times `ROWS_OF_A_SHEET` is added to it. What a part means is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import polars as pl

from pipelines.parse.text_table import ROW_NUMBER, ROWS_OF_A_SHEET, SHEET_NAME, Stated, TextTable, Unread, unreadable

_ROWS_AT_ONCE = 50_000
# A frame of one row takes 75 KB.
_FRAMES_AT_ONCE = 1_000


@dataclass(frozen=True)
class Part:
    """One table of several, and its name as it may be told."""

    told: str
    table: TextTable


def one_table(parts: Sequence[Part]) -> TextTable:
    """The parts one after the other.

    Raises:
        DataRefusedError: A part has other headings than the first, in a layout where a table has headings.
    """
    first = parts[0].table
    if not first.headings_are_optional:
        _refuse_other_headings(parts)
    headings = tuple(dict.fromkeys(heading for part in parts for heading in part.table.headings))
    places = accumulate((part.table.parts for part in parts), initial=0)
    offsets = [place * ROWS_OF_A_SHEET for place in places][:-1]
    stated = [_moved(one, offset) for part, offset in zip(parts, offsets, strict=True) for one in part.table.stated]

    def frames() -> Iterator[pl.DataFrame]:
        for part, offset in zip(parts, offsets, strict=True):
            for frame in part.table.read():
                if len(parts) > 1:
                    _refuse_too_long(frame, part)
                yield _in_place(frame, part, offset, headings)

    return replace(
        first,
        headings=headings,
        read=lambda: _gathered(frames()),
        stated=tuple(stated),
        titles=tuple(title for part in parts for title in part.table.titles),
        parts=sum(part.table.parts for part in parts),
        unread=tuple(unread for part in parts for unread in part.table.unread),
    )


def held_table(parts: Iterable[Part]) -> TextTable:
    """As `one_table`, of records: each part is read as it comes and its rows are held, so that no part outlives its turn.

    Raises:
        DataRefusedError: A part cannot be read, or is too long to be one of several.
    """
    headings: dict[str, None] = {}
    unread: list[Unread] = []
    count = 0

    def frames() -> Iterator[pl.DataFrame]:
        nonlocal count
        for place, part in enumerate(parts):
            headings.update(dict.fromkeys(part.table.headings))
            unread.extend(part.table.unread)
            count = place + 1
            for frame in part.table.read():
                _refuse_too_long(frame, part)
                yield _in_place(frame, part, place * ROWS_OF_A_SHEET, part.table.headings)

    held = list(_gathered(frames()))
    columns = pl.Schema({ROW_NUMBER: pl.Int64(), **dict.fromkeys(headings, pl.String()), SHEET_NAME: pl.String()})
    empty = pl.DataFrame(schema=columns)
    held = [pl.concat([empty, frame], how="diagonal") for frame in held]
    table = TextTable(tuple(headings), lambda: iter(held), headings_are_optional=True)
    return replace(table, parts=count, unread=tuple(unread))


def _refuse_other_headings(parts: Sequence[Part]) -> None:
    """A column that only some parts have would be empty in the others, as if nobody had filled it."""
    wanted = set(parts[0].table.headings)
    for part in parts[1:]:
        if set(part.table.headings) != wanted:
            raise unreadable(f"{part.told} has other headings than {parts[0].told}")


def _refuse_too_long(frame: pl.DataFrame, part: Part) -> None:
    """Its last rows would have the numbers of the next part's first."""
    if (frame.get_column(ROW_NUMBER) >= part.table.parts * ROWS_OF_A_SHEET).any():
        raise unreadable(f"{part.told} has {ROWS_OF_A_SHEET:,} rows or more and is one of several")


def _in_place(frame: pl.DataFrame, part: Part, offset: int, headings: tuple[str, ...]) -> pl.DataFrame:
    own = set(frame.columns)
    absent = [pl.lit(None, dtype=pl.String).alias(heading) for heading in headings if heading not in own]
    sheet = pl.col(SHEET_NAME)
    is_named = sheet.is_in(["", part.told])
    name = pl.when(is_named).then(pl.lit(part.told)).otherwise(pl.lit(f"{part.told} / ") + sheet)
    others = own - {ROW_NUMBER, SHEET_NAME, *headings}  # the label of the group row above
    placed = frame.with_columns(pl.col(ROW_NUMBER) + offset, name.alias(SHEET_NAME), *absent)
    return placed.select(ROW_NUMBER, *headings, *others, SHEET_NAME)


def _moved(stated: Stated, offset: int) -> Stated:
    """What a part states of its rows, it states of no other part's."""
    end = offset + ROWS_OF_A_SHEET if stated.before_row is None else offset + stated.before_row
    return replace(stated, after_row=offset + stated.after_row, before_row=end)


def _gathered(frames: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Fewer and larger frames: thousands of members hold a few rows each."""
    held: list[pl.DataFrame] = []
    height = 0
    for frame in frames:
        held.append(frame)
        height += frame.height
        if len(held) >= _FRAMES_AT_ONCE:
            held = [pl.concat(held, how="diagonal", rechunk=True)]
        if height >= _ROWS_AT_ONCE:
            yield pl.concat(held, how="diagonal")
            held, height = [], 0
    if held:
        yield pl.concat(held, how="diagonal")
