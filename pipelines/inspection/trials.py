"""A column's texts, and what it takes to try a type on them: whether the reader of that type reads the cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from pipelines.contracts import Column, Text
from pipelines.inspection.insides import TODO
from pipelines.parse.cells.values import Reading, read_value

READ_SHARE = 0.95


@dataclass(frozen=True)
class Known:
    """What the shipped contracts know.

    Attributes:
        columns: Datasets and their columns by the key of a heading, those with personal data first.
        patterns: Name and column of each text that a pattern bounds, those kept as a hash first.
        trade_words: Words of all known headings, in small letters.
    """

    columns: Mapping[str, Sequence[tuple[str, Column]]] = field(default_factory=dict)
    patterns: Mapping[str, Column] = field(default_factory=dict)
    trade_words: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Proposal:
    """Keys of a column's contract that its cells allow, and why."""

    keys: dict[str, Any]
    why: tuple[Text, ...]
    unread: int = 0


@dataclass(frozen=True)
class Cells:
    """A column's texts and what is needed to try types on them.

    Attributes:
        is_dated: Whether the reading's period is the file's own, told by its name or title.
    """

    heading: str
    texts: pl.Series
    reading: Reading
    known: Known
    is_dated: bool = False

    @property
    def filled(self) -> int:
        """Cells with a text."""
        return len(self.texts) - self.texts.null_count()

    def values(self, texts: pl.Series, **keys: Any) -> pl.Series:  # noqa: ANN401 (keys of a contract)
        """What the reader of a column of these keys makes of texts."""
        return read_value(_column(keys), texts, self.reading)

    def unread(self, **keys: Any) -> int:  # noqa: ANN401 (keys of a contract)
        """Filled cells that a column of these keys does not read, or holds to be out of bounds."""
        values, largest = self.values(self.texts, **keys), _column(keys).largest
        is_read = values.is_not_null()
        if largest is not None and values.dtype.is_numeric():
            is_read &= (values <= largest).fill_null(value=False)
        return int((self.texts.is_not_null() & ~is_read).sum())

    def reads(self, share: float = READ_SHARE, /, **keys: Any) -> int | None:  # noqa: ANN401
        """As `unread`, None if too many cells are."""
        unread = self.unread(**keys)
        return unread if self.filled and self.filled - unread >= share * self.filled else None


def _column(keys: Mapping[str, Any]) -> Column:
    return Column.model_validate({"name": "x", "headings": ("x",), "vi": "-", "en": "-", **keys})


def fits(cells: Cells, unread: int, vi: str, en: str) -> Text:
    """How many of the cells are what they are taken for."""
    return say(
        f"{cells.filled - unread}/{cells.filled} ô là {vi}", f"{cells.filled - unread} of {cells.filled} cells are {en}"
    )


def say(vi: str, en: str) -> Text:
    """A remark in both languages."""
    return Text(vi=vi, en=en)


def todo(vi: str, en: str) -> Text:
    """What a person must decide, in both languages."""
    return Text(vi=f"{TODO}: {vi}", en=en)
