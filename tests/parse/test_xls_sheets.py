"""Workbooks of Excel 5 to 2003, written record by record: code pages, days, errors, hidden sheets, hostile extents."""

from __future__ import annotations

import unicodedata
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.errors import DataRefusedError
from tests.parse.parse_help import column, conserves, contract, numbers, read, reasons, values, write
from tests.parse.xls_bytes import Cell, Sheet, day, error, formula_text, ole2, workbook

LAYOUT = {"kind": "xls", "thousands": ".", "decimal": ","}
OF = contract(
    [column("ten", headings=["Tên đơn vị"], required=True), column("ngay", "date"), column("so", "decimal")],
    format=LAYOUT,
)
HEADS: list[Cell] = ["Tên đơn vị", "ngay", "so"]


def _decomposed(text: str) -> str:
    """As Windows-1258 spells it: the tone is a sign of its own, the circumflex, breve and horn are not."""
    letters = []
    for letter in text:
        base = unicodedata.normalize("NFD", letter)
        tone = "".join(sign for sign in base if sign in "\u0300\u0301\u0303\u0309\u0323")
        letters.append(unicodedata.normalize("NFC", "".join(sign for sign in base if sign not in tone)) + tone)
    return "".join(letters)


def test_texts_of_code_page_1258_and_of_unicode_are_the_same(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [
        HEADS,
        ["Sở Thông tin và Truyền thông", "02/06/2026", 1.5],
        ["Phường Hàm Rồng", "02/06/2026", 2.0],
    ]
    spelled: list[list[Cell]] = [[_decomposed(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    old = read(write(tmp_path / "a.xls", workbook({"S": Sheet(spelled)}, code_page="cp1258")), OF)
    new = read(write(tmp_path / "b.xls", workbook({"S": Sheet(rows)})), OF)
    assert values(old, "ten") == values(new, "ten") == ["Sở Thông tin và Truyền thông", "Phường Hàm Rồng"]
    assert values(old, "so") == [Decimal("1.5"), Decimal(2)]


@pytest.mark.parametrize(("epoch", "serial"), [(1900, 46175), (1904, 46175 - 1462)])
def test_excels_own_days_are_read_in_both_epochs(epoch: int, serial: int, tmp_path: Path) -> None:
    # 1 January 2026 is serial 46023 of the epoch of 1900; 152 days later is 2 June.
    rows: list[list[Cell]] = [HEADS, ["A", day(serial), 1.0]]
    parsed = read(write(tmp_path / "a.xls", workbook({"S": Sheet(rows)}, is_1904=epoch == 1904)), OF)
    assert values(parsed, "ngay") == [date(2026, 6, 2)]


def test_numbers_texts_of_formulas_and_row_numbers_are_excels(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [[], [None, "Tiêu đề"], [], [None, *HEADS], [], [None, formula_text("Sở Y tế"), None, 0.1 + 0.2],
            [None, "B", None, 1.234], [None, "C", None, "1.234"], [None, "D", None, 12345678.0]]  # fmt: skip
    parsed = read(write(tmp_path / "a.xls", workbook({"S": Sheet(rows)})), OF)
    assert numbers(parsed) == [6, 7, 8, 9]
    assert values(parsed, "ten") == ["Sở Y tế", "B", "C", "D"]
    assert values(parsed, "so") == [Decimal("0.3"), Decimal("1.234"), Decimal(1234), Decimal(12345678)]


def test_an_error_of_excel_is_a_reason_and_never_an_empty_cell(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [HEADS, ["A", None, 1.0], ["B", error(0x2A), error(0x17)], ["C", None, None]]
    parsed = read(write(tmp_path / "a.xls", workbook({"S": Sheet(rows)})), OF)
    assert reasons(parsed) == {3: ["ngay: not a readable date", "so: not a readable decimal"]}
    assert values(parsed, "so") == [Decimal(1), None]
    assert conserves(parsed)


def test_merged_headings_are_paths(tmp_path: Path) -> None:
    of = contract(
        [column("ten", headings=["Đơn vị"], required=True), column("som", "integer", headings=["Đã giải quyết / Sớm"]),
         column("tre", "integer", headings=["Đã giải quyết / Quá hạn"]), column("khac", "integer", headings=["Khác"])],
        format={**LAYOUT, "header_rows": 2},
    )  # fmt: skip
    rows: list[list[Cell]] = [
        ["Đơn vị", "Đã giải quyết", None, None],
        [None, "Sớm", "Quá hạn", "Khác"],
        ["A", 1.0, 2.0, 3.0],
    ]
    content = workbook({"S": Sheet(rows, merged=[(0, 1, 0, 0), (0, 0, 1, 2)])})
    assert read(write(tmp_path / "a.xls", content), of).rows.frame().rows() == [(3, "A", 1, 2, 3)]


def test_a_hidden_sheet_is_not_read_and_not_silently_left(tmp_path: Path) -> None:
    table: list[list[Cell]] = [HEADS, ["A", None, 1.0]]
    first_hidden = workbook({"Ẩn": Sheet([["ghi chú"]], is_hidden=True), "S": Sheet(table)})
    assert values(read(write(tmp_path / "a.xls", first_hidden), OF), "ten") == ["A"]
    both = workbook({"S": Sheet(table), "Ẩn": Sheet(table, is_hidden=True)})
    with pytest.raises(DataRefusedError, match=r"a\.xls: hidden sheet 2 \(xx\) holds the same table") as caught:
        read(write(tmp_path / "a.xls", both), OF)
    assert caught.value.check == "every_sheet_is_read"


def test_a_workbook_under_a_password_or_cut_short_is_refused(tmp_path: Path) -> None:
    table: list[list[Cell]] = [HEADS, ["A", None, 1.0]]
    with pytest.raises(DataRefusedError, match="under a password"):
        read(write(tmp_path / "a.xls", workbook({"S": Sheet(table)}, is_encrypted=True)), OF)
    whole = workbook({"S": Sheet(table)})
    for keep in (600, 1100, 1500, len(whole) - 600):
        with pytest.raises(DataRefusedError, match="cannot be read"):
            read(write(tmp_path / "a.xls", whole[:keep]), OF)


@pytest.mark.parametrize(
    "sheets",
    [
        {f"S{number}": Sheet([HEADS], far={(65_535, 255): 1.0}) for number in range(30)},
        {"S": Sheet([HEADS, ["A"]], dimensions=(0, 4_000_000_000, 0, 60_000))},
    ],
)
def test_cells_far_apart_are_refused_before_the_reader_lays_them_out(sheets: dict[str, Sheet], tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match=r"its cells lie over|larger than a sheet can be"):
        read(write(tmp_path / "a.xls", workbook(sheets)), OF)


@pytest.mark.parametrize("name", ["Workbook", "Book"])
@pytest.mark.parametrize(
    "stream", [b"", b"\xff" * 5000, b"\x09\x08\x10\x00" + b"\x00" * 16 + b"\x85\x00\x06\x00" + b"\xff" * 6]
)
def test_a_stream_of_nonsense_is_refused(name: str, stream: bytes, tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match="cannot be read"):
        read(write(tmp_path / "a.xls", ole2(stream, name)), OF)


def test_a_ring_of_sectors_is_refused(tmp_path: Path) -> None:
    content = bytearray(workbook({"S": Sheet([HEADS])}))
    # The table of sectors is the last one; the stream's second sector leads back to its first.
    content[-512 + 4 * 2 : -512 + 4 * 2 + 4] = (1).to_bytes(4, "little")
    with pytest.raises(DataRefusedError, match="cannot be read"):
        read(write(tmp_path / "a.xls", bytes(content)), OF)
