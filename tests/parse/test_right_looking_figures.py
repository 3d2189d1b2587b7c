"""Files by which a figure would be wrong and look right: each ends in the right rows, a reason or a refusal."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter

from pipelines.errors import DataRefusedError
from pipelines.parse import Parsed
from tests.parse.parse_help import column, conserves, contract, read, reasons, values, write

UNITS = contract(
    [column("ma"), column("don_vi", "unit_name"), column("so", "integer")], keys=["ma"], format={"kind": "xlsx"}
)


def _book(
    folder: Path, rows: list[list[str | int]], merged: tuple[tuple[int, int, int, int, str | int], ...] = ()
) -> Path:
    with xlsxwriter.Workbook(folder / "a.xlsx") as book:
        sheet = book.add_worksheet("a")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
        for span in merged:
            sheet.merge_range(*span)
    return folder / "a.xlsx"


def _page(folder: Path, rows: str) -> Path:
    heading = "<tr><th>ma</th><th>don_vi</th><th>so</th></tr>"
    return write(folder / "a.xls", f"<html><body><table>{heading}{rows}</table></body></html>")


def _units(parsed: Parsed) -> list[tuple[object, ...]]:
    assert conserves(parsed)
    return parsed.rows.frame().select("ma", "don_vi", "so").rows()


THREE_ROWS: list[list[str | int]] = [["ma", "don_vi", "so"], ["a", "Sở Y tế", 5], ["b", "", 7], ["c", "", 9]]


def test_a_unit_merged_over_rows_is_the_unit_of_each(tmp_path: Path) -> None:
    parsed = read(_book(tmp_path, THREE_ROWS, ((1, 1, 3, 1, "Sở Y tế"),)), UNITS)
    assert _units(parsed) == [("a", "H56.12", 5), ("b", "H56.12", 7), ("c", "H56.12", 9)]


def test_a_unit_merged_far_below_the_heading_is_too(tmp_path: Path) -> None:
    many: list[list[str | int]] = [[f"m{n}", "Sở Y tế", n] for n in range(100)]
    rows: list[list[str | int]] = [["ma", "don_vi", "so"], *many, ["z", "", 1]]
    parsed = read(_book(tmp_path, rows, ((100, 1, 101, 1, "UBND tỉnh Thanh Hóa"),)), UNITS)
    assert _units(parsed)[-2:] == [("m99", "H56", 99), ("z", "H56", 1)]


def test_a_cell_that_is_only_empty_takes_nothing_from_above(tmp_path: Path) -> None:
    parsed = read(_book(tmp_path, THREE_ROWS, ((1, 1, 2, 1, "Sở Y tế"),)), UNITS)
    assert _units(parsed) == [("a", "H56.12", 5), ("b", "H56.12", 7), ("c", None, 9)]


def test_a_figure_merged_over_rows_is_nobodys(tmp_path: Path) -> None:
    rows: list[list[str | int]] = [["ma", "don_vi", "so"], ["a", "Sở Y tế", 5], ["b", "UBND tỉnh Thanh Hóa", ""]]
    rows.append(["c", "Sở Y tế", 1])
    parsed = read(_book(tmp_path, rows, ((1, 2, 2, 2, 12),)), UNITS)
    assert reasons(parsed) == {2: ["so: not a readable integer"], 3: ["so: not a readable integer"]}
    assert _units(parsed) == [("c", "H56.12", 1)]


def test_a_record_that_is_two_rows_high_is_one_record(tmp_path: Path) -> None:
    rows: list[list[str | int]] = [["ma", "don_vi", "so"], ["a", "Sở Y tế", 5], [], ["b", "Sở Y tế", 7]]
    merged = ((1, 0, 2, 0, "a"), (1, 1, 2, 1, "Sở Y tế"), (1, 2, 2, 2, 5))
    assert _units(read(_book(tmp_path, rows, merged), UNITS)) == [("a", "H56.12", 5), ("b", "H56.12", 7)]


def test_rows_of_a_page_are_spanned_likewise(tmp_path: Path) -> None:
    of = UNITS.model_copy(update={"format": UNITS.format.model_copy(update={"kind": "html"})})
    page = "<tr><td>a</td><td rowspan=2>Sở Y tế</td><td>5</td></tr><tr><td>b</td><td>7</td></tr>"
    assert _units(read(_page(tmp_path, page), of)) == [("a", "H56.12", 5), ("b", "H56.12", 7)]
    page = "<tr><td>a</td><td>Sở Y tế</td><td rowspan=2>5</td></tr><tr><td>b</td><td>Sở Y tế</td></tr>"
    assert len(reasons(read(_page(tmp_path, page), of))) == 2


FIGURES = contract(
    [column("thang", "integer"), column("nhan", "integer"), column("xong", "integer")], format={"kind": "xlsx"}
)


def test_a_first_record_of_1_2_3_is_not_taken_for_the_numbers_of_the_columns(tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match="row 2 may number the columns or be a record"):
        read(_book(tmp_path, [["thang", "nhan", "xong"], [1, 2, 3], [2, 5, 5]]), FIGURES)


def test_numbers_of_columns_that_cannot_be_a_record_are_none(tmp_path: Path) -> None:
    parsed = read(_book(tmp_path, [["ma", "don_vi", "so"], [1, 2, 3], ["a", "Sở Y tế", 5]]), UNITS)
    assert _units(parsed) == [("a", "H56.12", 5)]
    marked = read(_book(tmp_path, [["thang", "nhan", "xong"], ["(1)", "(2)", "(3)"], [2, 5, 4]]), FIGURES)
    assert values(marked, "nhan") == [5]


@pytest.mark.parametrize("label", ["Tổng cộng", "TỔNG SỐ:", "cộng"])
def test_a_total_that_the_contract_does_not_name_is_no_record(label: str, tmp_path: Path) -> None:
    fields = contract([column("linh_vuc"), column("so", "integer")])
    parsed = read(write(tmp_path / "a.csv", f"linh_vuc;so\nĐất đai;5\nHộ tịch;7\n{label};12\n"), fields)
    assert values(parsed, "so") == [5, 7]
    assert reasons(parsed) == {4: ["linh_vuc: names a total that the contract does not"]}
    assert conserves(parsed)


def test_a_total_is_found_behind_a_year_and_checked(tmp_path: Path) -> None:
    of = contract(
        [column("nam", "integer"), column("linh_vuc"), column("so", "integer")],
        keys=["linh_vuc"], format={"kind": "xlsx", "total_labels": ["Tổng cộng"]},
    )  # fmt: skip
    rows: list[list[str | int]] = [["nam", "linh_vuc", "so"], [2026, "Đất đai", 5], [2026, "Hộ tịch", 7]]
    parsed = read(_book(tmp_path, [*rows, ["", "Tổng cộng", 12]]), of)
    assert (values(parsed, "so"), parsed.total_differences) == ([5, 7], {})
    parsed = read(_book(tmp_path, [*rows, ["", "Tổng cộng", 13]]), of)
    assert parsed.total_differences == {"so": ("13", "12")}


def test_two_codes_that_became_numbers_of_15_digits_do_not_become_one(tmp_path: Path) -> None:
    """Typed as texts they stay what they are; Excel keeps 15 digits of a number, the rest of both is gone."""
    of = contract([column("ma", pattern="[0-9]{18}"), column("so", "integer")], format={"kind": "xlsx"})
    rows: list[list[str | int]] = [["ma", "so"], [123456789012345678, 1], [123456789012345699, 2]]
    parsed = read(_book(tmp_path, [*rows, ["123456789012345678", 3], ["123456789012345699", 4]]), of)
    assert reasons(parsed) == {2: ["ma: malformed"], 3: ["ma: malformed"]}
    assert values(parsed, "ma") == ["123456789012345678", "123456789012345699"]
