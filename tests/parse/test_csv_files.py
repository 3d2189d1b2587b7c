"""Delimited files as they come: marks, ragged rows, doubled headings, damaged text, blank lines."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipelines.errors import DataRefusedError
from tests.parse.parse_help import (
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
)

TWO = contract([column("ma", nullable=False, required=True), column("so", "integer", required=True)])
NAME = "Nguyễn Thị Mai"


def test_the_byte_order_mark_is_no_part_of_the_first_heading(tmp_path: Path) -> None:
    parsed = read(write(tmp_path / "a.csv", b"\xef\xbb\xbfma;so\r\nA;1\r\nB;-2\r\n"), TWO)
    assert values(parsed, "ma") == ["A", "B"]
    assert values(parsed, "so") == [1, -2]
    assert parsed.added_headings == ()
    assert numbers(parsed) == [2, 3]


@pytest.mark.parametrize("delimiter", [",", "\t", "|"])
def test_the_declared_delimiter_parts_the_cells(delimiter: str, tmp_path: Path) -> None:
    layout = {"kind": "csv", "delimiter": delimiter}
    of = contract([column("ma"), column("so", "integer")], format=layout)
    parsed = read(write(tmp_path / "a.csv", f"ma{delimiter}so\nA;B{delimiter}7\n"), of)
    assert parsed.rows.frame().rows() == [(2, "A;B", 7)]


def test_another_delimiter_than_the_declared_one_is_a_missing_heading(tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match=r"lacks the heading 'ma', 'so'; none of its") as caught:
        read(write(tmp_path / "a.csv", "ma,so\nA,1\n"), TWO)
    assert caught.value.check == "headings_are_complete"


def test_a_row_with_more_cells_than_headings_refuses_the_file(tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match=r"a\.csv.*cannot be read.*more") as caught:
        read(write(tmp_path / "a.csv", "ma;so\nA;1\nB;2;3\n"), TWO)
    assert caught.value.check == "file_is_readable"


@pytest.mark.parametrize("quote", ["", '"'], ids=["plain", "quoted"])
@pytest.mark.parametrize("ending", ["\n", ""])
def test_a_row_with_fewer_cells_is_a_file_cut_short(quote: str, ending: str, tmp_path: Path) -> None:
    text = f"ma;so\n{quote}A{quote};1\nB{ending}"
    with pytest.raises(DataRefusedError, match="row 3 has fewer fields than the 2 headings"):
        read(write(tmp_path / "a.csv", text), TWO)


@pytest.mark.parametrize("headings", ["ma;so;so", "ma;so;so ", "ma;so; so"])
def test_a_doubled_heading_refuses_the_file(headings: str, tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match=r"'so' stands twice"):
        read(write(tmp_path / "a.csv", f"{headings}\nA;1;2\n"), TWO)


def test_the_mark_of_damaged_text_refuses_the_file(tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match=r"U\+FFFD"):
        read(write(tmp_path / "a.csv", "ma;so\nXã Na M\ufffdo;1\n"), TWO)


def test_another_encoding_refuses_the_file(tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match=r"cannot be read"):
        read(write(tmp_path / "a.csv", "ma;so\nXã;1\n".encode("utf-16")), TWO)
    with pytest.raises(DataRefusedError, match=r"cannot be read.*utf-8"):
        read(write(tmp_path / "b.csv", b"ma;so\nX\xe3;1\n"), TWO)


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n\n\n"])
def test_a_file_without_even_headings_refuses(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match=r"a\.csv: cannot be read.*empty"):
        read(write(tmp_path / "a.csv", content), TWO)


@pytest.mark.parametrize("content", ["ma;so", "ma;so\n", "\ufeffma;so\r\n"])
def test_headings_alone_are_a_file_of_no_rows(content: str, tmp_path: Path) -> None:
    parsed = read(write(tmp_path / "a.csv", content), TWO)
    assert (parsed.rows_read, parsed.rows.height, parsed.rejects.height, parsed.rows_duplicate) == (0, 0, 0, 0)
    assert parsed.rows.schema.names() == ["row_number", "ma", "so"]


def test_a_quoted_line_break_stays_in_its_cell(tmp_path: Path) -> None:
    parsed = read(write(tmp_path / "a.csv", 'ma;so\n"A\n""B"";C";1\nD;2\n'), TWO)
    assert values(parsed, "ma") == ['A\n"B";C', "D"]
    assert parsed.rows_read == 2


def test_a_quote_that_never_closes_refuses_the_file_and_shows_no_cell(tmp_path: Path) -> None:
    headings = ";".join(column.headings[0] for column in shipped("platform_accounts").columns)
    content = f'{headings}\nmai.nt;"{NAME};H56\nx;y\n'
    with pytest.raises(DataRefusedError, match=r"cannot be read.*quote") as caught:
        read(write(tmp_path / "a.csv", content), shipped("platform_accounts"))
    assert NAME not in str(caught.value)
    assert "mai.nt" not in str(caught.value)


def test_a_file_without_its_heading_line_shows_no_cell(tmp_path: Path) -> None:
    content = f"mai.nt;{NAME};H56.12;portal;01/06/2026;;0\n"
    with pytest.raises(DataRefusedError, match=r"lacks the heading 'TenDangNhap'") as caught:
        read(write(tmp_path / "a.csv", content), shipped("platform_accounts"))
    assert NAME not in str(caught.value)
    assert "mai.nt" not in str(caught.value)


def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    of = contract([column("ma", nullable=False), column("so", "integer")])
    parsed = read(write(tmp_path / "a.csv", "ma;so\n\nA;1\n\n\nB;2\n\n"), of)
    assert parsed.rows_read == 2
    assert values(parsed, "ma") == ["A", "B"]
    assert numbers(parsed) == [3, 6]


def test_a_missing_heading_names_the_nearest_one_in_the_file(tmp_path: Path) -> None:
    of = contract([column("ma", headings=["Mã đơn vị"], required=True), column("so", headings=["Tổng"], required=True)])
    with pytest.raises(DataRefusedError) as caught:
        read(write(tmp_path / "a.csv", "Mã đơn vị nhận;Tổng;Ghi chú\nA;1;x\n"), of)
    assert caught.value.what == (
        "a.csv: lacks the heading 'Mã đơn vị' (nearest heading in the file: 'Mã đơn vị nhận'); "
        "it has: 'Mã đơn vị nhận', 'Tổng', 'Ghi chú'."
    )
    assert "contract" in caught.value.next_step


def test_an_optional_heading_may_be_missing_and_gives_nulls(tmp_path: Path) -> None:
    of = contract([column("ma", required=True), column("ghi_chu"), column("so", "integer")])
    parsed = read(write(tmp_path / "a.csv", "ma\nA\n"), of)
    assert parsed.rows.frame().rows() == [(2, "A", None, None)]


def test_an_added_heading_is_reported_and_a_known_one_is_not(tmp_path: Path) -> None:
    of = contract([column("ma"), column("ho_ten", personal="name")], ignored_headings=["Tên đơn vị"])
    content = "STT;ma;ho_ten;TÊN đơn  vị;Ghi chú thêm\n1;A;x;y;z\n"
    assert read(write(tmp_path / "a.csv", content), of).added_headings == ("STT", "column 5 (xxx xxx xxxx)")


def test_headings_are_compared_as_names_are(tmp_path: Path) -> None:
    of = contract([column("hoa", headings=["Số hoà giải", "Số hòa giải được"]), column("du", headings=["Đủ"])])
    parsed = read(write(tmp_path / "a.csv", " SỐ  HÒA GIẢI ;\u00d0ủ\nA;B\n"), of)
    assert parsed.rows.frame().rows() == [(2, "A", "B")]


def test_two_headings_of_one_name_refuse_the_file(tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match=r"'so' and 'SO' are one and the same name"):
        read(write(tmp_path / "a.csv", "ma;so;SO\nA;1;2\n"), TWO)


def test_rows_that_agree_in_every_cell_are_counted_and_the_first_is_kept(tmp_path: Path) -> None:
    content = "ma;so;them\nA;1;x\nA;1;y\nA;1;x\nB;2;\nA;1;x\nB;2;\n"
    parsed = read(write(tmp_path / "a.csv", content), TWO)
    assert (parsed.rows_read, parsed.rows_duplicate) == (6, 3)
    assert parsed.rows.frame().rows() == [(2, "A", 1), (3, "A", 1), (5, "B", 2)]
    assert conserves(parsed)


def test_a_doubled_bad_row_is_one_reject_and_one_duplicate(tmp_path: Path) -> None:
    parsed = read(write(tmp_path / "a.csv", "ma;so\nA;x\nA;x\nB;2\n"), TWO)
    assert reasons(parsed) == {2: ["so: not a readable integer"]}
    assert (parsed.rows_read, parsed.rows.height, parsed.rows_duplicate) == (3, 1, 1)


def test_every_reason_of_a_row_is_listed_with_the_texts_as_they_came(tmp_path: Path) -> None:
    of = contract([
        column("ma", nullable=False), column("so", "integer", minimum=0), column("ngay", "date"),
        column("mau", "code"), column("don_vi", "agency_code"), column("unit_code", "agency_code"),
        column("ty_le", "decimal", maximum=1),
    ])  # fmt: skip
    content = (
        "ma;so;ngay;mau;don_vi;unit_code;ty_le\n;-4;31/02/2026;9;H99;000.00.12.H56;1.5\nA;0;28/02/2026;1;H56;H56;1\n"
    )
    parsed = read(write(tmp_path / "a.csv", content), of)
    assert reasons(parsed) == {
        2: [
            "ma: empty",
            "so: below 0",
            "ngay: not a readable date",
            "mau: not in the list colour",
            "don_vi: unknown or ambiguous unit",
            "ty_le: above 1",
        ]
    }
    assert row_texts(parsed) == [
        {
            "ma": None, "so": "-4", "ngay": "31/02/2026", "mau": "9", "don_vi": "H99", "unit_code": "000.00.12.H56",
            "ty_le": "1.5",
        }
    ]  # fmt: skip
    assert parsed.rejects.get_column("unit_code").to_list() == ["H56.12"]
    assert values(parsed, "ngay") == [date(2026, 2, 28)]


def test_what_is_personal_reaches_neither_rows_nor_rejects_nor_texts(tmp_path: Path) -> None:
    names = [f"{family} Văn {given}" for family in ("Lê", "Trịnh", "Phạm") for given in ("An", "Bình", "Cường", "Dũng")]
    lines = [
        f"tai-khoan.{n};{name};H56.12;portal;{'01' if n % 2 else '32'}/06/2026;;{'0' if n % 3 else 'maybe'}"
        for n, name in enumerate(names)
    ]
    content = "TenDangNhap;HoTen;MaDonVi;NenTang;NgayCap;DangNhapCuoi;DaKhoa\n" + "\n".join(lines) + "\n"
    file = write(tmp_path / "a.csv", content)
    parsed = read(file, shipped("platform_accounts"), reference=SHIPPED)
    assert parsed.rejects.height == 8  # 6 with a day that is none, 4 that are neither locked nor not, 2 of them both
    assert conserves(parsed)
    for frame in (parsed.rows.frame(), parsed.rejects, all_texts(parsed)):
        for name in [*names, "tai-khoan"]:
            assert name not in frame.write_json()
    assert all(text["account_key"] == text["full_name"] == "•••" for text in row_texts(parsed))


def test_a_count_of_persons_does_not_show_the_persons(tmp_path: Path) -> None:
    of = contract([
        column("ma", nullable=False),
        column("nguoi_nhan", headings=["Nơi nhận"], personal="name"),
        column("so_nguoi", "count_of", headings=["Nơi nhận"], minimum=2),
        column("so", "integer"),
    ])  # fmt: skip
    parsed = read(write(tmp_path / "a.csv", f'ma;Nơi nhận;so\nA;{NAME};1\nB;"{NAME}; Lê Văn Cường";x\n'), of)
    assert reasons(parsed) == {2: ["so_nguoi: below 2"], 3: ["so: not a readable integer"]}
    assert [text["so_nguoi"] for text in row_texts(parsed)] == ["•••", "•••"]
    for frame in (parsed.rows.frame(), parsed.rejects, all_texts(parsed)):
        assert NAME not in frame.write_json()


def test_a_heading_that_looks_like_one_of_ours_is_read_like_any_other(tmp_path: Path) -> None:
    parsed = read(write(tmp_path / "a.csv", "ma;so;row_number\nA;1;7\n"), TWO)
    assert parsed.rows.frame().rows() == [(2, "A", 1)]
    assert parsed.added_headings == ("column 3 (xxx_xxxxxx)",)


@pytest.mark.parametrize("dataset", ["document_exchanges", "platform_accounts"])
def test_an_export_of_nothing_but_headings_is_read_by_its_shipped_contract(dataset: str, tmp_path: Path) -> None:
    of = shipped(dataset)
    line = of.format.delimiter.join(column.headings[0] for column in of.columns)
    parsed = read(write(tmp_path / "a.csv", f"\ufeff{line}\r\n"), of, reference=SHIPPED)
    assert (parsed.rows_read, parsed.rows.height, parsed.rejects.height) == (0, 0, 0)
    assert parsed.rows.schema.names() == ["row_number", *(column.name for column in of.stored_columns)]


def test_a_register_column_that_is_empty_in_every_row_gives_nulls(tmp_path: Path) -> None:
    of = contract([column("ma"), column("don_vi", "agency_code"), column("diem_cau", "endpoint_address")])
    parsed = read(write(tmp_path / "a.csv", "ma;don_vi;diem_cau\nA;;\nB;;\nC;;\n"), of)
    assert parsed.rows.frame().rows() == [(2, "A", None, None), (3, "B", None, None), (4, "C", None, None)]
