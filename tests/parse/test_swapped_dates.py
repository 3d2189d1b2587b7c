"""Excel makes days months: what it leaves behind is refused, and a column that it never touched is not."""

# ruff: noqa: DTZ001  (the warehouse keeps naive local times)

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
import xlsxwriter
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipelines.calendar import Partition
from pipelines.contracts import Contract
from pipelines.errors import DataRefusedError
from pipelines.parse.cells.swapped_dates import count_dates, refuse_swapped
from pipelines.parse.cells.values import Reading, read_value
from tests.parse.parse_help import KEY, REFERENCE, column, contract, read, values, write

NOVEMBER = Partition.parse("2026-11")
KINDS = "dates_are_of_one_kind"
PLACES = "day_and_month_keep_their_place"
Cell = str | date
EXPECTS_BOTH = {"format": None, "formats": ["%d/%m/%Y", "%Y-%m-%d"]}


def _contract(**more: Any) -> Contract:
    return contract([column("ma"), column("ngay", "date", **more)], format={"kind": "xlsx"})


PLAIN, BOTH, BOUND = _contract(), _contract(**EXPECTS_BOTH), _contract(in_period=True)


def _book(file: Path, cells: Sequence[Cell]) -> Path:
    with xlsxwriter.Workbook(file, {"strings_to_numbers": False}) as book:
        sheet, looks = book.add_worksheet(), book.add_format({"num_format": "dd/mm/yyyy"})
        sheet.write_row(0, 0, ["ma", "ngay"])
        for number, cell in enumerate(cells, start=1):
            sheet.write_string(number, 0, f"A{number}")
            if isinstance(cell, str):
                sheet.write_string(number, 1, cell)
            else:
                sheet.write_datetime(number, 1, datetime(cell.year, cell.month, cell.day), looks)
    return file


def _american(day: date) -> Cell:
    """What an Excel that writes the month first makes of a typed dd/mm/yyyy."""
    return date(day.year, day.day, day.month) if day.day <= 12 else f"{day:%d/%m/%Y}"


def _check(cells: Sequence[Cell], of: Contract, period: Partition = NOVEMBER) -> str | None:
    with TemporaryDirectory() as folder:
        try:
            read(_book(Path(folder) / "a.xlsx", cells), of, period)
        except DataRefusedError as error:
            return error.check
    return None


def _judge(cells: Sequence[Cell], of: Contract, period: Partition = NOVEMBER) -> str | None:
    """As `_check`, without the workbook: real dates as the reader of workbooks prints them."""
    texts = pl.Series("text", [cell if isinstance(cell, str) else f"{cell} 00:00:00" for cell in cells])
    found = read_value(of.column("ngay"), texts, Reading("f", of, period, REFERENCE, KEY))
    assert found.null_count() == 0
    try:
        refuse_swapped(of, {"ngay": count_dates(of.column("ngay"), texts, found, period)})
    except DataRefusedError as error:
        return error.check
    return None


# 05/11 became 11 May; 25/11 stayed a text.
SWAPPED: list[Cell] = [date(2026, 5, 11), "25/11/2026", date(2026, 12, 11), "30/11/2026"]


@pytest.mark.parametrize("of", [PLAIN, BOTH, BOUND], ids=["plain", "both expected", "of the period"])
def test_the_fingerprint_refuses_whatever_else_is_declared(of: Contract) -> None:
    assert _check(SWAPPED, of) == PLACES


def test_the_sentence_says_how_many_and_quotes_none(tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match="all 2 Excel dates are of a 1st to 12th and all 2 typed ones") as caught:
        read(_book(tmp_path / "a.xlsx", SWAPPED), PLAIN)
    assert "2026" not in str(caught.value)


@pytest.mark.parametrize("cells", [
    [date(2026, 11, 25), "26/11/2026"],  # a real date of the 25th was no typed text
    [date(2026, 5, 11), "05/11/2026"],  # a typed 5th that such an Excel would have taken
    [date(2026, 11, 11), "25/11/2026"],  # the 11th of the 11th is itself either way
])  # fmt: skip
def test_a_mixture_that_is_no_fingerprint_is_refused_unless_it_is_declared(cells: list[Cell]) -> None:
    assert _check(cells, PLAIN) == KINDS
    assert _check(cells, BOTH) is None


def test_a_typed_note_among_real_dates_is_a_row_s_fault_and_no_mixture(tmp_path: Path) -> None:
    parsed = read(
        _book(tmp_path / "a.xlsx", [date(2026, 5, 11), "chưa rõ", date(2026, 5, 12), date(2026, 5, 13)]), PLAIN
    )
    assert values(parsed, "ngay") == [date(2026, 5, 11), date(2026, 5, 12), date(2026, 5, 13)]


def test_dates_that_are_of_the_period_only_when_changed_refuse_the_file() -> None:
    days = [date(2026, 11, day) for day in (2, 5, 12)]
    swapped = [_american(day) for day in days]
    assert _check(swapped, BOUND) == PLACES
    assert _check(swapped, PLAIN) is None  # nobody said that they are of the period
    assert _check(days, BOUND) is None
    of_one_day = Partition.parse("2026-11-05")
    assert _check([_american(date(2026, 11, 5))] * 3, BOUND, of_one_day) == PLACES


def test_texts_that_excel_wrote_back_month_first_are_told_by_the_period(tmp_path: Path) -> None:
    of = contract([column("ma"), column("ngay", "date", in_period=True)])
    file = write(tmp_path / "a.csv", "ma;ngay\nA;11/02/2026\nB;11/05/2026\nC;11/11/2026\n")
    with pytest.raises(DataRefusedError, match="2 dates lie outside the file's period") as caught:
        read(file, of, NOVEMBER)
    assert caught.value.check == PLACES


ANY_DAY = st.dates(min_value=date(2024, 1, 1), max_value=date(2027, 12, 31))
IN_NOVEMBER = st.dates(min_value=date(2026, 11, 1), max_value=date(2026, 11, 30))
ANY_DAYS = st.lists(ANY_DAY, min_size=1, max_size=6)
PROPERTY = settings(max_examples=60, deadline=None)


@given(days=ANY_DAYS, are_real=st.booleans())
@PROPERTY
def test_no_column_of_one_kind_is_refused(days: list[date], *, are_real: bool) -> None:
    cells: list[Cell] = list(days) if are_real else [f"{day:%d/%m/%Y}" for day in days]
    assert _judge(cells, PLAIN) is None
    assert _judge(cells, BOTH) is None


@given(days=st.lists(IN_NOVEMBER, min_size=1, max_size=6), are_real=st.booleans())
@PROPERTY
def test_no_column_whose_dates_are_of_the_period_is_refused(days: list[date], *, are_real: bool) -> None:
    cells: list[Cell] = list(days) if are_real else [f"{day:%d/%m/%Y}" for day in days]
    assert _judge(cells, BOUND) is None


@given(ANY_DAYS, ANY_DAYS)
@PROPERTY
def test_no_declared_mixture_with_a_witness_is_refused(real: list[date], typed: list[date]) -> None:
    assume(any(day.day > 12 for day in real) or any(day.day <= 12 for day in typed))
    assert _judge([*real, *(f"{day:%d/%m/%Y}" for day in typed)], BOTH) is None


@given(st.lists(ANY_DAY, min_size=2, max_size=6))
@PROPERTY
def test_every_column_that_was_swapped_in_part_is_refused(days: list[date]) -> None:
    cells = [_american(day) for day in days]
    assume(any(isinstance(cell, str) for cell in cells))
    assume(any(not isinstance(cell, str) and cell.day != cell.month for cell in cells))
    for of in (PLAIN, BOTH):
        assert _judge(cells, of) == PLACES
