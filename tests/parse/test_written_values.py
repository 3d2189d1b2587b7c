"""Cells as contracts may declare them: several date formats, Excel's day numbers, percentages, spaces as separators.

The values were worked out by hand or with Excel's own documented examples, never with the reader.
"""

# ruff: noqa: DTZ001  (the warehouse keeps naive local times)

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.parse import Parsed
from pipelines.parse.cells.values import Reading, read_value
from tests.parse.parse_help import DAY, KEY, REFERENCE, column, conserves, contract, read, reasons, values, write

Keys = dict[str, Any]
BOTH: Keys = {"format": None, "formats": ["%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y"]}
OFFSET: Keys = {"format": "%Y-%m-%dT%H:%M:%S%z"}
SPACED: Keys = {"thousands": " ", "decimal": ","}
SIGN: Keys = {"percent_as": "sign"}
HUNDREDTHS: Keys = {"percent_as": "hundredths"}
SHARE: Keys = {"percent_as": "share"}
MINUS: Keys = {"parentheses": "negative"}

READ: list[tuple[str, Keys, Keys, str, object]] = [
    ("timestamp", BOTH, {}, "05/11/2026 08:30:15", datetime(2026, 11, 5, 8, 30, 15)),
    ("timestamp", BOTH, {}, "05/11/2026 08:30", datetime(2026, 11, 5, 8, 30)),
    ("timestamp", BOTH, {}, "05/11/2026", datetime(2026, 11, 5)),
    ("date", BOTH, {}, "05/11/2026 23:59", date(2026, 11, 5)),
    ("date", BOTH, {}, "29/02/2024", date(2024, 2, 29)),
    ("timestamp", OFFSET, {}, "2026-11-05T20:00:00+00:00", datetime(2026, 11, 6, 3, 0)),
    ("timestamp", OFFSET, {}, "2026-11-05T20:00:00+0700", datetime(2026, 11, 5, 20, 0)),
    ("date", {"excel_serial": 1900}, {}, "45600", date(2024, 11, 4)),
    ("date", {"excel_serial": 1900}, {}, "36526", date(2000, 1, 1)),
    ("date", {"excel_serial": 1904}, {}, "44138", date(2024, 11, 4)),
    ("timestamp", {"excel_serial": 1900}, {}, "45600.5", datetime(2024, 11, 4, 12, 0)),
    ("timestamp", {"excel_serial": 1900}, {}, "45600,25", datetime(2024, 11, 4, 6, 0)),
    ("timestamp", {"excel_serial": 1900}, {}, "45600.4375115741", datetime(2024, 11, 4, 10, 30, 1)),
    ("timestamp", {"excel_serial": 1904, "time_zone": "UTC"}, {}, "44138.75", datetime(2024, 11, 5, 1, 0)),
    ("integer", {}, {"thousands": " "}, "1 234 567", 1_234_567),
    ("integer", {}, {"thousands": " "}, "1\u00a0234\u2009567", 1_234_567),
    ("integer", {}, {"thousands": "\u00a0"}, "1\u202f234", 1_234),
    ("decimal", {}, SPACED, "1 234,5", Decimal("1234.5000")),
    ("decimal", {"decimal": ".", "thousands": ","}, {"thousands": ".", "decimal": ","}, "1,234.5", Decimal("1234.5000")),
    ("integer", {}, {}, "\u221212", -12),
    ("integer", MINUS, {}, "(12)", -12),
    ("amount", MINUS, {"thousands": ".", "decimal": ","}, "(1.234,5)", Decimal("-1234.50")),
    ("integer", {}, {"zero_marks": ["-", "–"]}, "–", 0),
    ("percent", SIGN, {}, "95.5%", Decimal("0.955000")),
    ("percent", SIGN, {"decimal": ","}, "95,5 %", Decimal("0.955000")),
    ("percent", SIGN, {"decimal": ","}, "95,5\u00a0%", Decimal("0.955000")),
    ("percent", SIGN, {"thousands": ".", "decimal": ","}, "1.250,5%", Decimal("12.505000")),
    ("percent", SIGN, {}, "0", Decimal("0.000000")),
    ("percent", SIGN, {"zero_marks": ["-", ""]}, "-", Decimal("0.000000")),
    ("percent", SIGN, {"zero_marks": ["-", ""]}, "", Decimal("0.000000")),
    ("percent", SIGN, {}, "-3.25%", Decimal("-0.032500")),
    ("percent", HUNDREDTHS, {}, "95.5", Decimal("0.955000")),
    ("percent", HUNDREDTHS, {}, "0.955", Decimal("0.009550")),
    ("percent", HUNDREDTHS, {}, "95.5%", Decimal("0.955000")),
    ("percent", SHARE, {}, "0.955", Decimal("0.955000")),
    ("percent", SHARE, {}, "95.5%", Decimal("0.955000")),
    ("percent", SHARE, {}, "0.3333333333333333", Decimal("0.333333")),
    ("percent", SHARE, {}, "0.9999995", Decimal("1.000000")),
    ("percent", {**SIGN, "decimal": ".", "thousands": ""}, {"thousands": ".", "decimal": ",", "zero_marks": ["-"]}, "95%", Decimal("0.95")),
]  # fmt: skip
UNREAD: list[tuple[str, Keys, Keys, str, str]] = [
    ("timestamp", BOTH, {}, "05/11/26", "not a readable timestamp"),
    ("timestamp", BOTH, {}, "05/11/2026 24:00", "not a readable timestamp"),
    ("timestamp", BOTH, {}, "05/11/2026 23:59:60", "not a readable timestamp"),
    ("timestamp", BOTH, {}, "29/02/2026", "not a readable timestamp"),
    ("timestamp", BOTH, {}, "11/25/2026", "not a readable timestamp"),
    ("timestamp", BOTH, {}, "45600", "not a readable timestamp"),  # no epoch is declared
    ("timestamp", BOTH, {}, "2026-11-05 08:00:00", "not a readable timestamp"),  # no workbook
    ("date", {}, {}, "45600", "not a readable date"),
    ("date", {}, {}, "05/11/+2026", "not a readable date"),
    ("date", {}, {}, "٠٥/١١/٢٠٢٦", "not a readable date"),
    ("date", {}, {}, "０５/１１/２０２６", "not a readable date"),
    ("date", {}, {}, "٢٠٢٦-١١-٠٥", "not a readable date"),
    ("date", {"excel_serial": 1900}, {}, "45600.5", "not a readable date"),
    ("date", {"excel_serial": 1900}, {}, "60", "not a readable date"),  # 29 February 1900 never was
    ("date", {"excel_serial": 1900}, {}, "59", "not a readable date"),
    ("date", {"excel_serial": 1900}, {}, "-45600", "not a readable date"),
    ("date", {"excel_serial": 1900}, {}, "٤٥٦٠٠", "not a readable date"),
    ("date", {"excel_serial": 1900}, {}, "999999", "not a readable date"),
    ("integer", {}, {"thousands": " "}, "12 34", "not a readable integer"),
    ("integer", {}, {"thousands": "."}, "1 234", "not a readable integer"),
    ("integer", {}, {}, "1\u00a0234", "not a readable integer"),
    ("integer", {}, {}, "(12)", "not a readable integer"),  # the number of a column in a form
    ("integer", MINUS, {}, "(-12)", "not a readable integer"),
    ("integer", {}, {}, "–12", "not a readable integer"),  # a dash is no minus
    ("integer", {}, {}, "–", "not a readable integer"),
    ("integer", {}, {}, "１２", "not a readable integer"),
    ("integer", {}, {}, "1٢", "not a readable integer"),
    ("integer", {}, {}, "1e5", "not a readable integer"),
    ("decimal", {"maximum": 1e9}, {}, "1E5", "not a readable decimal"),
    ("integer", {}, {}, "95%", "not a readable integer"),
    ("percent", SIGN, {}, "95.5", "not a readable percent"),
    ("percent", SIGN, {}, "0.955", "not a readable percent"),
    ("percent", SIGN, {}, "95,5%", "not a readable percent"),
    ("percent", SIGN, {}, "95%%", "not a readable percent"),
    ("percent", SIGN, {}, "%", "not a readable percent"),
    ("percent", SIGN, {}, "٩٥%", "not a readable percent"),
    ("percent", SIGN, {}, "95％", "not a readable percent"),
    ("percent", SIGN, {"decimal": ","}, "95.5%", "not a readable percent"),
    ("percent", SHARE, {}, "95,5", "not a readable percent"),
    ("percent", HUNDREDTHS, {}, "912345678", "above 100"),  # a telephone number, its zero eaten
    ("percent", SHARE, {"zero_marks": ["-"]}, "–", "not a readable percent"),
]  # fmt: skip


def _one(folder: Path, kind: str, more: Keys, layout: Keys, text: str) -> Parsed:
    of = contract([column("ma"), column("gia_tri", kind, **more)], format={"kind": "csv", "delimiter": ";", **layout})
    return read(write(folder / "a.csv", f"ma;gia_tri\nA;{text}\n"), of)


@pytest.mark.parametrize(("kind", "more", "layout", "text", "value"), READ)
def test_a_text_is_read_as_declared(
    kind: str, more: Keys, layout: Keys, text: str, value: object, tmp_path: Path
) -> None:
    parsed = _one(tmp_path, kind, more, layout, text)
    assert reasons(parsed) == {}
    assert values(parsed, "gia_tri") == [value]


@pytest.mark.parametrize(("kind", "more", "layout", "text", "reason"), UNREAD)
def test_what_is_not_declared_is_a_reason(
    kind: str, more: Keys, layout: Keys, text: str, reason: str, tmp_path: Path
) -> None:
    parsed = _one(tmp_path, kind, more, layout, text)
    assert reasons(parsed) == {2: [f"gia_tri: {reason}"]}
    assert conserves(parsed)


def test_real_times_of_a_workbook_are_read_and_a_day_takes_none(tmp_path: Path) -> None:
    file = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(file) as book:
        sheet, looks = book.add_worksheet(), book.add_format({"num_format": "dd/mm/yyyy hh:mm:ss"})
        sheet.write_row(0, 0, ["ma", "luc", "ngay", "so_ngay"])
        for row, moment in enumerate([datetime(2026, 11, 25, 14, 30, 1), datetime(2026, 11, 25)], start=1):
            sheet.write(row, 0, f"A{row}")
            sheet.write_datetime(row, 1, moment, looks)
            sheet.write_datetime(row, 2, moment, looks)
            sheet.write_number(row, 3, 45600.5)
    kinds = [column("ma"), column("luc", "timestamp"), column("ngay", "date")]
    of = contract([*kinds, column("so_ngay", "timestamp", excel_serial=1900)], format={"kind": "xlsx", "decimal": ","})
    parsed = read(file, of)
    assert reasons(parsed) == {2: ["ngay: not a readable date"]}
    assert values(parsed, "luc") == [datetime(2026, 11, 25)]
    assert values(parsed, "so_ngay") == [datetime(2024, 11, 4, 12)]


@given(st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 12, 31)), st.sampled_from([1900, 1904]))
@settings(max_examples=50, deadline=None)
def test_a_day_number_is_the_day_that_excel_shows(day: date, epoch: int) -> None:
    # Excel shows 1 for 1 January 1900 and believes in 29 February 1900; a workbook of 1904 counts from 0.
    number = (day - date(1900, 1, 1)).days + 2 if epoch == 1900 else (day - date(1904, 1, 1)).days
    of = contract([column("ma"), column("gia_tri", "date", excel_serial=epoch)])
    found = read_value(of.column("gia_tri"), pl.Series("t", [str(number)]), Reading("f", of, DAY, REFERENCE, KEY))
    assert found.to_list() == [day]
