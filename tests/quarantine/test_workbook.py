"""The workbook as an office machine opens it: read back by another library, and its XML looked at."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import fastexcel
import polars as pl
import pytest
from lxml import etree

from pipelines.quarantine.held import Choice, HeldRow, ReasonCount, count_reasons, open_quarantine, read_rows, save_rows
from pipelines.quarantine.mending import Mending
from pipelines.quarantine.workbook import Words, Written, file_name, period_vi, write_workbooks
from tests.quarantine.quarantine_help import CHANGES, SNAPSHOT, Home, line

UNTIL = date(2026, 11, 4)
NAMESPACE = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
FORMULAS = ['=HYPERLINK("http://x.example","x")', "+1+1", "-2+3", "@SUM(1,2)", "=cmd|' /C calc'!A0"]


def _words(home: Home) -> Words:
    return Words(Mending(home.workshop), lambda _dataset, reason: f"nói: {reason}")


def _export(home: Home, folder: Path, **more: int) -> list[Written]:
    saved = home.folder / "rows.parquet"
    with open_quarantine(home.settings) as connection:
        counts = count_reasons(connection, Choice())
        save_rows(connection, Choice(), saved)
    return write_workbooks(folder, read_rows(saved), counts, UNTIL, _words(home), **more)


def _sheet(file: Path, name: str, header_row: int = 0) -> pl.DataFrame:
    sheet: pl.DataFrame = (
        fastexcel.read_excel(file).load_sheet(name, header_row=header_row, dtypes="string").to_polars()
    )
    return sheet


def _xml(file: Path, part: str) -> etree._Element:
    with zipfile.ZipFile(file) as archive:
        return etree.fromstring(archive.read(part))


def _row(unit_code: str | None = "H56.12", number: int = 5, note: str = "", dataset: str = SNAPSHOT) -> HeldRow:
    cells = {"letter_id": str(number), "unit_code": unit_code, "kind_code": "9", "sender_name": "•••", "note": note}
    return HeldRow(
        dataset,
        "2026-11-04",
        "l/r1",
        "l.csv",
        "ab" * 32,
        "",
        number,
        unit_code,
        cells,
        ("kind_code: not in the list kind",),
    )


def _write(home: Home, rows: Sequence[HeldRow], counts: Sequence[ReasonCount] = (), **more: int) -> list[Written]:
    return write_workbooks(home.folder / "out", rows, counts, UNTIL, _words(home), **more)


def test_a_row_is_told_with_its_place_its_faults_and_how_to_mend_them(home: Home) -> None:
    home.bring([line(1), line(2), line(3), line(4, kind="9", at="31/02/2026 08:00:00", sender="Trần Thị Bí Mật")])
    (book,) = _export(home, home.folder / "out")
    assert (book.file.name, book.unit_name, book.rows) == ("H56.12_20261104.xlsx", "Sở Y tế", 1)
    assert fastexcel.read_excel(book.file).sheet_names == ["Dòng cần sửa", "Tổng hợp", "Hướng dẫn"]
    (row,) = _sheet(book.file, "Dòng cần sửa").to_dicts()
    digest = home.ask("SELECT file_sha256 FROM ops.arrivals")[0][0]
    assert row == {
        "Bộ dữ liệu": "Thư thử", "Kỳ": "04/11/2026", "Tệp": "letters-2026-11-04.csv", "Trang": "", "Dòng số": "5",
        "Sai gì": "nói: kind_code: not in the list kind\nnói: sent_at: not a readable timestamp",
        "Giá trị đang có": "Loại (1 công văn, 2 quyết định): 9\nGiờ gửi: 31/02/2026 08:00:00",
        "Cách sửa": "Chọn «Loại» trong danh mục: 1 Công văn; 2 Quyết định.\n"
        "Ghi «Giờ gửi» là ngày giờ có thật, dạng ngày/tháng/năm giờ:phút:giây, ví dụ 05/11/2026 14:30:00.",
        "Mã tệp": digest[:12], "Số văn bản": "4", "Mã đơn vị": "H56.12", "Loại (1 công văn, 2 quyết định)": "9",
        "Giờ gửi": "31/02/2026 08:00:00", "Người gửi": "•••", "Ghi chú": "",
    }  # fmt: skip


def test_a_masked_value_is_nowhere_in_the_file(home: Home) -> None:
    home.bring([line(1), line(2), line(3), line(4, kind="9", sender="Trần Thị Bí Mật")])
    (book,) = _export(home, home.folder / "out")
    with zipfile.ZipFile(book.file) as archive:
        content = b"".join(archive.read(name) for name in archive.namelist())
    assert "Dòng cần sửa".encode() in content
    assert "Bí Mật".encode() not in content


def test_the_summary_counts_this_week_against_the_week_before(home: Home) -> None:
    home.bring([*(line(n) for n in range(8)), line(8, kind="9"), line(9, kind="9")], "2026-10-28")
    home.bring([*(line(n) for n in range(17)), *(line(n, kind="9") for n in range(17, 20))], "2026-11-04")
    (book,) = _export(home, home.folder / "out")
    (row,) = _sheet(book.file, "Tổng hợp", header_row=3).to_dicts()
    assert (row["Bộ dữ liệu"], row["Số dòng"], row["Tuần này"], row["Tuần trước"]) == ("Thư thử", "5", "3", "2")
    assert (row["Tỷ lệ tuần này"], row["Tỷ lệ tuần trước"], row["So tuần trước"]) == ("0.15", "0.2", "▼")
    with zipfile.ZipFile(book.file) as archive:
        assert "xl/charts/chart1.xml" in archive.namelist()


@pytest.mark.parametrize("text", FORMULAS)
def test_a_cell_that_looks_like_a_formula_stays_a_text(home: Home, text: str) -> None:
    (book,) = _write(home, [_row(note=text)])
    sheet = _xml(book.file, "xl/worksheets/sheet1.xml")
    assert not sheet.findall(".//x:f", NAMESPACE)
    cells = [cell for cell in sheet.findall(".//x:c", NAMESPACE) if "".join(map(str, cell.itertext())) == text]
    assert [cell.get("t") for cell in cells] == ["inlineStr"]
    # Excel's own mark that keeps it a text when somebody edits the cell.
    looks = _xml(book.file, "xl/styles.xml").findall(".//x:cellXfs/x:xf", NAMESPACE)
    assert looks[int(cells[0].get("s") or 0)].get("quotePrefix") == "1"
    assert _sheet(book.file, "Dòng cần sửa")["Ghi chú"].to_list() == [text]


def test_a_text_longer_than_a_cell_can_hold_is_cut_not_dropped(home: Home) -> None:
    (book,) = _write(home, [_row(note="a" * 50_000)])
    assert len(_sheet(book.file, "Dòng cần sửa")["Ghi chú"][0]) == 32_000


def test_it_prints_on_a4_landscape_with_the_heading_on_every_page(home: Home) -> None:
    (book,) = _write(home, [_row()])
    sheet = _xml(book.file, "xl/worksheets/sheet1.xml")
    setup, pane = sheet.find("x:pageSetup", NAMESPACE), sheet.find(".//x:pane", NAMESPACE)
    assert setup is not None
    assert (setup.get("paperSize"), setup.get("orientation"), setup.get("fitToHeight")) == ("9", "landscape", "0")
    assert pane is not None
    assert (pane.get("ySplit"), pane.get("state")) == ("1", "frozen")
    assert sheet.find("x:autoFilter", NAMESPACE) is not None
    names = _xml(book.file, "xl/workbook.xml").findall(".//x:definedName", NAMESPACE)
    assert "'Dòng cần sửa'!$1:$1" in [name.text for name in names if name.get("name") == "_xlnm.Print_Titles"]


def test_each_unit_has_its_file_and_unread_units_have_one(home: Home) -> None:
    home.bring([*(line(n) for n in range(9)), line(10, "H56.13", "9"), line(11, "H56.12.03", "9"), line(12, "H56.x")])
    written = _export(home, home.folder / "out")
    assert [(book.file.name, book.unit_name, book.rows) for book in written] == [
        ("H56.12.03_20261104.xlsx", "Văn phòng", 1),
        ("H56.13_20261104.xlsx", "Sở Xây dựng", 1),
        ("khong-ro-don-vi_20261104.xlsx", "Chưa đọc được đơn vị", 1),
    ]
    assert {file.name for file in (home.folder / "out").iterdir()} == {book.file.name for book in written}


def test_two_datasets_of_a_unit_have_a_sheet_each(home: Home) -> None:
    (book,) = _write(home, [_row(dataset=CHANGES), _row(dataset=CHANGES, number=6), _row()])
    assert book.rows == 3
    assert fastexcel.read_excel(book.file).sheet_names[:2] == ["Dòng cần sửa", "Dòng cần sửa (2)"]
    assert (len(_sheet(book.file, "Dòng cần sửa")), len(_sheet(book.file, "Dòng cần sửa (2)"))) == (2, 1)


@pytest.mark.parametrize(
    "code", ["../../etc/passwd", "/etc/passwd", "..", "", "H56/12", "H56\\12", "H56\x0012", "C:x", "Sở"]
)
def test_no_unit_code_leads_out_of_the_folder(home: Home, code: str) -> None:
    (book,) = _write(home, [_row(unit_code=code)])
    folder = home.folder / "out"
    assert book.file.resolve().parent == folder.resolve()
    assert [file.name for file in folder.iterdir()] == [book.file.name]
    assert book.file.name.isascii()
    assert not book.file.name.startswith(".")


def test_two_codes_that_look_alike_as_names_keep_two_files() -> None:
    names = [file_name(code, UNTIL) for code in ("H56/12", "H56_12", "H56\\12", "H56.12", None)]
    assert len(set(names)) == 5


def test_rows_above_a_sheets_limit_are_told_not_hidden(home: Home) -> None:
    (book,) = _write(home, [_row(number=n) for n in range(1, 6)], most_rows=3)
    assert (book.rows, book.rows_left_out) == (5, 2)
    rows = _sheet(book.file, "Dòng cần sửa")
    assert rows["Dòng số"].to_list() == ["1", "2", "3", None]
    note = "Còn 2 dòng nữa không ghi ở đây: mỗi trang nhiều nhất 3 dòng."
    assert rows["Bộ dữ liệu"][3].startswith(note)
    summary = _sheet(book.file, "Tổng hợp")
    assert summary.columns[0] == "Sở Y tế: 5 dòng cần sửa"
    assert summary.row(1)[0].startswith(note)


def test_exporting_again_replaces_the_files(home: Home) -> None:
    _write(home, [_row(number=1), _row(number=2)])
    (book,) = _write(home, [_row(number=3)])
    assert _sheet(book.file, "Dòng cần sửa")["Dòng số"].to_list() == ["3"]


@pytest.mark.parametrize(
    ("key", "told"),
    [("2026-11-05", "05/11/2026"), ("2026-10", "10/2026"), ("baseline-2026-11-02", "Tồn đầu kỳ 02/11/2026")],
)
def test_periods_are_written_as_an_officer_does(key: str, told: str) -> None:
    assert period_vi(key) == told
