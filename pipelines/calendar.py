"""Time as the province keeps it: Asia/Ho_Chi_Minh, daily and monthly partitions, working days.

All `_at` values of the warehouse are naive local times of this zone, which has had no summer time since 1975.
"""

from __future__ import annotations

import csv
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pipelines.errors import PermanentError

TIME_ZONE_NAME = "Asia/Ho_Chi_Minh"
TIME_ZONE = ZoneInfo(TIME_ZONE_NAME)
BASELINE_PREFIX = "baseline-"
_SATURDAY = 5


def now() -> datetime:
    """The local time now, naive, as the warehouse stores it."""
    return datetime.now(TIME_ZONE).replace(tzinfo=None)


def today() -> date:
    """The local date."""
    return now().date()


def days_between(first: date, last: date) -> Iterator[date]:
    """Every day from `first` to `last`, both included."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


@dataclass(frozen=True)
class Partition:
    """The day or month that an export belongs to.

    Attributes:
        key: `YYYY-MM-DD`, `YYYY-MM`, or `baseline-YYYY-MM-DD` for the stock before that day.
        first_day: Its first day.
        last_day: Its last day (the first day itself for a day).
    """

    key: str
    first_day: date
    last_day: date

    @classmethod
    def parse(cls, key: str) -> Partition:
        """Reads a partition key.

        Raises:
            PermanentError: The key is neither a day, a month nor a baseline.
        """
        text = key.removeprefix(BASELINE_PREFIX)
        try:
            if len(text) == len("YYYY-MM"):
                first = date.fromisoformat(f"{text}-01")
                return cls(key, first, first.replace(day=monthrange(first.year, first.month)[1]))
            day = date.fromisoformat(text)
            if day.isoformat() != text:  # 20260601 and 2026-W23-1 are ISO days too: one period, one key.
                raise ValueError(text)
        except ValueError as error:
            raise PermanentError(f"{key!r} is not a day or a month.", "Write YYYY-MM-DD or YYYY-MM.") from error
        return cls(key, day, day)

    @classmethod
    def as_typed(cls, text: str) -> Partition:
        """Reads a period as a person types it: a month may lack its hyphen, 202611.

        Raises:
            PermanentError: As `parse`.
        """
        is_compact = len(text) == len("YYYYMM") and text.isdigit()
        return cls.parse(f"{text[:4]}-{text[4:]}" if is_compact else text)

    @classmethod
    def of_day(cls, day: date) -> Partition:
        """The partition of one day."""
        return cls(day.isoformat(), day, day)

    @classmethod
    def of_month(cls, day: date) -> Partition:
        """The partition of the month that holds `day`."""
        return cls.parse(f"{day:%Y-%m}")

    @classmethod
    def baseline(cls, day: date) -> Partition:
        """The stock of records that were open before `day`."""
        return cls(f"{BASELINE_PREFIX}{day.isoformat()}", day, day)

    @property
    def is_baseline(self) -> bool:
        """Whether this is the stock before the first day, not a day's export."""
        return self.key.startswith(BASELINE_PREFIX)

    @property
    def next_day(self) -> date:
        """The day after the last."""
        return self.last_day + timedelta(days=1)


class WorkingDays:
    """Which days the offices work: Monday to Friday, but for the table of holidays and make-up days.

    Args:
        holidays_file: `holidays.csv` with headings holiday_date, is_working_day and source.
    """

    def __init__(self, holidays_file: Path) -> None:
        with holidays_file.open(encoding="utf-8", newline="") as file:
            self._exceptions = {
                date.fromisoformat(row["holiday_date"]): row["is_working_day"] == "true" for row in csv.DictReader(file)
            }

    def is_working_day(self, day: date) -> bool:
        """Whether the offices work on `day`."""
        return self._exceptions.get(day, day.weekday() < _SATURDAY)

    def kind_of(self, day: date) -> Literal["working_day", "saturday", "sunday", "holiday"]:
        """What kind of day it is; a holiday that falls on a weekend is a holiday.

        The two days of a weekend are told apart: people still file on a Saturday morning.
        """
        if self.is_working_day(day):
            return "working_day"
        if day in self._exceptions:
            return "holiday"
        return "saturday" if day.weekday() == _SATURDAY else "sunday"
