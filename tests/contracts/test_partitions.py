"""Days, months and the working calendar: one key a period, and which days the offices work."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipelines.calendar import Partition, WorkingDays, days_between
from pipelines.errors import PermanentError
from pipelines.settings import SEEDS


def test_a_day_is_its_own_first_and_last_day() -> None:
    partition = Partition.parse("2026-06-30")
    assert (partition.first_day, partition.last_day, partition.next_day) == (
        date(2026, 6, 30), date(2026, 6, 30), date(2026, 7, 1),
    )  # fmt: skip
    assert partition == Partition.of_day(date(2026, 6, 30))


def test_a_month_ends_with_its_own_last_day() -> None:
    leap = Partition.parse("2024-02")
    assert (leap.first_day, leap.last_day) == (date(2024, 2, 1), date(2024, 2, 29))
    assert Partition.parse("2026-02").last_day == date(2026, 2, 28)
    assert Partition.of_month(date(2026, 12, 31)) == Partition.parse("2026-12")
    assert Partition.parse("2026-12").next_day == date(2027, 1, 1)


def test_a_baseline_is_read_back_from_its_key() -> None:
    baseline = Partition.baseline(date(2026, 6, 1))
    assert baseline.is_baseline
    assert Partition.parse(baseline.key) == baseline
    assert not Partition.parse("2026-06-01").is_baseline


@pytest.mark.parametrize(
    "key",
    ["", "2026", "2026-13", "2026-02-30", "01/06/2026", "2026-6-1", "20260601", "2026-W23-1", "2026-W23", "yesterday"],
)
def test_a_period_has_one_spelling_and_another_is_refused(key: str) -> None:
    with pytest.raises(PermanentError, match=f"{key!r} is not a day or a month"):
        Partition.parse(key)


def test_days_between_includes_both_ends() -> None:
    assert list(days_between(date(2026, 2, 27), date(2026, 3, 1))) == [
        date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 1),
    ]  # fmt: skip
    assert list(days_between(date(2026, 3, 2), date(2026, 3, 1))) == []


def test_weekends_holidays_and_make_up_days_are_told_apart(tmp_path: Path) -> None:
    table = tmp_path / "holidays.csv"
    table.write_text(
        "holiday_date,name_vi,is_working_day,source\n2026-02-17,Tết Nguyên đán,false,x\n2026-02-28,Làm bù,true,x\n",
        encoding="utf-8",
    )
    calendar = WorkingDays(table)
    assert not calendar.is_working_day(date(2026, 2, 17))
    assert calendar.is_working_day(date(2026, 2, 28))
    assert not calendar.is_working_day(date(2026, 2, 21))
    assert not calendar.is_working_day(date(2026, 2, 22))
    assert calendar.is_working_day(date(2026, 2, 20))


def test_the_shipped_calendar_knows_the_national_day_of_2026() -> None:
    assert not WorkingDays(SEEDS / "holidays.csv").is_working_day(date(2026, 9, 2))


@pytest.mark.parametrize("typed", ["2026-11", "202611"])
def test_a_month_may_be_typed_without_its_hyphen(typed: str) -> None:
    assert Partition.as_typed(typed) == Partition.parse("2026-11")


@pytest.mark.parametrize("typed", ["202613", "20261", "20261105", "2026²1"])
def test_what_is_typed_is_no_looser_than_that(typed: str) -> None:
    with pytest.raises(PermanentError, match="is not a day or a month"):
        Partition.as_typed(typed)
