"""Figures in Vietnamese notation, worked out by hand."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from pipelines.page import formats

SPACE = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (0, 0, "0"),
        (1311599, 0, "1.311.599"),
        (Decimal("55721.5000"), 1, "55.721,5"),
        (Decimal("2517.0000"), 1, "2.517"),
        (Decimal("1234.56"), 1, "1.234,6"),
        (Decimal("19.3092"), 2, "19,31"),
        (Decimal(-24), 0, "−24"),
        (Decimal("2.5"), 0, "3"),
    ],
)
def test_numbers(value: Decimal | int, places: int, text: str) -> None:
    assert formats.number(value, places) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        ("0", "0,0 %"),
        ("1", "100,0 %"),
        ("0.732297", "73,2 %"),
        ("0.1235", "12,4 %"),  # half is rounded up, not to even
        ("0.9996", "> 99,9 %"),  # one late dossier of thousands is not none
        ("0.9994", "99,9 %"),
        ("0.0004", "< 0,1 %"),
        ("0.0005", "0,1 %"),
        ("12.5", "1.250,0 %"),
    ],
)
def test_shares_never_round_to_everything_or_nothing(share: str, text: str) -> None:
    assert formats.percent(Decimal(share)) == text.replace(" ", SPACE)


def test_differences_of_shares_are_percentage_points() -> None:
    assert formats.signed(Decimal("0.040826"), is_share=True) == "+4,1"
    assert formats.signed(Decimal("-0.239759"), is_share=True) == "−24,0"
    assert formats.signed(Decimal("0.004795"), is_share=True, places=2) == "+0,48"
    assert formats.signed(Decimal(-50), is_share=False) == "−50"


def test_days_months_and_moments() -> None:
    assert formats.day(date(2026, 11, 8)) == "08/11/2026"
    assert formats.moment(datetime(2026, 11, 22, 21, 56, 31)) == "22/11/2026 21:56"  # noqa: DTZ001  (local, as stored)
    assert [formats.period(text) for text in ("2026-11-08", "202611", "2026-11", "baseline-2026-11-02")] == [
        "08/11/2026", "11/2026", "11/2026", "baseline-2026-11-02",
    ]  # fmt: skip


def test_what_a_chart_draws_is_the_exact_figure() -> None:
    assert [formats.raw(value) for value in (None, Decimal("0.732297"), Decimal("1.000000"), Decimal("0.000000"), 120)] == [
        "", "0.732297", "1", "0", "120",
    ]  # fmt: skip
