"""Which period a name tells: as people type it, and what is never guessed."""

from __future__ import annotations

import time
import unicodedata
from datetime import date

import pytest

from pipelines.contracts.name_pattern import NamePattern

BY_DAY = NamePattern("BaoCao_{day}.{month}.{year}*.xls*")
BY_MONTH = NamePattern("Biểu {month}-{year}*")


@pytest.mark.parametrize(
    ("pattern", "name", "day"),
    [
        (BY_DAY, "BaoCao_05.06.2026.xlsx", date(2026, 6, 5)),
        (BY_DAY, "baocao_5.6.2026 (1).XLS", date(2026, 6, 5)),
        (BY_DAY, "BAOCAO_29.2.2028_sửa lần 2.xlsx", date(2028, 2, 29)),
        (BY_MONTH, "biểu 6-2026 Sở Tài chính.csv", date(2026, 6, 1)),
        (BY_MONTH, unicodedata.normalize("NFD", "Biểu 12-2026.csv"), date(2026, 12, 1)),
        (NamePattern("{year}{month}{day}_*"), "20261105_x.csv", date(2026, 11, 5)),
        (NamePattern("*T{month}.{year}.csv"), "BC T6.2026.csv", date(2026, 6, 1)),
    ],
)
def test_a_name_tells_its_period(pattern: NamePattern, name: str, day: date) -> None:
    assert pattern.matches(name)
    assert pattern.day_of(name) == day


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        (BY_DAY, "BaoCao_05-06-2026.xlsx"),
        (BY_DAY, "BaoCoa_05.06.2026.xlsx"),
        (BY_DAY, "BaoCao_05.06.26.xlsx"),
        (BY_DAY, "BaoCao_05.06.20261.xlsx"),
        (BY_DAY, "BaoCao_005.06.2026.xlsx"),
        (BY_DAY, "BaoCao_05.06.2026.csv"),
        (BY_DAY, "BaoCao_٠٥.06.2026.xlsx"),
        (NamePattern("{year}{month}{day}.csv"), "2026115.csv"),
        (BY_DAY, "BaoCao_05.06.2026" + "x" * 300 + ".xlsx"),
    ],
)
def test_a_name_of_another_form_is_not_read(pattern: NamePattern, name: str) -> None:
    assert not pattern.matches(name)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        (BY_DAY, "BaoCao_31.02.2026.xlsx"),
        (BY_DAY, "BaoCao_5.13.2026.xlsx"),
        (BY_DAY, "BaoCao_0.1.2026.xlsx"),
        (NamePattern("*{day}.{month}.{year}*"), "BC 5.6.2026 thay cho 4.6.2026.xlsx"),
        (NamePattern("*{month}*{year}*"), "BC 5 6 2026"),
    ],
)
def test_a_day_that_is_none_or_two_is_not_guessed(pattern: NamePattern, name: str) -> None:
    assert pattern.matches(name)
    with pytest.raises(ValueError, match=r"period|day|month"):
        pattern.day_of(name)


@pytest.mark.parametrize(
    "template",
    [
        "{day}.{month}.{year}.{day}", "{day}.{year}", "{week}.{month}.{year}", "bao cao.xlsx", "{month}.{year}**",
        "*{month}*{year}*x*", "Mau2{month}.{year}", "{month}.{year}2", "a/{month}.{year}", "{month}.{year", "{}",
        "{month.real}{year}",
    ],
)  # fmt: skip
def test_a_template_that_could_be_read_in_two_ways_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match="name_pattern"):
        NamePattern(template).checked()


def test_no_name_takes_long() -> None:
    """The worst that three stars and 255 signs can do."""
    pattern = NamePattern("*{day}*{month}*{year}")
    pattern.checked()
    started = time.process_time()
    for name in ("1." * 127, "1.1." * 63 + "x", "." * 255, "2026." * 51):
        if pattern.matches(name):
            with pytest.raises(ValueError, match="period"):
                pattern.day_of(name)
    assert time.process_time() - started < 2
