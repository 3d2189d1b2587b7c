"""What a table states of its own rows: read as its columns are, of every part, and never right by another spelling."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from tests.parse.parse_help import JUNE, column, conserves, contract, read, values, write
from tests.parse.xlsx_bytes import book, rows, sheet

LAYOUT = {"kind": "csv", "delimiter": ";", "total_labels": ["Tổng cộng"], "thousands": ".", "decimal": ","}


def _differences(folder: Path, lines: str, *columns: dict[str, Any], **layout: Any) -> dict[str, tuple[str, str]]:
    of = contract([column("ma"), *columns], format={**LAYOUT, **layout})
    heading = ";".join(["ma", *(one["name"] for one in columns)])
    parsed = read(write(folder / "a.csv", f"{heading}\n{lines}\n"), of)
    assert conserves(parsed)
    return parsed.total_differences


@pytest.mark.parametrize("total", ["3 000", "3\u00a0000", "3\u202f000", " 3000\u00a0"])
def test_a_right_total_is_right_however_its_spaces_are_typed(total: str, tmp_path: Path) -> None:
    assert _differences(tmp_path, f"A;1 000\nB;2 000\nTổng cộng;{total}", column("so", "integer"), thousands=" ") == {}


def test_a_wrong_total_is_told(tmp_path: Path) -> None:
    told = _differences(tmp_path, "A;1 000\nB;2 000\nTổng cộng;4\u00a0000", column("so", "integer"), thousands=" ")
    assert told == {"so": ("4000", "3000")}


def test_a_total_is_parted_as_its_own_column_is(tmp_path: Path) -> None:
    own = column("so", "integer", thousands=",")
    assert _differences(tmp_path, "A;1,000\nB;2,000\nTổng cộng;3,000", own) == {}
    # 3.00 is no integer in any spelling of this contract; taken for 300 it would be the sum.
    assert _differences(tmp_path, "A;100\nB;200\nTổng cộng;3.00", column("so", "integer")) == {"so": ("•••", "300")}


def test_minus_signs_and_parentheses_are_read_as_in_the_rows(tmp_path: Path) -> None:
    own = column("so", "integer", minimum=-1000, parentheses="negative")
    assert _differences(tmp_path, "A;(100)\nB;50\nTổng cộng;(50)", own) == {}
    assert _differences(tmp_path, "A;-100\nB;50\nTổng cộng;\u221250", own) == {}
    assert _differences(tmp_path, "A;-100\nB;50\nTổng cộng;50", own) == {"so": ("50", "-50")}


def test_sums_of_money_are_held_against_their_total(tmp_path: Path) -> None:
    columns = [column("so", "integer"), column("phi", "amount")]
    assert _differences(tmp_path, "A;1;100,5\nB;2;1.050\nTổng cộng;3;1.150,50", *columns) == {}
    assert _differences(tmp_path, "A;1;100,5\nB;2;50\nTổng cộng;3;999", *columns) == {"phi": ("999", "150.50")}


def test_what_may_be_a_telephone_number_in_a_total_is_not_told(tmp_path: Path) -> None:
    assert _differences(tmp_path, "A;1\nTổng cộng;912345678", column("so", "integer")) == {"so": ("•••", "1")}


def test_each_member_of_a_zip_states_its_own_total(tmp_path: Path) -> None:
    of = contract([column("ma"), column("so", "integer")], format=LAYOUT)

    def told(**members: str) -> dict[str, tuple[str, str]]:
        packed = io.BytesIO()
        with ZipFile(packed, "w") as archive:
            for name, lines in members.items():
                archive.writestr(f"{name}.csv", f"ma;so\n{lines}\n")
        return read(write(tmp_path / "a.zip", packed.getvalue()), of).total_differences

    whole, cut = "A;1\nB;2\nTổng cộng;3", "C;4\nD;5"
    assert told(a=whole, b=f"{cut}\nTổng cộng;9") == {}
    assert told(a=whole, b=cut) == {"total row": ("none", "the file may be cut short")}
    assert told(a=whole, b="") == {}


def test_a_group_row_with_a_percentage_of_its_own_is_still_no_row(tmp_path: Path) -> None:
    of = contract(
        [
            column("don_vi"), column("so", "integer"), column("ty_le", "percent", percent_as="sign"),
            column("nhom", headings=["__group"]),
        ],
        format={"kind": "xlsx", "group_column": "nhom", "decimal": ",", "total_labels": ["Tổng cộng"]},
    )  # fmt: skip
    lines = [
        ("don_vi", "so", "ty_le"), ("I. Sở, ban, ngành", "3", "50%"), ("Sở A", "1", "40%"), ("Sở B", "2", "60%"),
        ("Tổng cộng", "3", "50%"),
    ]  # fmt: skip
    parsed = read(write(tmp_path / "a.xlsx", book({"S": sheet(rows(*lines))})), of, JUNE)
    assert (values(parsed, "so"), parsed.total_differences) == ([1, 2], {})
    assert values(parsed, "nhom") == ["Sở, ban, ngành"] * 2
