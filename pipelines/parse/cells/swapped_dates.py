"""Columns in which Excel made the day the month: such a date is well-formed, so only the column as a whole gives it away.

An Excel that writes the month first turns a typed `05/11/2026` into 11 May, a real date, and leaves `25/11/2026` a text.
So real dates of the 1st to the 12th beside typed ones of the 13th to the 31st are its fingerprint, and so are dates
outside the file's period that lie inside it once day and month change places.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from pipelines.calendar import Partition
from pipelines.contracts import Column, Contract
from pipelines.errors import DataRefusedError
from pipelines.parse.cells.dates import FROM_EXCEL, SERIAL

_MONTHS = 12
_AGAIN = (
    "Ask the owner for an export that no Excel opened before it was sent, or with the column formatted as text before the "
    "dates are typed."
)


@dataclass(frozen=True)
class DateCount:
    """Of one column's readable dates, how they came and where they lie.

    Attributes:
        real, typed: Dates as a workbook keeps them, and dates written as the contract says.
        real_early, typed_early: Those of them of a 1st to 12th, whose day may be a month.
        real_moved: Real early ones that would be another date with day and month in each other's place.
        inside, mirrored: Dates in the file's period, and dates that only are so with day and month changed; counted
            where the two are not one, in columns of the period.
    """

    real: int = 0
    real_early: int = 0
    real_moved: int = 0
    typed: int = 0
    typed_early: int = 0
    inside: int = 0
    mirrored: int = 0

    def __add__(self, other: DateCount) -> DateCount:
        """Both together."""
        return DateCount(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))


NO_DATES = DateCount()


def count_dates(column: Column, texts: pl.Series, values: pl.Series, period: Partition) -> DateCount:
    """Counts one column's dates.

    Args:
        column: Its contract.
        texts: Cleaned texts.
        values: What they give, dates or local times.
        period: The file's.
    """
    may_be_real = column.excel_serial is not None or bool(texts.str.contains("-", literal=True).any())
    if not may_be_real and not column.in_period:
        # Most columns of most files; nothing can be told of them, and a day has millions of cells.
        return DateCount(typed=len(values) - values.null_count())
    real = pl.col("text").str.contains(FROM_EXCEL)
    if column.excel_serial is not None:
        real |= pl.col("text").str.contains(SERIAL)
    day, month = pl.col("day").dt.day(), pl.col("day").dt.month()
    early, moved = day <= _MONTHS, day != month
    dates = pl.DataFrame({"text": texts, "day": values.cast(pl.Date)}).lazy().drop_nulls()
    counted = dates.select(
        real=real.sum(), real_early=(real & early).sum(), real_moved=(real & early & moved).sum(),
        typed=(~real).sum(), typed_early=(~real & early).sum(),
    )  # fmt: skip
    count = DateCount(**counted.collect().row(0, named=True))
    if not column.in_period or period.is_baseline:
        return count
    changed = pl.date(pl.col("day").dt.year(), day, month)
    is_mirrored = changed.is_between(period.first_day, period.last_day)
    within = dates.filter(moved).select(inside=pl.col("day").is_between(period.first_day, period.last_day).sum())
    without = dates.filter(early & moved & ~pl.col("day").is_between(period.first_day, period.last_day))
    mirrored = without.select(mirrored=is_mirrored.sum())
    return count + DateCount(inside=within.collect().item(), mirrored=mirrored.collect().item())


def refuse_swapped(contract: Contract, dates: Mapping[str, DateCount]) -> None:
    """Refuses a file in one of whose columns day and month may stand in each other's place.

    Args:
        contract: Its columns; a column that lists a format beginning with the year expects real dates beside typed ones.
        dates: The counts by column.

    Raises:
        DataRefusedError: Names the column and how many dates of which kind it holds, never a date.
    """
    for column in contract.stored_columns:
        count = dates.get(column.name, NO_DATES)
        heading = repr(column.headings[0] if column.headings else column.name)
        if count.real_moved and count.typed and count.real_early == count.real and not count.typed_early:
            raise DataRefusedError(
                "day_and_month_keep_their_place",
                f"Column {heading}: all {count.real} Excel dates are of a 1st to 12th and all {count.typed} typed ones of a "
                "13th to 31st. That is what an Excel leaves that writes the month first: it made days months.",
                _AGAIN,
            )
        if count.mirrored > count.inside:
            raise DataRefusedError(
                "day_and_month_keep_their_place",
                f"Column {heading}: {count.mirrored} dates lie outside the file's period and would lie inside it with day "
                f"and month in each other's place; {count.inside} lie inside as they are.",
                _AGAIN,
            )
        if count.real and count.typed and not _expects_both(column):
            raise DataRefusedError(
                "dates_are_of_one_kind",
                f"Column {heading} mixes {count.typed} typed dates with {count.real} Excel dates: days and months may be "
                "swapped.",
                _AGAIN,
            )


def _expects_both(column: Column) -> bool:
    return any(layout.startswith(("%Y", "%F")) for layout in column.written_as)
