"""Files of several parts, and headings that could hide a value: nothing is taken from one and forgotten of another."""

from __future__ import annotations

import io
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pipelines.errors import DataRefusedError
from tests.parse.parse_help import column, conserves, contract, numbers, read, values, write
from tests.parse.xlsx_bytes import book, rows, sheet

CSV = {"kind": "csv", "delimiter": ";"}


def _zip(members: dict[str, str | bytes]) -> bytes:
    packed = io.BytesIO()
    with ZipFile(packed, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def _books(parts: list[list[list[tuple[str, str]]]]) -> bytes:
    """Workbooks in a zip, each with sheets of rows."""
    return _zip({
        f"{place}.xlsx": book({f"S{number}": sheet(rows(("ma", "so"), *lines)) for number, lines in enumerate(sheets)})
        for place, sheets in enumerate(parts)
    })  # fmt: skip


OF_SHEETS = contract([column("ma", nullable=False), column("so", "integer")], format={"kind": "xlsx", "sheets": "all"})


def test_a_row_of_a_sheet_of_a_member_is_told_by_its_own_number(tmp_path: Path) -> None:
    parts = [[[("A", "1"), ("", "2")], [("B", "3")]], [[("C", "4")], [("D", "5"), ("E", "x"), ("A", "1")]]]
    parsed = read(write(tmp_path / "a.zip", _books(parts)), OF_SHEETS)
    assert (values(parsed, "ma"), parsed.rows_read, parsed.rows_duplicate) == (["A", "B", "C", "D"], 7, 1)
    assert parsed.rejects.select("row_number", "sheet_name").rows() == [
        (3, "0.xlsx / 1 (x9)"),
        (3, "1.xlsx / 2 (x9)"),
    ]
    assert conserves(parsed)


ROW = st.tuples(st.sampled_from(["A", "B", "C", ""]), st.sampled_from(["1", "2", "x", ""]))
# A sheet without a row of its own is one too.
PARTS = st.lists(st.lists(st.lists(ROW, max_size=4), min_size=1, max_size=3), min_size=1, max_size=3)


@given(parts=PARTS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_row_of_every_sheet_is_kept_rejected_or_a_duplicate(parts: list[list[list[tuple[str, str]]]]) -> None:
    lines = [line for sheets in parts for one in sheets for line in one if any(line)]
    distinct = set(lines)
    good = sum(bool(ma) and so != "x" for ma, so in distinct)
    with TemporaryDirectory() as folder:
        parsed = read(write(Path(folder) / "a.zip", _books(parts)), OF_SHEETS)
    assert (parsed.rows_read, parsed.rows_duplicate) == (len(lines), len(lines) - len(distinct))
    assert (parsed.rows.height, parsed.rejects.height) == (good, len(distinct) - good)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_part_whose_title_names_another_day_refuses_the_file(kind: str, tmp_path: Path) -> None:
    def day(day: str, ma: str) -> list[tuple[str, ...]]:
        return [(f"Ngày {day}/06/2026",), ("ma", "so"), (ma, "1")]

    def file(*days: list[tuple[str, ...]]) -> bytes:
        if kind == "xlsx":
            return book({f"S{number}": sheet(rows(*lines)) for number, lines in enumerate(days)})
        return _zip({f"{number}.csv": "\n".join(map(";".join, lines)) for number, lines in enumerate(days)})

    layout = CSV if kind == "csv" else {"kind": "xlsx", "sheets": "all"}
    of = contract([column("ma", required=True), column("so", "integer")], format=layout)
    assert read(write(tmp_path / "a", file(day("02", "A"), day("02", "B"))), of).rows_read == 2
    with pytest.raises(DataRefusedError, match="names the period 01/06/2026"):
        read(write(tmp_path / "b", file(day("02", "A"), day("01", "B"))), of)


def test_two_headings_of_one_column_never_hide_a_value(tmp_path: Path) -> None:
    of = contract([column("ma"), column("so", "integer", headings=["Số hồ sơ", "Số lượng"])], format=CSV)
    same = "ma;Số hồ sơ;Số lượng\nA;1;\nB; ;2\nC;3;3\nD;;\n"
    assert values(read(write(tmp_path / "a.csv", same), of), "so") == [1, 2, 3, None]
    with pytest.raises(DataRefusedError, match="row 3 has two different values for so"):
        read(write(tmp_path / "b.csv", "ma;Số hồ sơ;Số lượng\nA;1;\nB;2;5\n"), of)


def test_an_empty_json_text_hides_no_value_under_the_other_path(tmp_path: Path) -> None:
    of = contract([column("ma", headings=["cu", "moi"])], format={"kind": "json"})
    assert values(read(write(tmp_path / "a.json", '[{"cu": "", "moi": "A"}, {"cu": "B"}]'), of), "ma") == ["A", "B"]


def test_a_json_number_is_no_thousand_beside_texts_with_vietnamese_marks(tmp_path: Path) -> None:
    layout = {"kind": "json", "thousands": ".", "decimal": ","}
    of = contract([column("ma"), column("so", "decimal")], format=layout)
    content = '[{"ma": "A", "so": 1.125}, {"ma": "B", "so": "1.125"}, {"ma": "C", "so": "1,5"}, {"ma": "D", "so": 7}]'
    assert [str(one) for one in values(read(write(tmp_path / "a.json", content), of), "so")] == [
        "1.1250", "1125.0000", "1.5000", "7.0000",
    ]  # fmt: skip
    with pytest.raises(ValidationError, match=r"1\.234 would be read as 1234"):
        contract([column("so", "integer")], format={"kind": "json", "thousands": "."})


def test_the_numbers_of_a_forms_columns_are_no_row(tmp_path: Path) -> None:
    of = contract(
        [column("tt"), column("don_vi"), column("so", "integer"), column("tre", "integer")], format={"kind": "xlsx"}
    )
    lines = [("tt", "don_vi", "so", "tre"), ("A", "B", "1", "2"), ("1", "Sở A", "5", "4"), ("2", "B", "1", "2")]
    assert numbers(read(write(tmp_path / "a.xlsx", book({"S": sheet(rows(*lines))})), of)) == [3, 4]


def test_what_a_group_states_is_checked_without_a_total_too(tmp_path: Path) -> None:
    of = contract(
        [column("tt"), column("don_vi"), column("so", "integer"), column("nhom", headings=["__group"])],
        format={"kind": "xlsx", "group_column": "nhom"},
    )
    lines = [("tt", "don_vi", "so"), ("I", "Sở", "99"), ("1", "Sở A", "1")]
    parsed = read(write(tmp_path / "a.xlsx", book({"S": sheet(rows(*lines))})), of)
    assert parsed.total_differences == {"so of the group of row 2": ("99", "1")}


def test_the_number_of_a_note_is_no_digit_of_a_figure(tmp_path: Path) -> None:
    of = contract([column("ma", headings=["Số m2"]), column("so", "integer")], format={"kind": "html"})
    page = "<table><tr><td>Số m<sup>2</sup><td>so<tr><td>A<td>1<sup>2</sup><tr><td>B<td>3</table>"
    parsed = read(write(tmp_path / "a.html", page), of)
    assert (numbers(parsed), parsed.rejects.get_column("row_number").to_list()) == ([3], [2])


def test_what_stands_above_each_table_of_a_page_names_its_period(tmp_path: Path) -> None:
    of = contract([column("ma", required=True)], format={"kind": "html", "sheets": "all"})

    def page(*days: str) -> str:
        return "".join(f"<p>Ngày {day}/06/2026</p><table><tr><td>ma<tr><td>{day}</table>" for day in days)

    assert read(write(tmp_path / "a.html", page("02", "02")), of).rows_read == 2
    with pytest.raises(DataRefusedError, match="names the period 01/06/2026"):
        read(write(tmp_path / "b.html", page("02", "01")), of)
