"""Form II.06a as a file: what another program reads in it, its formulas computed again, and when it may not be sent.

Every figure here was worked out by hand from the rows of MONTHS below.
"""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner, Result

from pipelines.cli.app import app
from tests.forms.read_back import NAMESPACE, Book

FORM, CHECKS = "II.06a", "Kiểm tra"
UNITS = [
    ("H56", "UBND tỉnh Thanh Hóa", "province", "province", None),
    ("H56.12", "Sở Y tế", "department", "province", "H56"),
    ("H56.12.03", "Văn phòng", "sub_unit", "province", "H56.12"),
    ("H56.13", "Sở Xây dựng", "department", "province", "H56"),
    ("H56.200", "Xã Hoằng Hóa", "commune", "commune", "H56"),
]
# Unit, field, then columns 4, 5, channel not reported, 6, 8, 9, 10, 12, 13 of October; columns 3, 7 and 11 are their sums.
OCTOBER = [
    ("H56.12", "Khám bệnh và chữa bệnh", 10, 5, 0, 2, 4, 6, 1, 5, 1),
    ("H56.13", "Hoạt động xây dựng", 3, 0, 0, 1, 1, 1, 0, 2, 0),
    ("H56.200", "Hộ tịch", 20, 30, 0, 4, 30, 15, 2, 6, 1),
    ("H56.200", "Chứng thực", 0, 40, 0, 0, 40, 0, 0, 0, 0),
]
SEPTEMBER = [
    ("H56.12", "Khám bệnh và chữa bệnh", 1, 1, 0, 0, 0, 0, 0, 1, 1),
    ("H56.13", "Hoạt động xây dựng", 1, 0, 0, 0, 0, 0, 0, 1, 0),
    ("H56.200", "Hộ tịch", 4, 5, 0, 0, 5, 0, 0, 2, 2),
]
SPANS = {"202609": ("2026-09-01", "2026-09-30", 30), "202610": ("2026-10-01", "2026-10-31", 31)}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A published file with two whole months that agree with each other."""
    monkeypatch.setenv("KHOTINH_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "published" / "warehouse-1.duckdb"
    file.parent.mkdir()
    with duckdb.connect(str(file)) as connection:
        connection.execute("""
            CREATE SCHEMA marts; CREATE SCHEMA core; CREATE SCHEMA meta;
            CREATE TABLE meta.versions AS SELECT '20261101T050000000000' AS version;
            CREATE TABLE core.dim_unit (unit_code VARCHAR, unit_name_vi VARCHAR, unit_type VARCHAR,
                administrative_level_code VARCHAR, parent_unit_code VARCHAR, valid_from DATE DEFAULT '2020-01-01');
            CREATE TABLE marts.portal_form_ii06a_monthly (
                unit_code VARCHAR, field_name_vi VARCHAR, period VARCHAR, first_date DATE, last_date DATE,
                days_covered BIGINT, days_expected BIGINT, is_opening_known BOOLEAN, is_closing_known BOOLEAN,
                is_complete BOOLEAN, received_count BIGINT, received_online_count BIGINT, received_direct_count BIGINT,
                received_channel_unreported_count BIGINT, carried_over_count BIGINT, settled_count BIGINT,
                settled_early_count BIGINT, settled_on_time_count BIGINT, settled_late_count BIGINT, open_count BIGINT,
                open_in_time_count BIGINT, open_late_count BIGINT);
            CREATE TABLE meta.month_closures (closure_sequence BIGINT, period VARCHAR, action VARCHAR, acted_at TIMESTAMP,
                version VARCHAR);
            CREATE TABLE meta.closed_form_rows AS FROM marts.portal_form_ii06a_monthly WHERE false
        """)
        connection.executemany(
            "INSERT INTO core.dim_unit (unit_code, unit_name_vi, unit_type, administrative_level_code, parent_unit_code) VALUES (?, ?, ?, ?, ?)",
            UNITS,
        )
        for period, rows in (("202609", SEPTEMBER), ("202610", OCTOBER)):
            first, last, days = SPANS[period]
            for unit, field, online, direct, silent, carried, early, on_time, late, in_time, overdue in rows:
                connection.execute(
                    f"INSERT INTO marts.portal_form_ii06a_monthly VALUES ({', '.join('?' * 22)})",
                    [unit, field, period, first, last, days, days, True, True, True,
                     online + direct + silent + carried, online, direct, silent, carried, early + on_time + late,
                     early, on_time, late, in_time + overdue, in_time, overdue],
                )  # fmt: skip
    (file.parent / "warehouse.duckdb").symlink_to(file.name)
    return tmp_path


def _change(home: Path, sql: str) -> None:
    with duckdb.connect(str((home / "published" / "warehouse.duckdb").resolve())) as connection:
        connection.execute(sql)


def _form(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["form", "II.06a", "--period", "2026-10", *arguments])


def _line(book: Book, line: int) -> list[str | None]:
    return [book.cells[FORM].get(f"{letter}{line}") for letter in "ABCDEFGHIJKLM"]


def test_the_province_has_its_levels_its_fields_and_its_total(home: Path) -> None:
    assert _form().exit_code == 0
    book = Book(home / "II.06a_2026-10.xlsx")
    lines = [_line(book, line) for line in range(8, 15)]
    assert lines == [
        ["I", "Cấp tỉnh", "21", "13", "5", "3", "13", "5", "7", "1", "8", "7", "1"],
        ["1", "Hoạt động xây dựng", "4", "3", "0", "1", "2", "1", "1", "0", "2", "2", "0"],
        ["2", "Khám bệnh và chữa bệnh", "17", "10", "5", "2", "11", "4", "6", "1", "6", "5", "1"],
        ["II", "Cấp xã", "94", "20", "70", "4", "87", "70", "15", "2", "7", "6", "1"],
        ["1", "Chứng thực", "40", "0", "40", "0", "40", "40", "0", "0", "0", "0", "0"],
        ["2", "Hộ tịch", "54", "20", "30", "4", "47", "30", "15", "2", "7", "6", "1"],
        ["", "Tổng cộng", "115", "33", "75", "7", "100", "75", "22", "3", "15", "13", "2"],
    ]


def test_it_is_laid_out_as_the_form_is(home: Path) -> None:
    assert _form("-o", "x.xlsx").exit_code == 0
    book = Book(home / "x.xlsx")
    assert book.sheets == [FORM, CHECKS, "Ghi chú"]
    cells = book.cells[FORM]
    assert "II.06a/VPCP/KSTT" in cells["A1"]
    assert "01/2020/TT-VPCP" in cells["A1"]
    assert "từ ngày 01/10/2026 đến ngày 31/10/2026" in cells["D1"]
    assert cells["J1"] == "Đơn vị báo cáo: UBND tỉnh Thanh Hóa\nĐơn vị nhận báo cáo: Văn phòng Chính phủ"
    assert cells["A2"].startswith("Đủ điều kiện gửi")
    assert cells["K3"] == "Đơn vị tính: Hồ sơ"
    assert {address: cells[address] for address in ("C4", "G4", "K4", "D5", "D6", "E6", "F5", "M5")} == {
        "C4": "Số lượng hồ sơ tiếp nhận", "G4": "Số lượng hồ sơ đã giải quyết", "K4": "Số lượng hồ sơ đang giải quyết",
        "D5": "Trong kỳ", "D6": "Trực tuyến", "E6": "Trực tiếp, dịch vụ bưu chính", "F5": "Từ kỳ trước", "M5": "Quá hạn",
    }  # fmt: skip
    assert {"A4:A6", "B4:B6", "C4:F4", "C5:C6", "D5:E5", "F5:F6", "G4:J4", "K4:M4", "M5:M6"} <= book.merged
    assert _line(book, 7) == [
        "(1)", "(2)", "(3)=(4)+(5)+(6)", "(4)", "(5)", "(6)", "(7)=(8)+(9)+(10)", "(8)", "(9)", "(10)",
        "(11)=(12)+(13)", "(12)", "(13)",
    ]  # fmt: skip
    assert [cells[address] for address in ("I16", "A17", "I17", "I18")] == [
        "…………, ngày …… tháng …… năm ………", "NGƯỜI LẬP BIỂU", "THỦ TRƯỞNG ĐƠN VỊ", "(Ký tên, đóng dấu)",
    ]  # fmt: skip
    setup = book.xml[FORM].find("x:pageSetup", NAMESPACE)
    assert setup is not None
    assert (setup.get("paperSize"), setup.get("orientation")) == ("9", "landscape")


def test_every_check_is_a_formula_that_holds_when_it_is_computed_again(home: Path) -> None:
    assert _form("-o", "x.xlsx").exit_code == 0
    book = Book(home / "x.xlsx")
    assert book.formulas[CHECKS]["D3"] == "'II.06a'!C8"
    assert book.formulas[CHECKS]["E3"] == "'II.06a'!D8+'II.06a'!E8+'II.06a'!F8"
    # Seven rows with four sums and the period before; two groups and the total with eleven columns each.
    lines = range(3, 3 + 7 * 5 + 3 * 11)
    for line in lines:
        assert book.computed(CHECKS, f"G{line}") == "Đúng" == book.cells[CHECKS][f"G{line}"]
        for column in "DEF":
            assert book.computed(CHECKS, f"{column}{line}") == float(book.cells[CHECKS][f"{column}{line}"])
    assert f"G{lines.stop}" not in book.cells[CHECKS]
    assert book.computed(CHECKS, "G1") == 0
    # Hộ tịch: column 6 against what September left open, 2 in time and 2 late.
    before = [
        line
        for line in lines
        if book.cells[CHECKS][f"A{line}"] == "F13" and "kỳ trước" in book.cells[CHECKS][f"C{line}"]
    ]
    assert [book.cells[CHECKS][f"E{line}"] for line in before] == ["4"]


def test_a_figure_that_somebody_changes_breaks_its_formulas(home: Path) -> None:
    assert _form("-o", "x.xlsx").exit_code == 0
    book = Book(home / "x.xlsx")
    # Hộ tịch, received online: 21 for 20. Its own sum, and its group's, which in turn stays what it was.
    book.cells[FORM]["D13"] = "21"
    wrong = [
        (book.cells[CHECKS][f"A{line}"], book.cells[CHECKS][f"C{line}"])
        for line in range(3, 3 + 7 * 5 + 3 * 11)
        if book.computed(CHECKS, f"G{line}") == "SAI"
    ]
    assert wrong == [("D11", "(4)=cộng các dòng"), ("C13", "(3)=(4)+(5)+(6)")]
    assert book.computed(CHECKS, "G1") == 2


def test_channels_that_nobody_reported_break_the_form_and_are_named(home: Path) -> None:
    _change(
        home,
        "UPDATE marts.portal_form_ii06a_monthly SET received_online_count = 18, received_channel_unreported_count = 2 WHERE period = '202610' AND field_name_vi = 'Hộ tịch'",
    )
    done = _form()
    assert done.exit_code == 3
    assert "Ô C13 (Hộ tịch): (3)=(4)+(5)+(6) không khớp, 54 ≠ 52. 2 hồ sơ không ghi kênh nộp" in done.stdout
    assert "KHÔNG GỬI" in done.stdout
    book = Book(home / "II.06a_2026-10.xlsx")
    # The row, its group and the total.
    assert book.cells[FORM]["A2"] == "KHÔNG GỬI: 3 phép kiểm không khớp. Xem trang Kiểm tra."
    assert book.computed(CHECKS, "G1") == 3
    # They stand out; the fields that hold look like one another.
    looks = {cell.get("r"): cell.get("s") for cell in book.xml[FORM].findall(".//x:c", NAMESPACE)}
    assert looks["C13"] != looks["C12"] == looks["C9"] == looks["D13"]
    assert looks["C14"] == looks["C11"] != looks["C8"]
    header = book.xml[FORM].findtext(".//x:oddHeader", None, NAMESPACE)
    assert header is not None
    assert "KHÔNG GỬI" in header


def test_what_september_left_open_must_be_carried_over(home: Path) -> None:
    _change(
        home,
        "UPDATE marts.portal_form_ii06a_monthly SET open_count = 5, open_late_count = 3 WHERE period = '202609' AND field_name_vi = 'Hộ tịch'",
    )
    told = json.loads(_form("--json").stdout)
    assert told["exit_code"] == 3
    assert [(check["cell"], check["rule"], check["left"], check["right"]) for check in told["open_checks"]] == [
        ("F11", "(6)=(11) kỳ trước", 4, 5), ("F13", "(6)=(11) kỳ trước", 4, 5), ("F14", "(6)=(11) kỳ trước", 7, 8),
    ]  # fmt: skip


def test_a_field_that_was_left_out_breaks_the_carry_over_of_its_level(home: Path) -> None:
    _change(home, "DELETE FROM marts.portal_form_ii06a_monthly WHERE period = '202610' AND unit_code = 'H56.13'")
    told = json.loads(_form("--json").stdout)
    assert [(check["cell"], check["left"], check["right"]) for check in told["open_checks"]] == [
        ("F8", 2, 3),
        ("F13", 6, 7),
    ]


def test_without_the_period_before_the_form_says_that_column_6_was_not_checked(home: Path) -> None:
    _change(home, "DELETE FROM marts.portal_form_ii06a_monthly WHERE period = '202609'")
    done = _form()
    assert done.exit_code == 0
    assert "Cột 6 không kiểm được" in done.stdout
    book = Book(home / "II.06a_2026-10.xlsx")
    assert "cột 6 không kiểm được vì kho không có kỳ trước" in book.cells[FORM]["A2"]
    results = [
        value
        for address, value in book.cells[CHECKS].items()
        if address.startswith("G") and address not in ("G1", "G2")
    ]
    assert results.count("Không kiểm được") == 7
    assert results.count("Đúng") == 7 * 4 + 3 * 11


def test_a_month_in_progress_says_so_and_hides_what_nobody_knows(home: Path) -> None:
    _change(
        home,
        """
        UPDATE marts.portal_form_ii06a_monthly SET is_complete = false, days_covered = 7, last_date = '2026-10-08',
            is_opening_known = false, received_count = NULL, carried_over_count = NULL WHERE period = '202610'
        """,
    )
    done = _form()
    assert done.exit_code == 3
    assert "mới nạp 7/31 ngày, số liệu đến hết 08/10/2026" in done.stdout
    book = Book(home / "II.06a_2026-10.xlsx")
    assert book.cells[FORM]["A2"].startswith("KHÔNG GỬI: kỳ chưa đủ (7/31 ngày)")
    assert _line(book, 14) == ["", "Tổng cộng", "–", "33", "75", "–", "100", "75", "22", "3", "15", "13", "2"]


def test_a_month_in_progress_is_not_sent_though_everything_adds_up(home: Path) -> None:
    _change(
        home,
        "UPDATE marts.portal_form_ii06a_monthly SET is_complete = false, days_covered = 30 WHERE period = '202610'",
    )
    told = json.loads(_form("--json").stdout)
    assert (told["exit_code"], told["may_be_sent"], told["open_checks"]) == (3, False, [])
    assert (
        Book(home / "II.06a_2026-10.xlsx").cells[FORM]["A2"]
        == "KHÔNG GỬI: kỳ chưa đủ (30/31 ngày). Xem trang Kiểm tra."
    )


def _close(home: Path, period: str) -> None:
    """Closes a month as it is."""
    _change(
        home,
        f"""
        INSERT INTO meta.month_closures VALUES
            (1, '{period}', 'close', '2026-11-04 09:30:00', '20261104T050000000000'),
            (2, '{period}', 'reopen', '2026-11-04 10:30:00', '20261104T050000000000'),
            (3, '{period}', 'close', '2026-11-05 09:30:00', '20261105T050000000000');
        INSERT INTO meta.closed_form_rows FROM marts.portal_form_ii06a_monthly WHERE period = '{period}'
        """,
    )


def _change_october(home: Path, what: str, field: str = "Hộ tịch") -> None:
    _change(
        home,
        f"UPDATE marts.portal_form_ii06a_monthly SET {what} WHERE period = '202610' AND field_name_vi = '{field}'",
    )


def test_a_closed_month_that_stands_is_sent(home: Path) -> None:
    _close(home, "202610")
    assert _form().exit_code == 0


def test_a_closed_month_whose_form_moved_is_not_sent_and_says_where_the_closed_one_is(home: Path) -> None:
    _close(home, "202610")
    # Nine of 30 early ones are on time by now: no sum of the form tells.
    _change_october(home, "settled_early_count = 21, settled_on_time_count = 24")
    done = _form()
    assert done.exit_code == 3
    told = " ".join(done.stdout.split())
    assert "chốt lúc 09:30 ngày 05/11/2026; từ đó biểu đã đổi: 1 dòng" in told
    assert "ở cột 8, 9." in told
    assert "20261105T050000000000" in done.stdout
    assert (
        Book(home / "II.06a_2026-10.xlsx").cells[FORM]["A2"]
        == "KHÔNG GỬI: tháng đã chốt, số nay khác số đã chốt. Xem trang Kiểm tra."
    )
    assert _form("--unit", "H56.200").exit_code == 3
    assert _form("--unit", "H56.13").exit_code == 0
    assert _form("--level", "province").exit_code == 0
    _change(home, "INSERT INTO meta.month_closures VALUES (4, '202610', 'reopen', now(), 'v')")
    assert _form("--unit", "H56.200", "-o", "again.xlsx").exit_code == 0


def test_a_field_that_came_to_a_closed_month_or_left_it_moved(home: Path) -> None:
    _close(home, "202610")
    _change_october(home, "field_name_vi = 'Đất đai'", field="Chứng thực")
    told = " ".join(_form().stdout.split())
    # 40 received directly and settled early, once here and once there; whatever else is 0 did not move.
    assert "từ đó biểu đã đổi: 2 dòng (theo đơn vị và lĩnh vực), ở cột 3, 5, 7, 8." in told


def test_what_is_not_known_of_a_closed_month_any_more_moved(home: Path) -> None:
    _close(home, "202610")
    _change_october(home, "carried_over_count = NULL")
    assert "1 dòng (theo đơn vị và lĩnh vực), ở cột 6." in " ".join(_form().stdout.split())


def test_a_closed_month_without_a_form_has_none_of_its_rows_by_closing(home: Path) -> None:
    _change(home, "INSERT INTO meta.month_closures VALUES (1, '202610', 'close', '2026-11-05 09:30:00', 'v')")
    assert "4 dòng" in _form().stdout


def test_column_6_is_held_against_what_was_closed_of_the_period_before(home: Path) -> None:
    _close(home, "202609")
    # Since restated: of the four that September left open one is gone, and October carries over three.
    _change(
        home,
        "UPDATE marts.portal_form_ii06a_monthly SET open_count = 3, open_late_count = 1 WHERE period = '202609' AND field_name_vi = 'Hộ tịch'",
    )
    _change_october(home, "carried_over_count = 3, received_count = 53, open_count = 6, open_in_time_count = 5")
    told = json.loads(_form("--json").stdout)
    assert not told["may_be_sent"]
    assert [(check["cell"], check["left"], check["right"]) for check in told["open_checks"]] == [
        ("F11", 3, 4), ("F13", 3, 4), ("F14", 6, 7),
    ]  # fmt: skip
    assert "Cột 11 kỳ trước là số đã chốt lúc 09:30 ngày 05/11/2026." in told["problems"][0]["vi"]
    # Once September is open again, its newest count is what will be sent.
    _change(home, "INSERT INTO meta.month_closures VALUES (4, '202609', 'reopen', now(), 'v')")
    assert _form("-o", "again.xlsx").exit_code == 0


def test_a_period_before_that_was_closed_without_its_form_cannot_be_checked(home: Path) -> None:
    _change(home, "INSERT INTO meta.month_closures VALUES (1, '202609', 'close', '2026-10-05 09:30:00', 'v')")
    done = _form()
    assert done.exit_code == 0
    assert "Cột 6 không kiểm được" in done.stdout


def test_days_that_are_not_loaded_are_not_in_the_heading(home: Path) -> None:
    _change_october(home, "is_complete = false, days_covered = 7, last_date = '2026-10-08'")
    _change(
        home,
        "UPDATE marts.portal_form_ii06a_monthly SET days_covered = 7, last_date = '2026-10-08' WHERE period = '202610'",
    )
    _form()
    heading = Book(home / "II.06a_2026-10.xlsx").cells[FORM]["D1"]
    assert "Kỳ báo cáo: Tháng 10/2026 (số liệu của 7/31 ngày, đến hết ngày 08/10/2026)" in heading
    # Eight of eight.
    _change(home, "UPDATE marts.portal_form_ii06a_monthly SET days_covered = 8 WHERE period = '202610'")
    assert "từ ngày 01/10/2026 đến ngày 08/10/2026" in " ".join(_form("--force").stdout.split())


def test_a_file_that_is_there_is_replaced_only_on_purpose(home: Path) -> None:
    file = home / "mine.xlsx"
    file.write_text("mine", encoding="utf-8")
    refused = _form("-o", "mine.xlsx")
    assert refused.exit_code == 2
    assert "--force" in refused.output
    assert file.read_text(encoding="utf-8") == "mine"
    assert _form("-o", "mine.xlsx", "-f").exit_code == 0
    assert Book(file).sheets[0] == FORM
    assert _form("-o", "none/form.xlsx").exit_code == 2
    assert _form("-o", "form.xls").exit_code == 2
    assert sorted(path.name for path in home.iterdir()) == ["mine.xlsx", "published"]


def test_a_unit_is_found_by_its_name_and_a_month_in_either_writing(home: Path) -> None:
    _change(home, "UPDATE core.dim_unit SET unit_name_vi = 'Sở Xây dựng cũ' WHERE unit_code = 'H56.13'")
    _change(
        home,
        "INSERT INTO core.dim_unit VALUES ('H56.13', 'Sở Xây dựng', 'department', 'province', 'H56', '2025-07-01')",
    )
    for name in ("Sở Y tế", "sở  y tế"):
        told = json.loads(_form("--unit", name, "--json", "-f").stdout)
        assert (told["unit_code"], told["file"]) == ("H56.12", "II.06a_2026-10_H56.12.xlsx")
    assert json.loads(_form("--unit", "Sở Xây dựng cũ", "--json").stdout)["unit_code"] == "H56.13"
    done = CliRunner().invoke(app, ["form", "II.06a", "--period", "202610", "--json"])
    assert json.loads(done.stdout)["period"] == "2026-10"
    # Two units of one name are told apart by their codes; the whole province has no unit.
    _change(
        home, "INSERT INTO core.dim_unit VALUES ('H56.14', 'Sở Y tế', 'department', 'province', 'H56', '2025-07-01')"
    )
    both = _form("--unit", "Sở Y tế")
    assert both.exit_code == 2
    assert "H56.12, H56.14" in both.output
    assert json.loads(_form("--unit", "H56", "--json", "-f").stdout)["unit_code"] is None


def test_one_level_and_one_unit_have_their_own_form(home: Path) -> None:
    assert _form("--level", "province").exit_code == 0
    level = Book(home / "II.06a_2026-10_province.xlsx")
    assert "Cấp tỉnh" in level.cells[FORM]["D1"]
    assert [_line(level, line)[1:3] for line in (8, 9, 10)] == [
        ["Hoạt động xây dựng", "4"], ["Khám bệnh và chữa bệnh", "17"], ["Tổng cộng", "21"],
    ]  # fmt: skip
    assert _form("--unit", "H56.12").exit_code == 0
    unit = Book(home / "II.06a_2026-10_H56.12.xlsx")
    assert unit.cells[FORM]["J1"].startswith("Đơn vị báo cáo: Sở Y tế")
    assert [_line(unit, line)[1:3] for line in (8, 9)] == [["Khám bệnh và chữa bệnh", "17"], ["Tổng cộng", "17"]]


def test_a_unit_with_nothing_to_report_reports_zeros(home: Path) -> None:
    _change(home, "DELETE FROM marts.portal_form_ii06a_monthly WHERE unit_code = 'H56.13'")
    assert _form("--unit", "H56.13").exit_code == 0
    book = Book(home / "II.06a_2026-10_H56.13.xlsx")
    assert _line(book, 8) == ["", "Tổng cộng", *["0"] * 11]


def test_a_field_whose_name_looks_like_a_formula_stays_a_text(home: Path) -> None:
    _change(home, "UPDATE marts.portal_form_ii06a_monthly SET field_name_vi = '=1+1' WHERE field_name_vi = 'Hộ tịch'")
    assert _form().exit_code == 0
    book = Book(home / "II.06a_2026-10.xlsx")
    assert book.cells[FORM]["B12"] == "=1+1"
    assert not book.formulas[FORM]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["II.06b", "--period", "2026-10"], "II.06a"),
        (["II.06a", "--period", "2026-10-05"], "YYYY-MM"),
        (["II.06a", "--period", "thang-10"], "YYYY-MM"),
        (["II.06a", "--period", "2026-10", "--level", "tinh"], "province"),
        (["II.06a", "--period", "2026-10", "--unit", "H56.99"], "H56.99"),
        (["II.06a", "--period", "2026-10", "--unit", "Sở Y tê"], "Sở Y tế"),
        (["II.06a", "--period", "2026-10", "--unit", "Văn phòng"], "H56.12"),
        (["II.06a", "--period", "2026-10", "--unit", "H56.12.03"], "H56.12"),
        (["II.06a", "--period", "2026-10", "--unit", "H56.12", "--level", "province"], "--level"),
    ],
)
def test_what_cannot_be_asked_for_is_a_usage_error(home: Path, arguments: list[str], told: str) -> None:
    done = CliRunner().invoke(app, ["form", *arguments])
    assert done.exit_code == 2
    assert told in done.output
    assert not list(home.glob("*.xlsx"))


def test_a_month_that_is_not_published_is_no_form_of_zeros(home: Path) -> None:
    done = CliRunner().invoke(app, ["form", "II.06a", "--period", "2026-08"])
    assert done.exit_code == 1
    assert "2026-09, 2026-10" in done.output
    told = " ".join(done.output.split())
    assert "Chưa nạp hồ sơ của tháng 08/2026 (kho mới có: 09/2026, 10/2026)." in told
    assert "khotinh run --from 2026-08-01 --to 2026-08-31 --dataset portal_dossiers" in told
    assert not list(home.glob("*.xlsx"))


def test_a_file_of_an_earlier_release_says_what_to_do(home: Path) -> None:
    _change(home, "DROP TABLE marts.portal_form_ii06a_monthly")
    done = _form()
    assert done.exit_code == 1
    assert "earlier release" in done.output
    assert "khotinh run" in done.output
