"""A person in a heading, a sheet's name, a zip member, a tag or a total row is told to nobody."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from xlsxwriter import Workbook

from pipelines.errors import DataRefusedError
from pipelines.parse.told_names import told_headings, told_name
from tests.parse.parse_help import column, contract, read, reasons, row_texts, shipped, write

TWO = contract([column("ma", required=True), column("so", "integer", required=True)])
PERSONS = (
    "Quách Kỳ Nghiêm",
    "QUÁCH KỲ NGHIÊM",
    "Nguyen Van An",
    "NguyenVanAn",
    "0987 000 111",
    "038099000111",
    "Lý An",
)


@pytest.mark.parametrize("person", PERSONS)
def test_a_person_as_a_heading_is_told_by_place_and_shape(person: str, tmp_path: Path) -> None:
    parsed = read(write(tmp_path / "a.csv", f"ma;so;{person}\nA;1;x\n"), TWO)
    (told,) = parsed.added_headings
    assert told.startswith("column 3 (")
    with pytest.raises(DataRefusedError) as caught:
        read(write(tmp_path / "a.csv", f"ma;{person}\nA;1\n"), TWO)
    assert caught.value.check == "headings_are_complete"
    for word in person.split():
        assert word not in told
        assert word not in caught.value.what


def test_a_renamed_heading_is_told_and_what_was_added_to_it_is_not() -> None:
    headings = (
        "Số thứ tự đến",
        "Số đến",
        "Xử lý chính: Quyên",
        "Ghi chú Quách Kỳ Nghiêm",
        "NGAY DEN",
        "STT",
        "Ca trực",
    )
    assert told_headings(headings, shipped("document_registers")) == (
        "Số thứ tự đến", "Số đến", "Xử lý chính: xxxxx", "column 4 (xxx xxx xxxxx xx xxxxxx)", "NGAY DEN", "STT",
        "column 7 (xx xxxx)",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Sheet1", "Sheet1"), ("Trang tính 2", "Trang tính 2"), ("body-0001.xml", "body-0001.xml"), ("", ""),
        ("20261103T080000Z.xml", "20261103T080000Z.xml"), ("Quách Kỳ Nghiêm", "7 (xxxxx xx xxxxxx)"),
        ("0987000111.xml", "7 (9999999999.xxx)"), ("0987-000111.xml", "7 (9999-999999.xxx)"), ("Sheet Nam", "7 (xxxxx xxx)"),
    ],
)  # fmt: skip
def test_a_name_that_a_program_gave_is_told(name: str, told: str) -> None:
    assert told_name(name, 7) == told


def test_a_person_as_a_sheets_name_is_in_no_reject(tmp_path: Path) -> None:
    with Workbook(str(tmp_path / "a.xlsx")) as book:
        sheet = book.add_worksheet("Quách Kỳ Nghiêm")
        for line, cells in enumerate((("ma", "so"), ("A", "x"))):
            sheet.write_row(line, 0, cells)
    of = TWO.model_copy(update={"format": TWO.format.model_copy(update={"kind": "xlsx"})})
    assert read(tmp_path / "a.xlsx", of).rejects.get_column("sheet_name").to_list() == ["1 (xxxxx xx xxxxxx)"]


@pytest.mark.parametrize(
    "body", ["<records><Nghiêm></records>", "<records>&Nghiêm;</records>", "<records><record Nghiêm/></records>"]
)
def test_what_stands_in_a_broken_tag_is_not_told(body: str, tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError) as caught:
        read(write(tmp_path / "a.xml", body), shipped("videoconference_calls"))
    assert "Nghiêm" not in str(caught.value)


def test_a_damaged_zip_names_no_member(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("nguyen-van-an.xml", "<records/>" * 50)
    content = (tmp_path / "a.zip").read_bytes()
    write(tmp_path / "a.zip", content.replace(b"<records/>", b"<records#>", 1))
    with pytest.raises(DataRefusedError, match=r"1 \(xxxxxx-xxx-xx\.xxx\) is damaged") as caught:
        read(tmp_path / "a.zip", shipped("videoconference_calls"))
    assert "nguyen" not in str(caught.value)


def test_a_telephone_number_in_a_total_row_is_masked(tmp_path: Path) -> None:
    layout = {"kind": "html", "header_rows": 1, "total_labels": ["Tổng"], "thousands": "."}
    of = contract([column("ma"), column("so", "integer")], format=layout)
    rows = "".join(
        f"<tr><td>{ma}</td><td>{so}</td></tr>" for ma, so in (("ma", "so"), ("A", "1"), ("Tổng", "0987000111"))
    )
    differences = read(write(tmp_path / "a.xls", f"<table>{rows}</table>"), of).total_differences
    assert differences == {"so": ("•••", "1")}


def test_a_number_without_a_bound_is_no_telephone_number_whose_zero_excel_ate(tmp_path: Path) -> None:
    parsed = read(write(tmp_path / "a.csv", "ma;so\nA;987000111\nB;38099000111\nC;99999999\n"), TWO)
    assert reasons(parsed) == {2: ["so: above 99999999"], 3: ["so: above 99999999"]}
    assert [text["so"] for text in row_texts(parsed)] == ["999999999", "99999999999"]


def test_a_list_of_people_that_is_counted_is_hidden(tmp_path: Path) -> None:
    of = contract([column("ma", "integer"), column("nguoi", "count_of")])
    (text,) = row_texts(read(write(tmp_path / "a.csv", "ma;nguoi\nx;Quách Kỳ Nghiêm\n"), of))
    assert text["nguoi"] == "•••"
