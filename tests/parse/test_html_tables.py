"""The portal's "download .xls", which is an HTML page: a heading over three levels, groups, a total, `-` for zero."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.contracts import Contract
from pipelines.errors import DataRefusedError
from pipelines.parse import Parsed
from tests.parse.parse_help import JUNE, SHIPPED, column, contract, numbers, read, reasons, shipped, values, write

II_06A: Contract = shipped("portal_statistics")
HEAD = """
<tr><th rowspan="3">STT</th><th rowspan="3">Đơn vị</th><th colspan="4">Số hồ sơ nhận giải quyết</th>
<th colspan="4">Số hồ sơ đã giải quyết</th><th colspan="3">Số lượng hồ sơ đang giải quyết</th></tr>
<tr><th rowspan="2">Tổng số</th><th colspan="2">Trong đó</th><th rowspan="2">Từ kỳ trước</th><th rowspan="2">Tổng số</th>
<th rowspan="2">Trước hạn</th><th rowspan="2">Đúng hạn</th><th rowspan="2">Quá hạn</th><th rowspan="2">Tổng số</th>
<th rowspan="2">Trong hạn</th><th rowspan="2">Quá hạn</th></tr>
<tr><th>Trực tuyến</th><th>Trực tiếp,<br> dịch vụ bưu chính</th></tr>"""
FIGURES = (
    "received_count", "received_online_count", "received_direct_count", "carried_over_count", "settled_count",
    "settled_early_count", "settled_on_time_count", "settled_late_count", "open_count", "open_in_time_count",
    "open_late_count",
)  # fmt: skip
HEALTH = ("1", "Sở Y tế", "1.234", "1.000", "200", "34", "1.200", "1.100", "95", "5", "34", "30", "4")
HOME = ("2", "SỞ  NỘI VỤ", "7", "-", "7", "-", "", "-", "-", "-", "7", "7", "-")
COMMUNE = ("1", "Phường Hàm Rồng", "10", "10", "-", "-", "10", "10", "-", "-", "-", "-", "-")
TOTAL = ("", "Tổng cộng", "1.251", "1.010", "207", "34", "1.210", "1.110", "95", "5", "41", "37", "4")


def _row(cells: tuple[str, ...]) -> str:
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _group(number: str, label: str) -> str:
    return _row((number, label, *[""] * 11))


def _sum(*rows: tuple[str, ...]) -> list[str]:
    figures = [[int(cell.replace(".", "").replace("-", "") or 0) for cell in row[2:]] for row in rows]
    return [f"{sum(column)}" for column in zip(*figures, strict=True)]


def _page(*rows: str, before: str = "\ufeff<html><head><meta charset='windows-1252'></head><body>") -> str:
    title = '<table><tr><td colspan="13">Biểu số II.06a</td></tr></table>'
    dated = (
        '<tr><td colspan="13">(Từ ngày 01/06/2026 đến ngày 30/06/2026)</td></tr><tr><td colspan="13">&nbsp;</td></tr>'
    )
    return f"{before}{title}<table>{dated}{HEAD}{''.join(rows)}</table></body></html>"


def _read(folder: Path, *rows: str, **more: str) -> Parsed:
    return read(write(folder / "ii-06a.xls", _page(*rows, **more)), II_06A, JUNE, SHIPPED)


def test_every_figure_lands_under_its_heading(tmp_path: Path) -> None:
    parsed = _read(
        tmp_path, _group("I", "Sở, ban, ngành"), _row(HEALTH), _row(HOME), _group("III", "Cấp xã"), _row(COMMUNE)
    )
    assert [values(parsed, name)[0] for name in FIGURES] == [1234, 1000, 200, 34, 1200, 1100, 95, 5, 34, 30, 4]
    assert [values(parsed, name)[1] for name in FIGURES] == [7, 0, 7, 0, 0, 0, 0, 0, 7, 7, 0]
    assert values(parsed, "unit_code")[:2] == ["H56.10", "H56.02"]
    assert values(parsed, "group_name_vi") == ["Sở, ban, ngành", "Sở, ban, ngành", "Cấp xã"]
    assert parsed.added_headings == ()
    assert parsed.rows_read == 3


def test_row_numbers_are_those_of_the_table(tmp_path: Path) -> None:
    assert numbers(_read(tmp_path, _group("I", "Sở, ban, ngành"), _row(HEALTH), _row(HOME))) == [7, 8]


def test_the_total_row_is_compared_with_the_sum(tmp_path: Path) -> None:
    rows = [_row(HEALTH), _row(HOME), _row(COMMUNE)]
    right = _read(tmp_path, *rows, _row(TOTAL))
    assert (right.rows_read, right.total_differences) == (3, {})
    wrong = _read(tmp_path, *rows, _row((*TOTAL[:4], "208", *TOTAL[5:])))
    assert wrong.total_differences == {"received_direct_count": ("208", "207")}


def test_every_total_row_is_compared_not_only_the_first(tmp_path: Path) -> None:
    rows = [_row(HEALTH), _row(HOME), _row(COMMUNE)]
    above = _row(("", "Toàn tỉnh", *TOTAL[2:]))
    assert _read(tmp_path, above, *rows, _row(TOTAL)).total_differences == {}
    wrong = _read(tmp_path, above, *rows, _row((*TOTAL[:4], "208", *TOTAL[5:])))
    assert wrong.total_differences == {"received_direct_count": ("208", "207")}
    assert wrong.rows_read == 3


def test_a_total_that_says_nothing_says_zero(tmp_path: Path) -> None:
    rows = [_row(HEALTH), _row(HOME), _row(COMMUNE)]
    cut = _read(tmp_path, *rows, _row((*TOTAL[:6], *[""] * 7)))
    assert cut.total_differences == {
        "settled_count": ("0", "1210"), "settled_early_count": ("0", "1110"), "settled_on_time_count": ("0", "95"),
        "settled_late_count": ("0", "5"), "open_count": ("0", "41"), "open_in_time_count": ("0", "37"),
        "open_late_count": ("0", "4"),
    }  # fmt: skip


def test_the_sum_of_a_group_is_compared_with_its_members(tmp_path: Path) -> None:
    departments = ("I", "Sở, ban, ngành", "1.241", "1.000", "207", "34", "1.200", "1.100", "95", "5", "41", "37", "4")
    communes = ("III", "Cấp xã", *COMMUNE[2:])
    rows = [_row(HEALTH), _row(HOME), _row(communes), _row(COMMUNE), _row(TOTAL)]
    right = _read(tmp_path, _row(departments), *rows)
    assert (right.rows_read, right.total_differences) == (3, {})
    wrong = _read(tmp_path, _row((*departments[:9], "6", *departments[10:])), *rows)
    # The figure of the ninth column, "trước hạn" 1.100, "đúng hạn" 95, "quá hạn" 5: 6 stands for the last of them.
    assert wrong.total_differences == {"settled_late_count of the group of row 6": ("6", "5")}


def test_a_unit_that_is_numbered_like_a_group_does_not_vanish(tmp_path: Path) -> None:
    lost = _read(tmp_path, _group("I", "Sở, ban, ngành"), _row(HEALTH), _row(HOME), _row(("II", *COMMUNE[1:])),
        _row(("", "Tổng cộng", *_sum(HEALTH, HOME))))  # fmt: skip
    assert lost.total_differences == {
        "received_count of the group of row 9": ("10", "0"), "received_online_count of the group of row 9": ("10", "0"),
        "settled_count of the group of row 9": ("10", "0"), "settled_early_count of the group of row 9": ("10", "0"),
    }  # fmt: skip


def test_a_table_that_ends_before_its_total_row_is_known_to_be_short(tmp_path: Path) -> None:
    assert _read(tmp_path, _row(HEALTH), _row(HOME)).total_differences == {
        "total row": ("none", "the file may be cut short")
    }


def test_a_page_that_breaks_off_is_refused(tmp_path: Path) -> None:
    page = _page(_row(HEALTH), _row(HOME)).replace("</table>", "", 2).removesuffix("</body></html>")
    with pytest.raises(DataRefusedError, match="never ends"):
        read(write(tmp_path / "ii-06a.xls", page), II_06A, JUNE, SHIPPED)


def test_a_total_of_nothing_may_be_a_dash(tmp_path: Path) -> None:
    nothing = ("1", "Sở Y tế", *["-"] * 11)
    assert _read(tmp_path, _row(nothing), _row(("", "Toàn tỉnh", *["-"] * 11))).total_differences == {}


def test_the_file_is_utf_8_whatever_it_says_of_itself(tmp_path: Path) -> None:
    said = "<?xml version='1.0' encoding='utf-16'?>\n<!DOCTYPE html><html><body>"
    assert values(_read(tmp_path, _row(HEALTH), before=said), "unit_code") == ["H56.10"]


def test_faulty_figures_are_rejected_with_every_reason(tmp_path: Path) -> None:
    bad = ("1", "Sở Hàng không", "1,234", "-5", "12.34", *["-"] * 8)
    parsed = _read(tmp_path, _row(HEALTH), _row(bad))
    assert reasons(parsed) == {
        7: [
            "unit_code: unknown or ambiguous unit",
            "received_count: not a readable integer",
            "received_online_count: below 0",
            "received_direct_count: not a readable integer",
        ]
    }


def test_a_spanned_cell_of_the_body_does_not_move_its_neighbours(tmp_path: Path) -> None:
    of = contract(
        [column("nhom"), column("ma"), column("so", "integer")],
        keys=["ma"],
        format={"kind": "html", "zero_marks": ["-"]},
    )
    page = (
        "<table><tr><th>nhom</th><th>ma</th><th>so</th></tr><tr><td rowspan=2>I</td><td>A</td><td>1</td></tr>"
        "<tr><td>B</td><td>2</td></tr><tr><td colspan=2>C</td><td>-</td></tr></table>"
    )
    parsed = read(write(tmp_path / "a.xls", page), of)
    assert parsed.rows.frame().rows() == [(2, "I", "A", 1), (3, "I", "B", 2), (4, "C", None, 0)]


@pytest.mark.parametrize(
    "page", ["", "Phiên làm việc đã hết hạn", "<html><body>503</body></html>", "<!-- <table> -->", "<table></table>"]
)
def test_a_page_without_the_table_is_refused(page: str, tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match=r"ii-06a\.xls: cannot be read: (there is no table|no row holds any)"):
        read(write(tmp_path / "ii-06a.xls", page), II_06A, JUNE, SHIPPED)


def test_another_encoding_and_damaged_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match="not UTF-8"):
        read(write(tmp_path / "a.xls", _page(_row(HEALTH)).encode("utf-16")), II_06A, JUNE, SHIPPED)
    with pytest.raises(DataRefusedError, match=r"U\+FFFD"):
        _read(tmp_path, _row((HEALTH[0], "S\ufffd Y t\ufffd", *HEALTH[2:])))


def test_a_level_of_the_heading_that_changed_is_named(tmp_path: Path) -> None:
    file = write(tmp_path / "a.xls", _page(_row(HEALTH)).replace("Từ kỳ trước", "Kỳ trước chuyển sang"))
    with pytest.raises(DataRefusedError) as caught:
        read(file, II_06A, JUNE, SHIPPED)
    assert "lacks the heading 'Số hồ sơ nhận giải quyết / Từ kỳ trước'" in caught.value.what
    assert "nearest heading in the file: 'Số hồ sơ nhận giải quyết / Kỳ trước chuyển sang'" in caught.value.what
