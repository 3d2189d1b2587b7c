"""What stands in an .xlsx, byte by byte: places, kinds of cells, several sheets, hostile files. Titles are elsewhere."""

from __future__ import annotations

import io
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from pipelines.contracts import Contract
from pipelines.errors import DataRefusedError
from tests.parse.parse_help import column, conserves, contract, numbers, read, reasons, row_texts, values, write
from tests.parse.xlsx_bytes import book, cell, row, rows, sheet

LAYOUT = {"kind": "xlsx", "thousands": ".", "decimal": ","}
COLUMNS = [column("ma", required=True), column("ngay", "date"), column("so", "decimal")]
OF = contract(COLUMNS, format=LAYOUT)
HEADS = ("ma", "ngay", "so")
TABLE = rows(HEADS, ("A", "02/06/2026", "1"))


def _of(**layout: object) -> Contract:
    return contract(COLUMNS, format={**LAYOUT, **layout})


def _sheet(*lines: str) -> dict[str, str]:
    return {"S": sheet("".join(lines))}


@pytest.mark.parametrize("stated", ["A1", "A1:C2", "A1:XFD1048576"])
def test_a_wrong_dimension_hides_no_row(stated: str, tmp_path: Path) -> None:
    data = rows(HEADS, *((f"M{number}", None, "1") for number in range(33)))
    content = book({"S": sheet(data, before=f'<dimension ref="{stated}"/>')})
    assert read(write(tmp_path / "a.xlsx", content), OF).rows_read == 33


def test_rows_and_columns_keep_the_sheets_own_places(tmp_path: Path) -> None:
    data = row(3, "Sổ", first="D") + row(5, *HEADS, first="D") + row(9, "A", None, "x", first="D")
    data += row(14, "B", None, "2", first="D")
    parsed = read(write(tmp_path / "a.xlsx", book(_sheet(data))), OF)
    assert numbers(parsed) == [14]
    assert parsed.rejects.get_column("row_number").to_list() == [9]


def test_texts_of_runs_phonetic_signs_and_no_break_spaces(tmp_path: Path) -> None:
    shared = (
        '<si><r><t xml:space="preserve">m</t></r><r><rPr><b/></rPr><t>a</t></r><rPh sb="0" eb="1"><t>PHO</t></rPh></si>'
        "<si><t>Sở\u00a0Y tế\u00a0</t></si>"
    )
    head = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><r><t>s</t></r><r><t>o</t></r></is></c></row>'
    body = '<row r="2"><c r="A2" t="s"><v>1</v></c><c r="B2" t="str"><f>"1"&amp;"2"</f><v>12</v></c></row>'
    parsed = read(write(tmp_path / "a.xlsx", book(_sheet(head, body), shared=shared)), OF)
    assert values(parsed, "ma") == ["Sở\u00a0Y tế"]
    assert values(parsed, "so") == [Decimal(12)]


def test_numbers_are_what_excel_holds(tmp_path: Path) -> None:
    of = contract([column("ma"), column("so", "decimal", maximum=1e15), column("co", "boolean")], format=LAYOUT)
    held = ["0.30000000000000004", "1234567890123", "1E-4", "0.95499999999999996", "1.234"]
    data = "".join(
        f'<row r="{n}">{cell(f"A{n}", "M")}<c r="B{n}" s="{3 if n == 5 else 0}"><v>{text}</v></c><c r="C{n}" t="b"><v>{n % 2}</v></c></row>'
        for n, text in enumerate(held, 2)
    )
    parsed = read(write(tmp_path / "a.xlsx", book(_sheet(row(1, "ma", "so", "co"), data))), of)
    # What Excel shows as 95,5% is 0.955: a percentage is a fraction.
    wanted = ["0.3", "1234567890123", "0.0001", "0.955", "1.234"]
    assert values(parsed, "so") == [Decimal(text) for text in wanted]
    assert values(parsed, "co") == [False, True, False, True, False]


@pytest.mark.parametrize(("epoch", "serial"), [(1900, 46175), (1904, 46175 - 1462)])
def test_days_are_read_in_both_epochs(epoch: int, serial: int, tmp_path: Path) -> None:
    lines = [
        f'<row r="{n}">{cell(f"A{n}", f"M{n}")}<c r="B{n}" s="{style}"><v>{number}</v></c></row>'
        for n, (style, number) in enumerate([(1, serial), (2, serial)], 2)
    ]
    content = book(_sheet(row(1, *HEADS[:2]), *lines), is_1904=epoch == 1904)
    assert values(read(write(tmp_path / "a.xlsx", content), OF), "ngay") == [date(2026, 6, 2)] * 2


def test_the_day_that_never_was_is_no_date(tmp_path: Path) -> None:
    # Serial 60 is 29 February 1900 to Excel alone.
    line = f'<row r="2">{cell("A2", "M")}<c r="B2" s="1"><v>60</v></c></row>'
    parsed = read(write(tmp_path / "a.xlsx", book(_sheet(row(1, *HEADS[:2]), line))), OF)
    assert reasons(parsed) == {2: ["ngay: not a readable date"]}


def test_errors_and_formulas_without_a_result_are_reasons_and_never_empty(tmp_path: Path) -> None:
    lines = [
        row(2, "A", None, '<c r="C2" t="e"><v>#N/A</v></c>'),
        row(3, "B", '<c r="B3" t="e"><f>1/0</f><v>#DIV/0!</v></c>', "1"),
        row(4, "C", None, '<c r="C4"><f>1+1</f></c>'),
        row(5, "D", None, '<c r="C5"><f>1+1</f><v></v></c>'),
        row(6, "E", None, '<c r="C6"><f>1+1</f><v>2</v></c>'),
        row(7, "F", None, '<c r="C7" t="str"><f>""</f><v></v></c>'),
    ]
    parsed = read(write(tmp_path / "a.xlsx", book(_sheet(row(1, *HEADS), *lines))), OF)
    unread = "so: not a readable decimal"
    assert reasons(parsed) == {2: [unread], 3: ["ngay: not a readable date"], 4: [unread], 5: [unread]}
    assert values(parsed, "so") == [Decimal(2), None]
    assert conserves(parsed)


def test_a_formula_that_nobody_computed_outside_the_cells_refuses_the_file(tmp_path: Path) -> None:
    content = book(_sheet(TABLE, '<row r="9"><c r="E9"><f>SUM(C1:C8)</f></c></row>'))
    with pytest.raises(DataRefusedError, match="the formula of cell E9 has no result"):
        read(write(tmp_path / "a.xlsx", content), OF)


# --- Headings ---

LEVELS = contract(
    [column("ten", headings=["Đơn vị"], required=True), column("tong", "integer", headings=["Tiếp nhận / Tổng số"]),
     column("mang", "integer", headings=["Tiếp nhận / Trong đó / Trực tuyến"]),
     column("truc", "integer", headings=["Tiếp nhận / Trong đó / Trực tiếp"]), column("khac", "integer", headings=["Khác"])],
    format={**LAYOUT, "header_rows": 3},
)  # fmt: skip
THREE = (
    ("STT", "Đơn vị", "Tiếp nhận", None, None, None),
    (None, None, "Tổng số", "Trong đó", None, "Khác"),
    (None, None, None, "Trực tuyến", "Trực tiếp", None),
)
MERGED = ("A2:A4", "B2:B4", "C2:E2", "C3:C4", "D3:E3", "A1:F1")


def test_three_levels_of_merged_headings_and_their_repetition_are_no_rows(tmp_path: Path) -> None:
    numbers_of_columns = ("(1)", "(2)", "(3)=(4)+(5)", "(4)", "(5)", "(6)")
    data = rows(
        ("BÁO CÁO",), *THREE, numbers_of_columns, ("1", "A", "3", "2", "1", "9"), *THREE, numbers_of_columns,
        ("2", "B", "5", "4", "1", "8"),
    )  # fmt: skip
    parsed = read(write(tmp_path / "a.xlsx", book({"S": sheet(data, MERGED)})), LEVELS)
    assert parsed.rows.frame().rows() == [(6, "A", 3, 2, 1, 9), (11, "B", 5, 4, 1, 8)]
    assert parsed.rows_read == 2


def test_a_heading_right_of_a_merged_one_does_not_belong_to_it(tmp_path: Path) -> None:
    """`Khác` stands one level below the end of `Tiếp nhận`: only the merged cell says that it is not under it."""
    told = read(
        write(tmp_path / "a.xlsx", book({"S": sheet(rows(("T",), *THREE, ("1", "A", "3", "2", "1", "9")), MERGED)})),
        LEVELS,
    )
    assert values(told, "khac") == [9]
    assert told.added_headings == ("STT",)


# --- Groups ---

GROUPED = contract(
    [column("khoi"), column("nhom"), column("ten", headings=["Đơn vị"], required=True), column("so", "integer", headings=["Số"])],
    keys=["ten"],
    format={**LAYOUT, "group_column": ["khoi", "nhom"], "group_marks": ["letter", "roman"], "total_labels": ["Tổng số"]},
)  # fmt: skip


def test_groups_within_groups_become_columns_and_their_sums_are_held(tmp_path: Path) -> None:
    body = [
        ("STT", "Đơn vị", "Số"), ("A.", "Khối tỉnh", "7"), ("I. Sở, ban, ngành", None, "3"), ("1", "Sở Y tế", "1"),
        ("2", "Sở Nội vụ", "2"), ("II", "Đơn vị khác", None), ("1", "Ban Dân tộc", "4"), ("B. Khối xã", None, None),
        ("1", "Phường Hàm Rồng", "5"), (None, "TỔNG SỐ:", "12"),
    ]  # fmt: skip
    parsed = read(write(tmp_path / "a.xlsx", book(_sheet(rows(*body)))), GROUPED)
    assert parsed.rows.frame().rows() == [
        (4, "Khối tỉnh", "Sở, ban, ngành", "Sở Y tế", 1), (5, "Khối tỉnh", "Sở, ban, ngành", "Sở Nội vụ", 2),
        (7, "Khối tỉnh", "Đơn vị khác", "Ban Dân tộc", 4), (9, "Khối xã", None, "Phường Hàm Rồng", 5),
    ]  # fmt: skip
    assert parsed.total_differences == {}
    body[1] = ("A.", "Khối tỉnh", "8")
    wrong = read(write(tmp_path / "b.xlsx", book(_sheet(rows(*body)))), GROUPED)
    assert wrong.total_differences == {"so of the group of row 2": ("8", "7")}


# --- Sheets ---


def test_every_visible_sheet_is_read_and_rows_keep_their_place(tmp_path: Path) -> None:
    second = rows((), ("so", "ma", "ngay"), ("2", "B", "02/06/2026"), ("x", "C", None))
    content = book({"Tháng 5": sheet(TABLE), "Trống": sheet(""), "Tháng 6": sheet(second)})
    parsed = read(write(tmp_path / "a.xlsx", content), _of(sheets="all"))
    assert values(parsed, "ma") == ["A", "B"]
    assert values(parsed, "so") == [Decimal(1), Decimal(2)]
    assert parsed.rejects.select("row_number", "sheet_name").rows() == [(4, "3 (xxxxx 9)")]
    assert row_texts(parsed) == [{"ma": "C", "ngay": None, "so": "x"}]
    assert conserves(parsed)


def test_rows_of_two_sheets_with_one_number_are_two_rows(tmp_path: Path) -> None:
    content = book({"Một": sheet(rows(HEADS, ("A", None, "x"))), "Hai": sheet(rows(HEADS, ("B", None, "2")))})
    parsed = read(write(tmp_path / "a.xlsx", content), _of(sheets="all"))
    assert (values(parsed, "ma"), parsed.rejects.height, parsed.rows_read) == (["B"], 1, 2)


def test_sheets_are_named_or_matched_and_a_named_one_may_be_hidden(tmp_path: Path) -> None:
    content = book({"Bìa": sheet(rows(("x",))), "THÁNG 5": sheet(TABLE), "Mẫu": sheet(TABLE)}, states={"Mẫu": "hidden"})
    file = write(tmp_path / "a.xlsx", content)
    assert read(file, _of(sheets=["tháng *"])).rows_read == 1
    assert read(file, _of(sheets=["Mẫu"])).rows_read == 1
    with pytest.raises(DataRefusedError, match="it has no sheet 'Tháng 7'"):
        read(file, _of(sheets=["Tháng 7"]))


@pytest.mark.parametrize("state", ["visible", "hidden", "veryHidden"])
def test_a_second_sheet_with_the_same_table_is_never_silently_left(state: str, tmp_path: Path) -> None:
    content = book({"Một": sheet(TABLE), "Hai": sheet(TABLE)}, states={"Hai": state})
    with pytest.raises(DataRefusedError, match=r"sheet 2 \(xxx\) holds the same table") as caught:
        read(write(tmp_path / "a.xlsx", content), OF)
    assert caught.value.check == "every_sheet_is_read"
    empty_form = book({"Một": sheet(TABLE), "Hai": sheet(rows(HEADS))}, states={"Hai": state})
    assert read(write(tmp_path / "b.xlsx", empty_form), OF).rows_read == 1


def test_a_hidden_first_sheet_is_passed_over(tmp_path: Path) -> None:
    content = book({"Ẩn": sheet(rows(("ghi chú",))), "Sổ": sheet(TABLE)}, states={"Ẩn": "hidden"})
    assert values(read(write(tmp_path / "a.xlsx", content), OF), "ma") == ["A"]


def test_with_all_sheets_one_without_the_headings_refuses(tmp_path: Path) -> None:
    content = book({"Một": sheet(TABLE), "Hai": sheet(rows(("mã", "ngay"), ("B", None)))})
    with pytest.raises(DataRefusedError, match=r"sheet 2 \(xxx\)"):
        read(write(tmp_path / "a.xlsx", content), _of(sheets="all"))


# --- Hostile files ---


def _wide() -> bytes:
    cells = "".join(f'<c r="{_letters(place)}1"><v>1</v></c>' for place in range(16_384))
    return book(_sheet(f'<row r="1">{cells}</row>', row(2, "x")))


def _letters(place: int) -> str:
    text = ""
    while place >= 0:
        text, place = chr(65 + place % 26) + text, place // 26 - 1
    return text


def _far() -> bytes:
    return book(_sheet(TABLE, '<row r="1048576"><c r="OZ1048576"><v>1</v></c></row>'))


def _far_in_another_row() -> bytes:
    """The row says 3, its cell 1,048,576: the reader believes the cell."""
    return book(_sheet(TABLE, '<row r="3"><c s="0" r="&#79;Z1048576"><v>1</v></c></row>'))


def _bomb() -> bytes:
    """A sheet of 1.5 GB, packed into 1.5 MB, behind a table of contents that says 1,000 bytes."""
    buffer = io.BytesIO(book(_sheet(TABLE)))
    with ZipFile(buffer, "a", ZIP_DEFLATED, compresslevel=9) as archive, archive.open("xl/bomb.xml", "w") as stream:
        for _ in range(1_500):
            stream.write(b" " * 1_000_000)
    content = bytearray(buffer.getvalue())
    place = content.rfind(b"xl/bomb.xml") - 46
    content[place + 24 : place + 28] = (1_000).to_bytes(4, "little")
    return bytes(content)


@pytest.mark.parametrize("build", [_wide, _far, _far_in_another_row, _bomb])
def test_a_hostile_workbook_is_refused_in_seconds_and_little_memory(build: object, tmp_path: Path) -> None:
    assert callable(build)
    file = write(tmp_path / "a.xlsx", build())
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom tests.parse.test_workbook_cells import OF, read\n"
        "from pipelines.errors import DataRefusedError\nstarted = time.process_time()\n"
        "def peak():\n    status = Path('/proc/self/status').read_text()\n    return int(status.partition('VmHWM:')[2].split()[0])\n"
        "before = peak()\n"
        "try:\n    read(Path(sys.argv[1]), OF)\nexcept DataRefusedError as error:\n    print(error.check)\n"
        "print(time.process_time() - started, (peak() - before) / 1024)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(file)], capture_output=True, text=True, check=True)
    check, cost = done.stdout.splitlines()
    seconds, megabytes = map(float, cost.split())
    assert check == "file_is_readable"
    assert seconds < 5
    assert megabytes < 300


@pytest.mark.parametrize(
    "content",
    [
        book(_sheet(TABLE), more={"XL/Worksheets/Sheet1.xml": b"<worksheet/>"}),
        book({"S": '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><worksheet/>'}),
        book({"S": "<worksheet><sheetData><row r='1'>"}),
        book(_sheet('<row r="1"><c r="ABCDE1"><v>1</v></c></row>')),
        book(_sheet('<row r="99999999"><c r="A99999999"><v>1</v></c></row>')),
    ],
    ids=["two parts of one name", "a document type", "malformed", "no such column", "no such row"],
)
def test_a_damaged_part_is_a_refusal(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match=r"a\.xlsx: cannot be read"):
        read(write(tmp_path / "a.xlsx", content), OF)


def _dated(number: str) -> bytes:
    return book(_sheet(row(1, *HEADS[:2]), f'<row r="2">{cell("A2", "M")}<c r="B2" s="1"><v>{number}</v></c></row>'))


def test_a_day_before_all_calendars_costs_the_file_and_not_the_run(tmp_path: Path) -> None:
    """The reader's library ends its process there."""
    with pytest.raises(DataRefusedError, match="its reader broke off"):
        read(write(tmp_path / "a.xlsx", _dated("-1e300")), OF)


@pytest.mark.parametrize("number", ["1e300", "1e18", "-5", "2958466"])
def test_a_day_that_is_none_is_a_reason(number: str, tmp_path: Path) -> None:
    parsed = read(write(tmp_path / "a.xlsx", _dated(number)), OF)
    assert reasons(parsed) == {2: ["ngay: not a readable date"]}


def test_a_directory_that_names_places_before_the_file_is_damage(tmp_path: Path) -> None:
    content = bytearray(book(_sheet(TABLE)))
    directory, end = content.find(b"PK\1\2"), content.rfind(b"PK\5\6")
    # Packed in a way that nobody knows, the first part is not looked into while the layout is told.
    content[directory + 10 : directory + 12] = (12).to_bytes(2, "little")
    content[end + 16 : end + 20] = (directory + 10).to_bytes(4, "little")
    with pytest.raises(DataRefusedError, match="cut short"):
        read(write(tmp_path / "a.xlsx", bytes(content)), OF)
