"""A required column whose cells no longer are what the contract says: the export changed, so the file is refused.

Single unreadable cells are reasons of their rows. Headings that are missing or new are `parse`'s matter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from pipelines.contracts import Column, Contract
from pipelines.errors import DataRefusedError
from pipelines.parse.masking import shape

RETYPED_SHARE = 0.5
RETYPED_CELLS = 3
# A column that is mostly empty says little of its type: its few bad cells cost their rows, not the file.
RETYPED_ROW_SHARE = 0.1
_SAMPLE = 1_000


@dataclass(frozen=True)
class CellCount:
    """Of one column: filled cells, those that could not be read, and how often each shape was seen among a sample."""

    filled: int = 0
    unread: int = 0
    shapes: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: CellCount) -> CellCount:
        """Both together."""
        return CellCount(self.filled + other.filled, self.unread + other.unread, self.shapes + other.shapes)


NO_CELLS = CellCount()


def count_cells(texts: pl.Series, unread: pl.Series) -> CellCount:
    """Counts one column's cells.

    Args:
        texts: Cleaned texts, null where a cell is empty.
        unread: Whether each is filled and gives no value.
    """
    count = int(unread.sum())
    sample = texts.filter(unread).head(_SAMPLE).to_list() if count else []
    return CellCount(len(texts) - texts.null_count(), count, Counter(map(shape, sample)))


def refuse_retyped(contract: Contract, cells: Mapping[str, CellCount], rows_read: int) -> None:
    """Refuses a file in which most cells of a required column cannot be read.

    Args:
        contract: Which columns are required.
        cells: The counts by column.
        rows_read: Rows of the file.

    Raises:
        DataRefusedError: Names what the column should hold and what most of its cells look like, never a cell.
    """
    retyped = [
        _sentence(column, cells[column.name])
        for column in contract.stored_columns
        if column.required and _is_retyped(cells.get(column.name, NO_CELLS), rows_read)
    ]
    if retyped:
        raise DataRefusedError(
            "columns_keep_their_type",
            f"{'; '.join(retyped)}.",
            "Ask the owner whether the export changed; if so, change the column in the contract.",
        )


def _is_retyped(cells: CellCount, rows_read: int) -> bool:
    least = max(RETYPED_CELLS, RETYPED_ROW_SHARE * rows_read)
    return cells.unread >= least and cells.unread > RETYPED_SHARE * cells.filled


def _sentence(column: Column, cells: CellCount) -> str:
    wanted = " or ".join(column.written_as) or (column.pattern and f"a text like {column.pattern}") or column.type
    if column.code_list:
        wanted = f"a code of the list {column.code_list}"
    usual = cells.shapes.most_common(1)[0][0]
    return (
        f"column {column.headings[0]!r} should hold {wanted}, but {cells.unread} of its {cells.filled} cells do not; "
        f"most look like {usual!r} (9 a digit, x a letter)"
    )
