"""Cells of the data that are merged over several rows: a reader of the sheet sees one value beside all of them.

The file holds it in the first row only, and the others would come as rows without a unit, a day or a figure. A text
stands for each of its rows. A figure does not: nobody knows how much of it is whose.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import polars as pl

from pipelines.contracts import NUMBERS, Contract
from pipelines.parse.sheets.heading_rows import Heading
from pipelines.parse.sheets.sheet_extent import Span
from pipelines.parse.text_table import ROW_NUMBER, unreadable
from pipelines.reference import name_key

MERGED_FIGURE = "#MERGED"
"""Stands in the cells of a figure that is merged over several rows: no reader of numbers reads it."""
_MOST_COVERED = 5_000_000


def unmerged(body: pl.DataFrame, merged: Sequence[Span], heading: Heading, contract: Contract) -> pl.DataFrame:
    """Gives each row of data what it shows.

    Args:
        body: The rows below the heading in which something stands; ROW_NUMBER is their row in the sheet, from 1.
        merged: Merged cells of the whole grid, counted from 0.
        heading: Where it lies and what its columns are called.
        contract: Which columns hold figures.
    """
    spans = [span for span in merged if span[2] > span[0] > heading.last_row and span[1] < len(heading.names)]
    if not spans:
        return body
    figures = {name_key(own) for column in contract.columns if column.type in NUMBERS for own in column.headings}
    rows = body.get_column(ROW_NUMBER).to_list()
    written: dict[str, dict[int, str | None]] = {}
    count = 0
    for top, left, bottom, _ in spans:
        name = heading.names[max(left, 0)]
        # A row in which nothing else stands is no row of data.
        first, end = bisect_left(rows, top + 1), bisect_right(rows, bottom + 1)
        if not name or end - first < 2 or rows[first] != top + 1:  # noqa: PLR2004 (its own row and one more)
            continue
        count += end - first
        if count > _MOST_COVERED:
            raise unreadable(f"its merged cells lie over more than {_MOST_COVERED:,} places")
        own, value = written.setdefault(name, {}), body.get_column(name)[first]
        if name_key(name) not in figures:
            own.update(dict.fromkeys(range(first + 1, end), value))
        elif value is not None:
            own.update(dict.fromkeys(range(first, end), MERGED_FIGURE))
    return body.with_columns(
        body.get_column(name).scatter(list(own), list(own.values())) for name, own in written.items() if own
    )
