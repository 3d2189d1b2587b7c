"""What `khotinh explain` prints: to a person in words that fit 100 columns, to a program as JSON; and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner, Result

from pipelines.cli.app import app
from pipelines.cli.console import screen
from tests.explain.published_by_hand import publish_by_hand

NOTHING_MISSING = "không thiếu tệp"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The published file of the home that the command reads."""
    monkeypatch.setenv("KHOTINH_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return publish_by_hand(tmp_path)


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["explain", *arguments], env={"COLUMNS": "1000"})


def _said(*arguments: str) -> str:
    done = _run(*arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_figure_is_told_with_its_version_and_both_words_for_its_parts(file: Path) -> None:
    said = _said("portal_vneid", "--unit", "H56.12", "--period", "2026-11-03")
    assert "1 / 1 = 100,00% (bản công bố | version 20261112T093000000000)" in said
    assert "Tử số | Numerator: what is counted" in said
    assert "Mẫu số | Denominator: what it is divided by" in said
    assert "đúng những bản ghi mà mẫu số đếm" in said
    month = _said("portal_received", "--unit", "H56.12", "--period", "202611")
    assert "Mới có 5/30 ngày số liệu" in month


def test_nothing_is_missing_only_where_all_is_there(file: Path) -> None:
    assert NOTHING_MISSING in _said("portal_received", "--unit", "H56.12", "--period", "2026-11-03")
    for period in (
        "2026-10",
        "2026-11",
        "2026-11-07",
        "2026-11-09",
        "2026-11-10",
        "2026-11-11",
        "2026-11-12",
        "2027-01",
    ):
        assert NOTHING_MISSING not in _said("portal_received", "--unit", "H56.12", "--period", period), period
    assert NOTHING_MISSING not in _said("lonely", "--period", "2026-11-03")


def test_a_figure_that_is_not_there_says_why_and_what_to_type(file: Path) -> None:
    said = _said("portal_received", "--unit", "H56.12", "--period", "2026-10")
    assert "Chưa có số liệu (không phải bằng 0)" in said
    assert "Thiếu 31 ngày số liệu “Hồ sơ thủ tục hành chính” (portal_dossiers): mới có 0/31 ngày." in said
    assert "khotinh run --from 2026-10-01 --to 2026-10-31 --dataset portal_dossiers" in said
    month = _said("portal_received", "--unit", "H56.13", "--period", "2026-11")
    assert "  01/11/2026, 11/11/2026: chưa hỏi nguồn" in month
    assert "  07–08/11/2026: ngày nghỉ" in month
    assert "  09/11/2026: thiếu | missing, lẽ ra có từ | due since 10/11/2026 05:30. Tệp thiếu cột" in month
    assert "«Số đến»" in month
    assert "  12/11/2026: chưa đến hạn | not due yet, hạn | due 13/11/2026 05:30" in month
    assert "  13–30/11/2026: chưa đến ngày" in month
    assert not [line for line in month.splitlines() if line.rstrip().endswith(":") and line.startswith("  ")]


def test_what_no_load_can_bring_is_not_asked_for(file: Path) -> None:
    assert "khotinh run" in _said("portal_vneid", "--period", "2022-06-23")
    assert "khotinh run" not in _said("portal_vneid", "--period", "2022-06-22")
    assert "khotinh run" not in _said("portal_received", "--unit", "H56.105", "--period", "2025-06")


def test_a_system_that_is_not_connected_is_not_named(file: Path) -> None:
    assert "videoconference_dma_calls" not in _said("videoconference_conferences", "--period", "2026-11")


def test_a_row_that_was_set_apart_is_told_as_a_fault_and_not_as_the_rule(file: Path) -> None:
    with duckdb.connect(str(file)) as connection:
        connection.execute("""
            INSERT INTO meta.quarantined_rows VALUES
                ('portal_dossiers/2026-11-03/r1', '', 7, 'H56.12', ['rule: record_is_unique']),
                ('portal_dossiers/2026-11-03/r1', '', 9, 'H56.12', ['fee_amount: below 0'])
        """)
    said = _said("portal_received", "--unit", "H56.12", "--period", "2026-11-03")
    assert "1 dòng, portal_dossiers: Các dòng cùng khóa (Khóa hồ sơ, " in said
    assert "nhưng khác nội dung: giữ một dòng đúng, bỏ dòng sai." in said
    assert "Phí (đồng): nhỏ hơn 0" in said
    assert NOTHING_MISSING not in said


def test_an_indicator_that_came_after_the_closing_is_not_blamed_on_a_rule(file: Path) -> None:
    with duckdb.connect(str(file)) as connection:
        connection.execute("""
            INSERT INTO meta.month_closures VALUES (1, '202610', 'close', '2026-11-10 08:00', NULL, 'v');
            INSERT INTO marts.indicator_restatement VALUES
                ('officer_users_authenticated', 'H56', '202610', NULL, 50, 100, 0.5, NULL, 'appeared', 'other', NULL, NULL),
                ('officer_satisfaction', 'H56', '202610', 0.91, 92, 100, 0.92, 0.01, 'changed', 'other', NULL, NULL)
        """)
    appeared = _said("officer_users_authenticated", "--period", "2026-10")
    assert "  Khi chốt chưa có chỉ tiêu hoặc số này" in appeared
    assert "quy tắc, danh mục" not in appeared
    assert "quy tắc, danh mục" in _said("officer_satisfaction", "--period", "2026-10")


def test_tables_fit_a_hundred_columns(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "width", 100)
    with duckdb.connect(str(file)) as connection:
        connection.execute("""
            UPDATE marts.indicator_history SET "value" = 123456789, numerator = 123456789;
            UPDATE meta.loads SET verdict = 'accepted_with_warnings' WHERE is_in_force;
            INSERT INTO meta.month_closures VALUES (1, '202611', 'close', '2026-11-10 08:00', NULL, 'v');
            INSERT INTO marts.indicator_restatement VALUES ('portal_received', 'H56.12', '202611', 2, 3, NULL, 3, 1,
                'changed', 'loads', NULL, NULL);
            INSERT INTO marts.indicator_restatement_cause VALUES ('portal_received', 'H56.12', '202611',
                'videoconference_endpoint_status/2026-11-03/r12', 'came', '2026-11-12 06:00', 1234567, true,
                'Báo cáo tình hình gửi nhận văn bản liên thông tháng 11 năm 2026 (bản chính).xlsx', repeat('a', 64), NULL)
        """)
        connection.execute("""
            UPDATE meta.loads SET load_id = 'videoconference_endpoint_status/2026-11-03/r12',
                file_name = 'Báo cáo tình hình gửi nhận văn bản liên thông tháng 11 năm 2026 (bản chính).xlsx'
            WHERE load_id = 'portal_dossiers/2026-11-03/r1';
            UPDATE core.fct_dossier SET load_id = 'videoconference_endpoint_status/2026-11-03/r12'
        """)
    for period in ("2026-11-03", "2026-11"):
        said = _said("portal_received", "--unit", "H56.12", "--period", period)
        lines = [line for line in said.splitlines() if set(line) & set("│┃╇")]
        assert len(lines) > 3
        assert max(map(len, lines)) <= 100
        # Nothing of a name is cut off: it goes on in the next line.
        assert "…" not in "".join(lines)


def test_a_program_is_told_the_same(file: Path) -> None:
    told = json.loads(_said("portal_received", "--unit", "H56.20", "--period", "2026-11-10", "--json"))
    assert told["figure"] is None
    assert [one["reason"] for one in told["absent"]] == ["unit_ended", "data_not_loaded"]
    assert told["absent"][0]["units"] == [{"unit_code": "H56.12", "unit_name_vi": "Sở Y tế"}]
    assert all(one["vi"] and one["en"] for one in told["absent"])
    [data] = told["datasets"]
    assert (data["dataset"], data["loaded_count"], data["period_count"]) == ("portal_dossiers", 0, 1)
    assert [(gap["day"], gap["state"]) for gap in data["gaps"]] == [("2026-11-10", "late")]
    assert data["commands"] == ["khotinh run --date 2026-11-10 --dataset portal_dossiers"]
    assert told["is_data_complete"] is False
    assert told["measured_at"] == "2026-11-12T09:00:00"


def test_an_indicator_and_a_unit_are_found_by_their_names(file: Path) -> None:
    told = json.loads(_said(" số HỒ SƠ  tiếp nhận", "--unit", "sở y tế", "--period", "202611", "--json"))
    assert (told["indicator_code"], told["unit_code"], told["period"]) == ("portal_received", "H56.12", "202611")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("portal_recieved", "--period", "2026-11"), "portal_received Số hồ sơ tiếp nhận"),
        (("số hồ sơ tiếp nhân", "--period", "2026-11"), "portal_received Số hồ sơ tiếp nhận"),
        (("portal_received", "--unit", "Sở Y te", "--period", "2026-11"), "H56.12 Sở Y tế"),
        # Two units of one name: a commune of before and one of today.
        (("portal_received", "--unit", "Xã Tân Tiến", "--period", "2026-11"), "H56.106 Xã Tân Tiến; H56.34.52 Xã Tân Tiến"),
        (("portal_received", "--unit", "Xã Tân Tién", "--period", "2026-11"), "H56.106 Xã Tân Tiến; H56.34.52 Xã Tân Tiến"),
        (("portal_received", "--period", "soon"), "YYYY-MM-DD, YYYY-MM."),
        (("portal_received", "--period", "2026-13"), "YYYY-MM-DD, YYYY-MM."),
        (("portal_received", "--period", "baseline-2026-11-02"), "YYYY-MM-DD, YYYY-MM."),
        (("officer_satisfaction", "--period", "2026-10-05"), "2026-10."),
    ],
)  # fmt: skip
def test_what_names_no_figure_is_a_usage_error(file: Path, arguments: tuple[str, ...], says: str) -> None:
    done = _run(*arguments)
    assert done.exit_code == 2
    told = " ".join(done.stderr.replace("│", " ").split())
    assert told.count(says) == 1, told


def test_before_the_first_publish_it_fails_and_says_what_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KHOTINH_HOME", str(tmp_path))
    done = _run("portal_received", "--period", "2026-11")
    assert done.exit_code == 1
    assert "khotinh run" in done.stderr


def test_a_file_that_an_earlier_program_published_is_no_crash(file: Path) -> None:
    with duckdb.connect(str(file)) as connection:
        connection.execute("DROP TABLE meta.expected_periods")
    done = _run("portal_received", "--period", "2026-11")
    assert done.exit_code == 1
    assert "published by an earlier program" in " ".join(done.stderr.split())


def test_the_help_has_exit_codes_and_examples() -> None:
    said = " ".join(_run("--help").stdout.split())
    assert "Mã thoát | Exit codes: 0 " in said
    assert said.count("khotinh explain ") == 2
