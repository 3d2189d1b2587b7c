"""What of a rejected row may be shown, and what of a column that changed its type is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.errors import DataRefusedError
from pipelines.parse.masking import shape, shown
from tests.parse.parse_help import DAY, REFERENCE, column, contract, read, reasons, row_texts, write

DATE, UNIT = contract([
    column("ngay", "date", format="%d/%m/%Y"), column("don_vi", "unit_name", registry="units"),
]).columns  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "31/02/2026",
        "2026-02-31T10:00:00Z",
        "31/02/2026 10:61:00",
        "-4",
        "1.5",
        "12,5 %",
        "H99.12",
        "1.004873",
        "SENT_2",
        "7",
    ],
)
def test_what_looks_like_a_figure_a_date_or_a_code_is_shown(text: str) -> None:
    assert shown(DATE, text, ["ngay: not a readable date"]) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Nguyễn Văn An", "xxxxxx xxx xx"), ("an", "xx"), ("NGUYENVANAN", "xxxxxxxxxxx"), ("0912345678", "9999999999"),
        ("0912 345 678", "9999 999 999"), ("038.099.001.234", "999.999.999.999"), ("171234567", "999999999"),
        ("B1234567", "x9999999"), ("0987.65.4321", "9999.99.9999"), ("0987-65-4321", "9999-99-9999"),
        ("SDT0987-654-321", "xxx9999-999-999"), ("CCCD038099-123456", "xxxx999999-999999"), ("NGUYENVANAN87", "xxxxxxxxxxx99"),
        ("0987\u00a0654", "9999x999"), ("an@thu.vn", "xx@xxx.xx"), ("Số 1 đường Mẫu", "xx 9 xxxxx xxx"),
    ],
)  # fmt: skip
def test_what_could_be_a_person_is_shown_by_its_shape(text: str, told: str) -> None:
    assert shown(DATE, text, ["ngay: not a readable date"]) == told == shape(text)


def test_a_cell_that_was_read_stays_and_a_unit_that_is_unknown_can_be_looked_up() -> None:
    assert shown(DATE, "01/06/2026", ["so: empty"]) == "01/06/2026"
    assert shown(UNIT, None, ["don_vi: empty"]) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Sở Ytế", "Sở Ytế"), ("UBND tỉnh Thanh Hoa", "UBND tỉnh Thanh Hoa"), ("UBND xã Không Có", "UBND xã xxxxx xx"),
        ("Lê Thị Xã", "xx xxx xx"), ("Xã 0912345678", "Xã 9999999999"), ("Bành Thị Sở", "xxxx xxx xx"),
        ("Phòng ông Quách Kỳ Nghiêm", "Phòng xxx xxxxx xx xxxxxx"), ("Banh Y", "xxxx x"),
    ],
)  # fmt: skip
def test_a_misspelt_unit_is_shown_and_of_any_other_its_first_words(text: str, told: str) -> None:
    names = REFERENCE.unit_codes_by_name(DAY.first_day, DAY.last_day)
    assert shown(UNIT, text, ["don_vi: unknown or ambiguous unit"], names) == told


def test_a_name_in_a_number_column_is_in_no_reject(tmp_path: Path) -> None:
    of = contract([column("ma"), column("so", "integer"), column("ngay", "date", format="%d/%m/%Y")])
    lines = "".join(f"A{n};{n};01/06/2026\n" for n in range(9))
    parsed = read(write(tmp_path / "a.csv", f"ma;so;ngay\n{lines}B;Lê Văn Tám;0912345678\n"), of)
    assert reasons(parsed) == {11: ["so: not a readable integer", "ngay: not a readable date"]}
    assert row_texts(parsed) == [{"ma": "B", "so": "xx xxx xxx", "ngay": "9999999999"}]


AMERICAN = "ma;ngay\nA;06-01-26\nB;06-02-26\nC;Lê Văn Tám\nD;06-03-26\nE;\nF;01/06/2026\n"


def test_a_required_column_of_another_type_refuses_the_file_and_shows_no_cell(tmp_path: Path) -> None:
    of = contract([column("ma"), column("ngay", "date", format="%d/%m/%Y", required=True)])
    with pytest.raises(DataRefusedError) as caught:
        read(write(tmp_path / "a.csv", AMERICAN), of)
    assert caught.value.check == "columns_keep_their_type"
    assert "'ngay' should hold %d/%m/%Y, but 4 of its 5 cells do not; most look like '99-99-99'" in caught.value.what
    assert "Tám" not in str(caught.value)


def test_a_column_that_may_be_missing_may_be_unreadable(tmp_path: Path) -> None:
    of = contract([column("ma"), column("ngay", "date", format="%d/%m/%Y")])
    assert set(reasons(read(write(tmp_path / "a.csv", AMERICAN), of))) == {2, 3, 4, 5}


def test_half_of_the_cells_is_not_yet_another_type(tmp_path: Path) -> None:
    of = contract([column("ma"), column("so", "integer", required=True)])
    parsed = read(write(tmp_path / "a.csv", "ma;so\nA;1\nB;2\nC;x\nD;y\n"), of)
    assert set(reasons(parsed)) == {4, 5}


def test_a_secret_row_shows_its_mark_and_nothing_else(tmp_path: Path) -> None:
    of = contract([column("ma"), column("so", "integer"), column("mat", "code", hides_row=True)])
    parsed = read(write(tmp_path / "a.csv", "ma;so;mat\n12/KH-BCĐ;1;9\n13/KH-BCĐ;x;1\n14/KH-BCĐ;x;\n"), of)
    assert row_texts(parsed) == [
        {"ma": "•••", "so": "•••", "mat": "9"},
        {"ma": "•••", "so": "•••", "mat": "1"},
        {"ma": "14/KH-BCĐ", "so": "x", "mat": None},
    ]


def test_a_column_that_is_mostly_empty_costs_its_bad_rows_and_not_the_file(tmp_path: Path) -> None:
    of = contract([column("ma"), column("so", "integer", required=True)])
    lines = "".join(f"A{n};\n" for n in range(57)) + "B;x\nC;y\nD;z\n"
    parsed = read(write(tmp_path / "a.csv", f"ma;so\n{lines}"), of)
    assert set(reasons(parsed)) == {59, 60, 61}
