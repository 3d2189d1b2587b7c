"""Working days, and the rhythm of an office day and of an evening at home.

Days are numbers of days since 1970-01-01, moments are whole seconds since 1970-01-01 00:00, both on the clock of
Asia/Ho_Chi_Minh (no summer time, so no zone is needed). An *office position* is a working day's index plus the share
of that day's work that is behind it: adding 1.5 to one means a day and a half of office time later.
How much work a unit or a platform gets does not belong here.
"""

from __future__ import annotations

import csv
import enum
from datetime import date, timedelta
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from demo.registry import SEEDS

Numbers: TypeAlias = NDArray[np.int64]
Shares: TypeAlias = NDArray[np.float64]

DAY_SECONDS = 86_400
UTC_OFFSET_SECONDS = 7 * 3_600
FIRST_DAY, LAST_DAY = date(2019, 1, 1), date(2037, 12, 31)
TET = "Tết Nguyên đán"
WEEKEND = (5, 6)

OFFICE_HOURS = {7: 4, 8: 17, 9: 18, 10: 14, 11: 5, 13: 6, 14: 15, 15: 13, 16: 7, 17: 1}
HOME_HOURS = {
    0: 1, 5: 1, 6: 2, 7: 4, 8: 10, 9: 12, 10: 10, 11: 6, 12: 3, 13: 5,
    14: 10, 15: 9, 16: 7, 17: 4, 18: 2, 19: 4, 20: 5, 21: 4, 22: 2, 23: 1,
}  # fmt: skip


class DayKind(enum.Enum):
    """What sort of day it is; how much happens on it follows from it."""

    WORKING = "working"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    TET = "tet"


class Rhythm:
    """How a day's events spread over its hours."""

    def __init__(self, hour_weights: dict[int, int]) -> None:
        """Takes the weight of each hour that has one; the others get nothing."""
        weights = np.array([hour_weights.get(hour, 0) for hour in range(24)], dtype=np.float64)
        self._edges = np.arange(25, dtype=np.float64) * 3_600
        self._shares = np.concatenate([[0.0], np.cumsum(weights) / weights.sum()])

    def second_at(self, share: Shares) -> Numbers:
        """The second of the day by which this share of the day's events has happened."""
        return np.asarray(np.interp(share, self._shares, self._edges), dtype=np.int64)

    def share_at(self, second: Numbers) -> Shares:
        """The share of the day's events that has happened by this second of the day."""
        return np.asarray(np.interp(second, self._edges, self._shares), dtype=np.float64)


class Calendar:
    """The working days of Vietnam, with the holidays and make-up days of `holidays.csv`."""

    def __init__(self, holidays_file: Path = SEEDS / "holidays.csv") -> None:
        """Reads the holidays; Saturdays and Sundays are off unless a make-up day says otherwise."""
        self.office = Rhythm(OFFICE_HOURS)
        self.home = Rhythm(HOME_HOURS)
        with holidays_file.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        self._offset = day_number(FIRST_DAY)
        numbers = np.arange(self._offset, day_number(LAST_DAY) + 1)
        is_working = ~np.isin((numbers + 3) % 7, WEEKEND)
        holidays = {day_number(date.fromisoformat(row["holiday_date"])): row for row in rows}
        for number, row in holidays.items():
            is_working[number - self._offset] = row["is_working_day"] == "true"
        self._is_working = is_working
        self._working_days = numbers[is_working]
        self._holidays = frozenset(number for number, row in holidays.items() if row["is_working_day"] != "true")
        self._tet = frozenset(number for number, row in holidays.items() if row["name_vi"] == TET)

    def kind(self, day: date) -> DayKind:
        """What sort of day it is; a weekend that touches Tết belongs to Tết."""
        number = day_number(day)
        if self._is_working[number - self._offset]:
            return DayKind.WORKING
        if self._touches_tet(number, -1) or self._touches_tet(number, 1):
            return DayKind.TET
        return DayKind.HOLIDAY if number in self._holidays else DayKind.WEEKEND

    def is_working(self, day: date) -> bool:
        """Whether offices are open on the day."""
        return bool(self._is_working[day_number(day) - self._offset])

    def working_days(self, first: date, last: date) -> list[date]:
        """The working days from first to last, both included."""
        return [day for day in days(first, last) if self.is_working(day)]

    def add_working_days(self, day_numbers: Numbers, count: Numbers) -> Numbers:
        """The day that is `count` (at least 1) working days after each day, that day itself not counted."""
        before = np.searchsorted(self._working_days, day_numbers, side="right") - 1
        return np.asarray(self._working_days[before + count], dtype=np.int64)

    def first_position(self, day_numbers: Numbers) -> Numbers:
        """The index of the first working day on or after each day."""
        return np.searchsorted(self._working_days, day_numbers, side="left").astype(np.int64)

    def last_position(self, day_number_: int) -> int:
        """The index of the last working day on or before the day."""
        return int(np.searchsorted(self._working_days, day_number_, side="right")) - 1

    def moment_at(self, positions: Shares) -> Numbers:
        """The moment on the clock of each office position."""
        whole = np.floor(positions)
        days_ = self._working_days[whole.astype(np.int64)]
        return np.asarray(days_ * DAY_SECONDS + self.office.second_at(positions - whole), dtype=np.int64)

    def position_at(self, moments: Numbers) -> Shares:
        """The office position of each moment; a moment on a day off stands at the next working day's start."""
        numbers, seconds = np.divmod(moments, DAY_SECONDS)
        index = self.first_position(numbers)
        is_open = self._working_days[index] == numbers
        return np.asarray(index + np.where(is_open, np.minimum(self.office.share_at(seconds), 0.999), 0.0))

    def _touches_tet(self, number: int, step: int) -> bool:
        while not self._is_working[number - self._offset]:
            if number in self._tet:
                return True
            number += step
        return False


def day_number(day: date) -> int:
    """The day's number, counted from 1970-01-01."""
    return day.toordinal() - date(1970, 1, 1).toordinal()


def day_of(number: int) -> date:
    """The day with this number."""
    return date(1970, 1, 1) + timedelta(days=number)


def start_of(day: date) -> int:
    """The moment at which the day begins."""
    return day_number(day) * DAY_SECONDS


def days(first: date, last: date) -> list[date]:
    """Every day from first to last, both included."""
    return [first + timedelta(days=step) for step in range((last - first).days + 1)]


def month_start(day: date) -> date:
    """The first day of the day's month."""
    return day.replace(day=1)


def month_end(day: date) -> date:
    """The last day of the day's month."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
