"""A unit written in another way: what may be meant is told, an alias brings the rows in, and mended codes are counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.calendar import Partition
from pipelines.cli import inspection_view
from pipelines.cli.console import screen
from pipelines.cli.quarantine_told import row_as_json
from pipelines.inspection import inspect_file
from pipelines.quarantine.held import Choice, HeldRow, count_reasons, open_quarantine, read_rows, save_rows
from pipelines.quarantine.mending import Mending
from pipelines.replay import replay
from pipelines.vietnamese import check_vi
from tests.quarantine.quarantine_help import HEADER, SNAPSHOT, Home, line

WRITTEN = [
    line(1),
    line(2, "Sở Y tế"),
    line(3, "Sở Y tê"),
    line(4, "SYT"),
    line(5, "VP"),
    line(6, "Sở  Y  tê"),
    line(7),
    line(8),
]


@pytest.fixture
def named(home: Home) -> Home:
    """The home, where the unit is written by its name or its code."""
    home.mend_column(SNAPSHOT, "unit_code", type="unit_name")
    return home


def _rows(home: Home) -> list[HeldRow]:
    file = home.folder / "rows.parquet"
    with open_quarantine(home.settings) as connection:
        save_rows(connection, Choice(), file)
    return list(read_rows(file))


def test_an_alias_and_a_replay_bring_the_rows_in(named: Home) -> None:
    named.bring(WRITTEN)
    assert named.counted() == ["1", "2", "7", "8"]
    named.mend_aliases("SYT,H56.12,,,2020-01-01,,Sở Y tế,", "Sở Y tê,H56.12,,letters,2020-01-01,,Sở Y tế,gõ sai dấu")
    (done,) = replay(named.workshop).replayed
    assert (done.rows_now_pass, done.rows_stay, done.rows_newly_apart) == (3, 1, 0)
    assert named.counted() == ["1", "2", "3", "4", "6", "7", "8"]
    assert named.is_conserved()
    assert replay(named.workshop).replayed == ()


def test_an_alias_of_another_dataset_brings_nothing_in(named: Home) -> None:
    named.bring(WRITTEN)
    named.mend_aliases("SYT,H56.12,,portal,2020-01-01,,Sở Y tế,")
    (done,) = replay(named.workshop).replayed
    assert (done.rows_now_pass, done.rows_stay) == (0, 4)


def test_an_unsound_alias_is_told_and_nothing_is_judged_by_it(named: Home) -> None:
    named.bring(WRITTEN)
    named.mend_aliases("SYT,H56.77,,,2020-01-01,,Sở Y tế,")
    (done,) = replay(named.workshop).replayed
    assert done.load_id is None
    assert "Line 2 of unit_aliases.csv names H56.77" in (done.failure or "")
    assert named.in_force() == [f"{SNAPSHOT}/2026-11-04/r1"]


def test_the_officer_is_told_what_may_be_meant(named: Home) -> None:
    named.bring(WRITTEN)
    rows = {row.row_number: row for row in _rows(named)}
    # The unit's code, its name and the unit above, as ops.quarantine keeps them.
    assert rows[4].reasons[0].startswith("unit_code: unknown or ambiguous unit; may be: H56.12 Sở Y tế (UBND tỉnh)")
    told = row_as_json(named.workshop, Mending(named.workshop), rows[4])
    assert told["reasons_vi"] == ["Mã đơn vị: không có đơn vị này, hoặc tên trùng nhiều đơn vị"]
    assert "Có thể là: H56.12 Sở Y tế (UBND tỉnh)" in told["how_to_mend_vi"][0]
    assert told["units_suggested"][0]["column"] == "unit_code"
    assert told["units_suggested"][0]["units"][0] == {
        "unit_code": "H56.12", "name_vi": "Sở Y tế", "parent_name_vi": "UBND tỉnh",
    }  # fmt: skip


def test_misspellings_are_counted_as_one_fault(named: Home) -> None:
    named.bring(WRITTEN)
    with open_quarantine(named.settings) as connection:
        counted = [(count.reason, count.rows) for count in count_reasons(connection, Choice())]
    assert counted == [("unit_code: unknown or ambiguous unit", 4)]


def test_mended_codes_are_counted_in_the_checks_and_by_inspect(home: Home, tmp_path: Path) -> None:
    home.mend_codes("03", "04")
    home.mend_column(SNAPSHOT, "kind_code", width=2)
    lines = [line(1, kind="3"), line(2, kind="04"), line(3, kind="3")]
    assert home.bring(lines).verdict == "accepted_with_warnings"
    found = home.ask(
        "SELECT severity, is_success, observed, unexpected_count FROM ops.checks WHERE check_name = 'codes_were_repaired'"
    )
    assert found == [("warning", False, "kind_code 2", 2)]
    assert home.ask(f"SELECT kind_code FROM raw.{SNAPSHOT} ORDER BY letter_id") == [("03",), ("04",), ("03",)]
    assert check_vi(home.workshop, SNAPSHOT, "codes_were_repaired")
    file = tmp_path / "letters.csv"
    file.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8-sig")
    looked = inspect_file(home.workshop, file, SNAPSHOT, Partition.parse("2026-11-04"))
    assert looked.judgement is not None
    assert [(check.check_name, check.observed) for check in looked.judgement.failed] == [
        ("codes_were_repaired", "kind_code 2")
    ]
    with screen.capture() as shown:
        inspection_view.show(home.workshop, looked)
    assert "codes_were_repaired (2)" in shown.get()
    assert "kind_code 2" in shown.get()


def test_codes_that_need_no_mending_pass_the_check(home: Home) -> None:
    home.mend_codes("03")
    home.mend_column(SNAPSHOT, "kind_code", width=2)
    assert home.bring([line(1, kind="03")]).verdict == "accepted"
    assert home.ask("SELECT is_success FROM ops.checks WHERE check_name = 'codes_were_repaired'") == [(True,)]
