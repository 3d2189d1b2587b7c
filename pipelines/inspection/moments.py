"""Whether a column holds dates or times, and how they are written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipelines.inspection.trials import READ_SHARE, Cells, Proposal, say, todo
from pipelines.inspection.vietnamese_names import words

DATE_FORMATS = ("%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y", "%Y/%m/%d", "%m/%d/%Y", "%Y%m%d")
TIMESTAMP_FORMATS = (
    "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S%.fZ", "%Y-%m-%d %H:%M", "%d-%m-%Y %H:%M:%S", "%H:%M:%S %d/%m/%Y",
    "%H:%M %d/%m/%Y", "%m/%d/%Y %H:%M:%S",
)  # fmt: skip
_TIMES = (" %H:%M:%S", " %H:%M", "")
_ENOUGH_DATES = 20
_EXCEL_MIDNIGHT = r"^\d{4}-\d{2}-\d{2} 00:00:00$"


def moments(cells: Cells) -> Proposal | None:
    """A date or a time, in the one format or the several in which its cells are written."""
    if cells.texts.str.contains(_EXCEL_MIDNIGHT).all() and cells.filled:
        of_excel = (say("ngày của Excel", "dates of Excel's own"),)
        return _in_period(cells, Proposal({"type": "date", "format": "%d/%m/%Y"}, of_excel))
    readings = list(_time_readings(cells))
    # Where day and month may be swapped, the file's own day decides, if it is told.
    best = max(readings, key=lambda one: one.in_period) if readings else None
    several = _in_several_formats(cells) if best is None or best.unread else None
    if several is not None and (best is None or several.unread < best.unread):
        return _in_period(cells, several)
    if best is None:
        return None
    why = [say(f"{cells.filled} ô đọc được theo {best.form}", f"{cells.filled} cells read by {best.form}")]
    if len(readings) > 1 and not best.in_period:
        why.append(
            todo(
                "không ngày nào lớn hơn 12: không phân biệt được ngày với tháng, hãy hỏi nơi gửi",
                "no day is above 12: day and month cannot be told apart, ask the owner",
            )
        )
    if best.zone:
        why.append(say("giờ UTC, được đổi sang giờ Việt Nam", "UTC, becomes local time"))
    keys = {"type": best.kind, "format": best.form, **best.zone}
    return _in_period(cells, Proposal(keys, tuple(why), best.unread))


def _in_several_formats(cells: Cells) -> Proposal | None:
    """Dates of which some have a time of day and others none: one order of day and month, several formats."""
    for day in DATE_FORMATS[:-2]:
        formats = [day + time for time in _TIMES if cells.unread(type="timestamp", format=day + time) < cells.filled]
        if len(formats) > 1 and (unread := cells.reads(type="timestamp", formats=formats)) is not None:
            why = todo(
                f"có ô ghi giờ, có ô không: {len(formats)} cách viết; ô không ghi giờ thành 00:00",
                f"some cells tell the time and others do not: {len(formats)} formats; without a time it becomes 00:00",
            )
            return Proposal({"type": "timestamp", "formats": formats}, (why,), unread)
    return None


def _in_period(cells: Cells, found: Proposal) -> Proposal:
    """With `in_period` where the file's own period is known and every one of many dates lies in it."""
    period = cells.reading.partition
    days = cells.values(cells.texts, **found.keys).cast(pl.Date).drop_nulls()
    is_in = days.is_between(period.first_day, period.last_day).all()
    if not cells.is_dated or found.unread or len(days) < _ENOUGH_DATES or not is_in:
        return found
    why = todo(
        f"cả {len(days)} ngày nằm trong kỳ của tệp: bỏ in_period nếu cột được phép có ngày ngoài kỳ",
        f"all {len(days)} dates lie in the file's period: take in_period away if others may be there",
    )
    return Proposal({**found.keys, "in_period": True}, (*found.why, why), found.unread)


@dataclass(frozen=True)
class _TimeReading:
    """One way to read a column's dates, and how many of them fall into the file's own period."""

    kind: str
    form: str
    zone: dict[str, Any]
    unread: int
    in_period: int


def _time_readings(cells: Cells) -> Iterator[_TimeReading]:
    """The first format that reads the cells, and the one with day and month swapped if it reads them as well."""
    tried = [("date", form) for form in DATE_FORMATS] + [("timestamp", form) for form in TIMESTAMP_FORMATS]
    if not _speaks_of_days(cells):
        tried.remove(("date", "%Y%m%d"))
    for kind, form in tried:
        if found := _time_reading(cells, kind, form):
            yield found
            swapped = form.replace("%d/%m", "%m/%d")
            if swapped != form and (other := _time_reading(cells, kind, swapped)) and not other.unread:
                yield other
            return


def _time_reading(cells: Cells, kind: str, form: str) -> _TimeReading | None:
    zone = {"time_zone": "UTC"} if form.endswith("Z") else {}
    unread = cells.reads(READ_SHARE, type=kind, format=form, **zone)
    if unread is None:
        return None
    days = cells.values(cells.texts, type=kind, format=form, **zone).cast(pl.Date)
    period = cells.reading.partition
    return _TimeReading(kind, form, zone, unread, int(days.is_between(period.first_day, period.last_day).sum()))


def _speaks_of_days(cells: Cells) -> bool:
    return bool({"ngay", "date", "day"} & set(words(cells.heading)))
