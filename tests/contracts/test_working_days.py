"""The shipped calendar, 2020 to 2027: as many days off as the Labour Code gives, every swap repaid, every source named."""

from __future__ import annotations

import csv
from datetime import date

import pytest

from pipelines.calendar import WorkingDays, days_between
from pipelines.settings import SEEDS

with (SEEDS / "holidays.csv").open(encoding="utf-8", newline="") as _file:
    ROWS = list(csv.DictReader(_file))
YEARS = range(2020, 2028)
SATURDAY = 5


def _of(year: int, name: str = "") -> list[date]:
    return [
        date.fromisoformat(row["holiday_date"])
        for row in ROWS
        if row["holiday_date"].startswith(str(year)) and (not name or row["name_vi"] == name)
    ]


@pytest.mark.parametrize("year", YEARS)
def test_a_year_has_the_days_off_of_the_labour_code(year: int) -> None:
    # Ten by the code of 2012 (Điều 115), eleven by that of 2019 (Điều 112: National Day has two), twelve with 24 November
    # (NQ 80-NQ/TW). What falls on a weekend is made good; a swapped day off is worked on another.
    calendar = WorkingDays(SEEDS / "holidays.csv")
    off = [
        day
        for day in days_between(date(year, 1, 1), date(year, 12, 31))
        if day.weekday() < SATURDAY and not calendar.is_working_day(day)
    ]
    worked = [day for day in _of(year) if day.weekday() >= SATURDAY and calendar.is_working_day(day)]
    assert len(off) - len(worked) == {2020: 10, 2026: 12, 2027: 12}.get(year, 11)
    assert len(worked) == len(_of(year, "Nghỉ hoán đổi")) == len(_of(year, "Làm bù"))


@pytest.mark.parametrize("year", YEARS)
def test_tet_is_five_working_days_in_one_unbroken_holiday(year: int) -> None:
    calendar, tet = WorkingDays(SEEDS / "holidays.csv"), _of(year, "Tết Nguyên đán")
    assert sum(day.weekday() < SATURDAY for day in tet) == 5
    assert not any(calendar.is_working_day(day) for day in days_between(min(tet), max(tet)))


def test_each_day_names_its_source_and_says_whether_it_was_checked() -> None:
    assert all(row["source"] and row["is_verified"] in {"true", "false"} for row in ROWS)
    assert len({row["holiday_date"] for row in ROWS}) == len(ROWS)
    unchecked = {row["holiday_date"][:4] for row in ROWS if row["is_verified"] == "false"}
    assert unchecked == {"2026", "2027"}
    # Of 2026 only the day that the Politburo announced and no law has been seen to give.
    assert [row for row in ROWS if row["is_verified"] == "false"][:1] == [
        row for row in ROWS if row["holiday_date"] == "2026-11-24"
    ]


@pytest.mark.parametrize(
    ("day", "is_working"),
    [
        (date(2020, 1, 22), True), (date(2020, 1, 23), False), (date(2020, 1, 29), False), (date(2020, 1, 30), True),
        (date(2020, 9, 3), True), (date(2021, 9, 3), False),  # the second day of National Day is of the code of 2019
        (date(2022, 9, 1), False), (date(2023, 5, 3), False), (date(2023, 5, 4), True),
        (date(2024, 5, 4), True), (date(2025, 4, 26), True), (date(2026, 1, 10), True), (date(2026, 8, 22), True),
    ],
)  # fmt: skip
def test_days_around_holidays(day: date, *, is_working: bool) -> None:
    assert WorkingDays(SEEDS / "holidays.csv").is_working_day(day) is is_working
