"""How a text becomes a date or a local time: as the contract writes it, as a workbook does, or as a day number.

A year has four digits, 24:00 and 31 June are no moments, and a day number is read only where the column declares its
epoch. Whether day and month changed places is asked of a whole column, in `swapped_dates`.
"""

from __future__ import annotations

import re

import polars as pl

from pipelines.calendar import TIME_ZONE_NAME
from pipelines.contracts import Column

EARLIEST_YEAR, LATEST_YEAR = 1990, 2100
# As the reader of workbooks prints a cell that is formatted as a date.
FROM_EXCEL = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?: [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?)?$"
_EXCEL_MIDNIGHT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?: 00:00:00)?$"
SERIAL = r"^[0-9]{1,6}(?:[.,][0-9]{1,15})?$"
# Day 0 of each epoch. The first counts a 29 February 1900 that never was: from day 61 it is off by the one that is
# taken away here, and days 1 to 60 lie before EARLIEST_YEAR, so that none of them is ever read.
_DAY_ZERO = {1900: pl.date(1899, 12, 30), 1904: pl.date(1904, 1, 1)}
_MILLISECONDS_A_DAY = 86_400_000
# What strptime would let pass: a signed year, and a leap second, which it makes the next minute.
_SIGN, _LEAP_SECOND = "+", ":60"
_OF_A_TIME = re.compile("%[-.]?[HIMSTRfkl]")
_OF_AN_OFFSET = re.compile("%:?z")


def read_date(text: pl.Expr, column: Column) -> pl.Expr:
    """A date; null where the text is none. A format with a time of day gives its day."""
    from_excel = pl.when(text.str.contains(_EXCEL_MIDNIGHT)).then(text.str.slice(0, 10))
    ways = [
        _moment(text, layout).dt.date() if _OF_A_TIME.search(layout) else _day(text, layout)
        for layout in column.written_as
    ]
    ways.append(_day(from_excel, "%Y-%m-%d"))
    if column.excel_serial is not None:
        whole = pl.when(text.str.contains(r"^[0-9]{1,6}$")).then(text)
        ways.append(_of_serial(whole, column.excel_serial).dt.date())
    return _plausible(pl.coalesce(ways))


def read_timestamp(text: pl.Expr, column: Column, *, is_workbook: bool) -> pl.Expr:
    """A naive local time; null where the text is none. A format without a time of day gives midnight."""
    ways = [_moment(text, layout) for layout in column.written_as if not _OF_AN_OFFSET.search(layout)]
    # What says its offset itself is brought to local time by it, whatever zone the others are in.
    with_offset = [_moment(text, layout) for layout in column.written_as if _OF_AN_OFFSET.search(layout)]
    if is_workbook:
        from_excel = pl.when(text.str.contains(FROM_EXCEL)).then(text)
        ways += [_moment(from_excel, layout) for layout in ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d")]
    if column.excel_serial is not None:
        serial = pl.when(text.str.contains(SERIAL)).then(text)
        ways.append(_of_serial(serial, column.excel_serial))
    value = pl.coalesce(ways) if ways else pl.lit(None, dtype=pl.Datetime("us"))
    if column.time_zone == "UTC":
        value = value.dt.replace_time_zone("UTC").dt.convert_time_zone(TIME_ZONE_NAME).dt.replace_time_zone(None)
    return _plausible(pl.coalesce(value, *with_offset))


def _day(text: pl.Expr, layout: str) -> pl.Expr:
    value = text.str.to_date(layout, strict=False)
    return pl.when(~text.str.contains(_SIGN, literal=True)).then(value)


def _moment(text: pl.Expr, layout: str) -> pl.Expr:
    """A naive time; one that is written with its offset is brought to local time."""
    is_sound = ~text.str.contains(_LEAP_SECOND, literal=True)
    if _OF_AN_OFFSET.search(layout) is None:
        is_sound &= ~text.str.contains(_SIGN, literal=True)
        return pl.when(is_sound).then(text.str.to_datetime(layout, strict=False, time_unit="us", time_zone=None))
    # ISO 8601 writes the offset zero as Z, which strptime does not know.
    spelled = text.str.replace("Z$", "+00:00")
    with_offset = spelled.str.to_datetime(layout, strict=False, time_unit="us", time_zone="UTC")
    return pl.when(is_sound).then(with_offset.dt.convert_time_zone(TIME_ZONE_NAME).dt.replace_time_zone(None))


def _of_serial(text: pl.Expr, epoch: int) -> pl.Expr:
    """The moment of a workbook's day number, to the millisecond that a workbook can tell."""
    days = text.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
    since = pl.duration(milliseconds=(days * _MILLISECONDS_A_DAY).round().cast(pl.Int64), time_unit="us")
    return _DAY_ZERO[epoch].cast(pl.Datetime("us")) + since


def _plausible(value: pl.Expr) -> pl.Expr:
    """`05/11/26` would be read as the year 26: a year outside any record's life is unreadable."""
    return pl.when(value.dt.year().is_between(EARLIEST_YEAR, LATEST_YEAR)).then(value)
