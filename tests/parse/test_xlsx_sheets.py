"""Workbooks built by another writer: titles, merged headings, blank rows, totals, Excel's own dates, a torn file."""

# ruff: noqa: DTZ001  (the warehouse keeps naive local times)

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter

from pipelines.contracts import Contract
from pipelines.errors import DataRefusedError
from tests.parse.parse_help import (
    JUNE,
    SHIPPED,
    all_texts,
    column,
    conserves,
    contract,
    numbers,
    read,
    reasons,
    row_texts,
    shipped,
    values,
    write,
)  # fmt: skip

Cell = str | int | float | bool | date | None
Merge = tuple[int, int, int, int, str]
LAYOUT = {"kind": "xlsx", "thousands": ".", "decimal": ",", "zero_marks": ["-"], "total_labels": ["Tổng cộng"]}
SIMPLE = contract(
    [column("ma", nullable=False, required=True), column("ngay", "date"), column("so", "integer")], format=LAYOUT
)


def _book(
    file: Path, rows: Sequence[Sequence[Cell]], merged: Sequence[Merge] = (), sheets: Sequence[str] = ("Sổ",)
) -> Path:
    book = xlsxwriter.Workbook(file, {"strings_to_numbers": False})
    as_date = book.add_format({"num_format": "dd/mm/yyyy"})
    pages = [book.add_worksheet(name) for name in sheets]
    for number, row in enumerate(rows):
        for index, cell in enumerate(row):
            if isinstance(cell, date):
                pages[0].write_datetime(number, index, datetime(cell.year, cell.month, cell.day), as_date)
            elif cell is not None:
                pages[0].write(number, index, cell)
    for first_row, first, last_row, last, text in merged:
        pages[0].merge_range(first_row, first, last_row, last, text)
    book.close()
    return file


HEADS: list[Cell] = ["ma", "ngay", "so"]


def test_titles_and_blank_rows_stand_outside_the_data_and_row_numbers_are_the_sheets(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [
        [], ["CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"], ["(Từ ngày 02/06/2026 đến ngày 02/06/2026)"], [], HEADS,
        ["A", "01/06/2026", "1"], [], [None, " ", ""], ["B", "02/06/2026", "2"], ["C", "31/06/2026", "x"],
    ]  # fmt: skip
    parsed = read(_book(tmp_path / "a.xlsx", rows), SIMPLE)
    assert numbers(parsed) == [6, 9]
    assert reasons(parsed) == {10: ["ngay: not a readable date", "so: not a readable integer"]}
    assert parsed.rejects.get_column("sheet_name").to_list() == ["1 (xx)"]
    assert row_texts(parsed) == [{"ma": "C", "ngay": "31/06/2026", "so": "x"}]
    assert parsed.rows_read == 3


def test_heading_rows_that_repeat_in_the_body_are_no_rows(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [HEADS, ["A", "01/06/2026", "1"], HEADS, ["B", "02/06/2026", "2"]]
    parsed = read(_book(tmp_path / "a.xlsx", rows), SIMPLE)
    assert (parsed.rows_read, numbers(parsed)) == (2, [2, 4])


def test_extra_empty_columns_are_no_headings(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [
        [None, "ma", "ngay", None, "so", None, " "],
        [None, "A", "01/06/2026", None, "7", None, ""],
    ]
    parsed = read(_book(tmp_path / "a.xlsx", rows), SIMPLE)
    assert parsed.rows.frame().rows() == [(2, "A", date(2026, 6, 1), 7)]
    assert parsed.added_headings == ()


def test_the_first_sheet_is_read_and_the_others_are_left(tmp_path: Path) -> None:
    parsed = read(_book(tmp_path / "a.xlsx", [HEADS, ["A", None, "1"]], sheets=("Dữ liệu", "Ghi chú")), SIMPLE)
    assert numbers(parsed) == [2]


TWO_LEVELS = contract(
    [
        column("don_vi", headings=["Đơn vị"], required=True),
        column("ban_hanh", "integer", headings=["Văn bản ban hành"], required=True),
        column("ca_nhan", "integer", headings=["Đã ký số / Cá nhân"], required=True),
        column("co_quan", "integer", headings=["Đã ký số / Cơ quan"], required=True),
    ],
    format={**LAYOUT, "header_rows": 2},
)


def _two_levels(file: Path, *rows: Sequence[Cell]) -> Path:
    top: list[Cell] = [None, None, None, None, None, "Ghi chú"]
    below: list[Cell] = [None, None, None, "Cá nhân", "Cơ quan", None]
    merged: list[Merge] = [
        (0, 0, 0, 5, "THỐNG KÊ KÝ SỐ THÁNG 06/2026"), (1, 0, 2, 0, "STT"), (1, 1, 2, 1, "Đơn vị"),
        (1, 2, 2, 2, "Văn bản ban hành"), (1, 3, 1, 4, "Đã ký số"),
    ]  # fmt: skip
    return _book(file, [[], top, below, *rows], merged)


def test_a_heading_over_two_levels_is_the_path_through_them(tmp_path: Path) -> None:
    file = _two_levels(tmp_path / "a.xlsx", ["1", "Sở Y tế", "1.234", "1.000", "-"], ["2", "Sở Nội vụ", 56, "7", "8"])
    parsed = read(file, TWO_LEVELS, JUNE)
    assert parsed.rows.frame().rows() == [(4, "Sở Y tế", 1234, 1000, 0), (5, "Sở Nội vụ", 56, 7, 8)]
    assert parsed.added_headings == ("STT", "Ghi chú")


def test_a_total_row_is_a_check_on_the_sum_and_no_row(tmp_path: Path) -> None:
    rows = [["1", "Sở Y tế", "1.200", "30", "-"], ["2", "Sở Nội vụ", "34", "4", "-"]]
    right = read(_two_levels(tmp_path / "a.xlsx", *rows, ["", "TỔNG  CỘNG", "1.234", "34", "-"]), TWO_LEVELS, JUNE)
    assert right.rows_read == 2
    assert right.total_differences == {}
    wrong = read(_two_levels(tmp_path / "b.xlsx", *rows, ["", "Tổng cộng", "1.235", "34", "5"]), TWO_LEVELS, JUNE)
    assert wrong.total_differences == {"ban_hanh": ("1.235", "1234"), "co_quan": ("5", "0")}
    assert wrong.rows_read == 2


def test_a_note_that_reads_like_a_total_takes_no_row_out_of_the_count(tmp_path: Path) -> None:
    rows = [["1", "Sở Y tế", "1.200", "30", "-", "Tổng cộng"], ["2", "Sở Nội vụ", "34", "4", "-"]]
    total = ["", "Tổng cộng", "1.234", "34", "-"]
    parsed = read(_two_levels(tmp_path / "a.xlsx", *rows, ["", "", "", "", "", "Tổng cộng"], total), TWO_LEVELS, JUNE)
    assert values(parsed, "ban_hanh") == [1200, 34, None]
    assert (parsed.rows_read, parsed.total_differences) == (3, {})


def test_a_total_row_without_figures_is_none(tmp_path: Path) -> None:
    file = _two_levels(tmp_path / "a.xlsx", ["1", "Sở Y tế", "1.200", "30", "-"], ["", "Tổng cộng", "", "", ""])
    assert read(file, TWO_LEVELS, JUNE).total_differences == {"total row": ("none", "the file may be cut short")}


def test_dates_that_are_excels_own_are_read(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [HEADS, ["A", date(2026, 11, 5), 1], ["B", date(2026, 2, 28), 2], ["C", None, 3]]
    parsed = read(_book(tmp_path / "a.xlsx", rows), SIMPLE)
    assert values(parsed, "ngay") == [date(2026, 11, 5), date(2026, 2, 28), None]


def test_dates_that_are_texts_are_read_day_first(tmp_path: Path) -> None:
    parsed = read(_book(tmp_path / "a.xlsx", [HEADS, ["A", "05/11/2026", 1]]), SIMPLE)
    assert values(parsed, "ngay") == [date(2026, 11, 5)]


def test_a_column_of_both_may_be_swapped_and_refuses_the_file(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [HEADS, ["A", date(2026, 5, 11), 1], ["B", "13/11/2026", 2], ["C", "05/11/2026", 3]]
    with pytest.raises(DataRefusedError, match=r"a\.xlsx: Column 'ngay' mixes 2 typed dates with 1 Excel") as caught:
        read(_book(tmp_path / "a.xlsx", rows), SIMPLE)
    assert caught.value.check == "dates_are_of_one_kind"


@pytest.mark.parametrize("keep", [0, 1, 40, -1, -400])
def test_a_workbook_that_is_cut_short_is_refused(keep: int, tmp_path: Path) -> None:
    whole = _book(tmp_path / "a.xlsx", [HEADS, ["A", "01/06/2026", 1]]).read_bytes()
    with pytest.raises(DataRefusedError, match=r"cut\.xlsx: cannot be read: it is no workbook"):
        read(write(tmp_path / "cut.xlsx", whole[:keep]), SIMPLE)


def test_a_page_of_an_error_named_xlsx_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match=r"it is html, not xlsx"):
        read(write(tmp_path / "a.xlsx", "<html>Phiên đăng nhập đã hết hạn</html>"), SIMPLE)


def test_a_sheet_without_the_headings_is_refused_with_their_names(tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match=r"no row holds any of the headings ma"):
        read(_book(tmp_path / "a.xlsx", [["Họ tên"], ["Lê Văn Kín"]]), SIMPLE)


def test_an_empty_workbook_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match=r"no row holds any of the headings"):
        read(_book(tmp_path / "a.xlsx", []), SIMPLE)


def test_headings_alone_are_a_file_of_no_rows(tmp_path: Path) -> None:
    parsed = read(_book(tmp_path / "a.xlsx", [["Sổ văn bản"], HEADS]), SIMPLE)
    assert (parsed.rows_read, parsed.rows.height) == (0, 0)


def test_a_renamed_heading_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match=r"lacks the heading 'ma' \(nearest heading in the file: 'mã'\)"):
        read(_book(tmp_path / "a.xlsx", [["mã", "ngay", "so"], ["A", "01/06/2026", "1"]]), SIMPLE)


def test_a_heading_of_ours_that_stands_twice_refuses_and_another_is_numbered(tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match=r"'so' stands twice"):
        read(_book(tmp_path / "a.xlsx", [[*HEADS, "so"], ["A", "01/06/2026", "1", "2"]]), SIMPLE)
    parsed = read(_book(tmp_path / "b.xlsx", [[*HEADS, "Đánh giá", "Đánh giá"], ["A", None, "1", "x", "y"]]), SIMPLE)
    assert parsed.added_headings == ("column 4 (xxxx xxx)", "column 5 (xxxx xxx (9))")


def test_damaged_text_refuses_the_workbook(tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match=r"U\+FFFD"):
        read(_book(tmp_path / "a.xlsx", [HEADS, ["Xã M\ufffdo", None, 1]]), SIMPLE)


def test_numbers_that_excel_holds_as_numbers_keep_their_value(tmp_path: Path) -> None:
    of = contract([column("ma"), column("so", "decimal"), column("dem", "integer")], format=LAYOUT)
    rows: list[list[Cell]] = [["ma", "so", "dem"], ["A", 1234567, 1234567], ["B", 0, 0], ["C", "1.234,5", "1.234"]]
    assert values(read(_book(tmp_path / "a.xlsx", rows), of), "so") == [Decimal(1234567), Decimal(0), Decimal("1234.5")]


@pytest.mark.parametrize("number", [0.125, 12.5, 1.234, 45678.125])
def test_a_fraction_that_excel_holds_as_a_number_is_never_multiplied(number: float, tmp_path: Path) -> None:
    of = contract([column("ma"), column("so", "decimal", nullable=False)], format=LAYOUT)
    parsed = read(_book(tmp_path / "a.xlsx", [["ma", "so"], ["A", number], ["B", "1.234"], ["C", "2,5"]]), of)
    assert values(parsed, "so") == [Decimal(str(number)), Decimal(1234), Decimal("2.5")]


def test_a_fraction_where_a_count_belongs_is_unreadable(tmp_path: Path) -> None:
    of = contract([column("ma"), column("so", "integer")], format=LAYOUT)
    parsed = read(_book(tmp_path / "a.xlsx", [["ma", "so"], ["A", 1.234], ["B", "1.234"], ["C", "0.125"]]), of)
    assert reasons(parsed) == {2: ["so: not a readable integer"], 4: ["so: not a readable integer"]}
    assert values(parsed, "so") == [1234]
    assert conserves(parsed)


def _register(*rows: Sequence[Cell]) -> tuple[list[Sequence[Cell]], Contract]:
    title: list[Cell] = ["Sổ lưu cấp số văn bản đến: SỔ VĂN BẢN ĐẾN NĂM 2026"]
    heads: list[Cell] = [
        "Ngày đến", "Số đến", "Tác giả", "Số, ký hiệu văn bản", "Ngày tháng năm văn bản",
        "Tên loại và trích yếu nội dung văn bản", "Đơn vị hoặc người nhận văn bản", "Ký nhận", "Ghi chú",
        "Loại văn bản", "Độ khẩn", "Lĩnh vực", "Xử lý chính",
    ]  # fmt: skip
    return [title, heads, *rows], shipped("document_registers")


def test_the_shipped_register_counts_recipients_and_forgets_who_they_are(tmp_path: Path) -> None:
    rows, of = _register(
        ["02/06/2026", 17, "Sở Y tế", "07/QĐ-SYT", "01/06/2026", "V/v ông Lê Văn Kín", "Sở Nội vụ; Lê Văn Kín;", None,
         "gọi 0912345678", "Quyết định", None, "Y tế", "sở nội  vụ"],
        ["02/06/2026", 18, "Sở Hàng không", "7/QĐ", "1/6/26", "Lê Văn Kín", "; ;", "Lê Văn Kín", None, "Công văn", None,
         None, None],
    )  # fmt: skip
    parsed = read(_book(tmp_path / "a.xlsx", rows), of, reference=SHIPPED)
    assert values(parsed, "recipient_count") == [2]
    assert values(parsed, "author_unit_code") == ["H56.10"]
    assert values(parsed, "main_handler_unit_code") == ["H56.02"]
    assert reasons(parsed) == {
        4: [
            "author_unit_code: unknown or ambiguous unit",
            "document_symbol: malformed",
            "document_date: not a readable date",
            "recipient_count: below 1",
        ]
    }
    (text,) = row_texts(parsed)
    assert text["author_unit_code"] == "Sở xxxx xxxxx"
    for frame in (parsed.rows.frame(), parsed.rejects, all_texts(parsed)):
        assert "Kín" not in frame.write_json()
        assert "0912345678" not in frame.write_json()


def test_the_shipped_officer_form_reads_vietnamese_numbers(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [
        ["BIỂU SỐ LIỆU CHUYỂN ĐỔI SỐ THÁNG 06/2026"],
        ["Mã chỉ tiêu", "Tên chỉ tiêu", "Tử số", "Mẫu số", "Ghi chú"],
        ["officer_digital_economy_share", "Tỷ trọng", "46.755,5", "322.450,5", "tỷ đồng"],
        ["officer_satisfaction", "Hài lòng", "10.982", "12.480", None],
        ["officer_satisfactions", "Hài lòng", "1.5", "-1", None],
    ]
    parsed = read(_book(tmp_path / "a.xlsx", rows), shipped("officer_forms"), JUNE, SHIPPED)
    assert values(parsed, "numerator") == [Decimal("46755.5"), Decimal(10982)]
    assert values(parsed, "denominator") == [Decimal("322450.5"), Decimal(12480)]
    assert reasons(parsed) == {
        5: [
            "indicator_code: not in the list officer_indicator",
            "numerator: not a readable decimal",
            "denominator: below 0",
        ]
    }
