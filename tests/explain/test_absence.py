"""A figure that is not there says why: each reason that holds, and no other. The days are those of `published_by_hand`."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipelines.explain.absence import AbsenceReason as Why
from pipelines.explain.data_there import GapState
from pipelines.explain.explanation import Explanation, explain
from pipelines.settings import Settings
from tests.explain.published_by_hand import NOT_THERE, REFUSED, load, publish_by_hand


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The published file."""
    return publish_by_hand(tmp_path)


def _explain(file: Path, indicator: str, unit: str, period: str) -> Explanation:
    return explain(Settings.model_validate({"home": file.parents[1]}), indicator, unit, period)


CASES = [
    # What was never loaded, before the first day that was asked for.
    ("portal_received", "H56.12", "2026-10", {Why.DATA_NOT_LOADED}),
    ("officer_satisfaction", "H56", "2026-09", {Why.DATA_NOT_LOADED}),
    # Refused, late, never asked for.
    ("portal_received", "H56", "2026-11-09", {Why.DATA_NOT_LOADED}),
    ("portal_received", "H56", "2026-11-10", {Why.DATA_NOT_LOADED}),
    ("portal_received", "H56", "2026-11-11", {Why.DATA_NOT_LOADED}),
    # The day on which it was asked, and those after it.
    ("portal_received", "H56", "2026-11-12", {Why.PERIOD_NOT_OVER, Why.DATA_NOT_DUE}),
    ("portal_received", "H56", "2026-11-13", {Why.PERIOD_NOT_BEGUN}),
    ("portal_received", "H56", "2026-11-30", {Why.PERIOD_NOT_BEGUN}),
    ("portal_received", "H56", "2027-01", {Why.PERIOD_NOT_BEGUN}),
    ("officer_satisfaction", "H56", "2027-01", {Why.PERIOD_NOT_BEGUN}),
    ("officer_satisfaction", "H56", "2026-11", {Why.PERIOD_NOT_OVER, Why.DATA_NOT_DUE}),
    ("portal_received", "H56", "2026-11-07", {Why.DAY_OFF}),
    ("portal_received", "H56", "2026-11-08", {Why.DAY_OFF}),
    # Outside of its validity: a day before it begins, and the first day itself.
    ("portal_vneid", "H56", "2020-05", {Why.BEFORE_VALIDITY, Why.DATA_NOT_LOADED}),
    ("portal_vneid", "H56", "2022-06-22", {Why.BEFORE_VALIDITY, Why.DATA_NOT_LOADED}),
    ("portal_vneid", "H56", "2022-06-23", {Why.DATA_NOT_LOADED}),
    ("portal_of_old", "H56", "2026-11-03", {Why.AFTER_VALIDITY}),
    ("portal_of_old", "H56", "2024-12-31", {Why.DATA_NOT_LOADED}),
    # The unit did not exist.
    ("portal_received", "H56.20", "2026-11-03", {Why.UNIT_ENDED}),
    ("portal_received", "H56.20", "2025-02-28", {Why.DATA_NOT_LOADED}),
    ("portal_received", "H56.34", "2026-11-03", {Why.UNIT_ENDED}),
    ("portal_received", "H56.105", "2025-06", {Why.UNIT_NOT_YET, Why.DATA_NOT_LOADED}),
    ("portal_received", "H56.105", "2025-07", {Why.DATA_NOT_LOADED}),
    ("officer_satisfaction", "H56.12", "2026-10", {Why.NO_FIGURES_BY_UNIT}),
    # All is there.
    ("portal_received", "H56.13", "2026-11-03", {Why.NOTHING_COUNTED}),
    ("portal_vneid", "H56.13", "2026-11-03", {Why.NOTHING_COUNTED}),
    ("officer_users_authenticated", "H56", "2026-10", {Why.NOTHING_COUNTED}),
    ("portal_open_late", "H56.12", "2026-11-03", {Why.STOCK_UNKNOWN}),
    ("lonely", "H56", "2026-11-03", {Why.NO_DATASET}),
    # A month of which some days are there: each reason for what it is.
    (
        "portal_received", "H56.13", "2026-11",
        {Why.PERIOD_NOT_OVER, Why.DATA_NOT_LOADED, Why.DATA_NOT_DUE, Why.NOTHING_COUNTED},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("indicator", "unit", "period", "reasons"), CASES)
def test_every_reason_that_holds_is_told(file: Path, indicator: str, unit: str, period: str, reasons: set[Why]) -> None:
    told = _explain(file, indicator, unit, period)
    assert told.figure is None
    assert {absent.reason for absent in told.absent} == reasons
    assert len(told.absent) == len(reasons)
    assert all(absent.vi and absent.en for absent in told.absent)


def test_a_figure_that_is_there_has_no_reason_to_be_absent(file: Path) -> None:
    told = _explain(file, "portal_received", "H56.12", "2026-11-03")
    assert told.absent == []
    assert told.is_data_complete


def test_what_a_unit_became_or_came_from_is_named(file: Path) -> None:
    def units(unit: str, period: str) -> list[str]:
        return [one.unit_code for one in _explain(file, "portal_received", unit, period).absent[0].units]

    assert units("H56.20", "2026-11-03") == ["H56.12"]
    # A district has no successor: its communes have.
    assert units("H56.34", "2026-11-03") == ["H56.105", "H56.106"]
    assert units("H56.105", "2025-06") == ["H56.34.51"]
    ended = _explain(file, "portal_received", "H56.34", "2026-11-03").absent[0]
    assert "30/06/2025" in ended.vi
    assert "H56.105 Xã Mường Lát" in ended.vi


def test_the_days_that_are_not_there_and_what_loads_them(file: Path) -> None:
    [october] = _explain(file, "portal_received", "H56.12", "2026-10").datasets
    assert (october.loaded_count, october.period_count, len(october.gaps)) == (0, 31, 31)
    assert october.commands == ["khotinh run --from 2026-10-01 --to 2026-10-31 --dataset portal_dossiers"]
    [september] = _explain(file, "officer_satisfaction", "H56", "2026-09").datasets
    assert (september.loaded_count, september.period_count) == (0, 1)
    # A month's file is asked for on the day on which it is due, the fifth.
    assert september.commands == ["khotinh run --date 2026-10-05 --dataset officer_forms"]
    [november] = _explain(file, "portal_received", "H56", "2026-11").datasets
    assert (november.loaded_count, november.period_count) == (5, 30)
    states = {gap.day.day: gap.state for gap in november.gaps}
    assert states == {
        1: GapState.NEVER_ASKED, 7: GapState.DAY_OFF, 8: GapState.DAY_OFF, 9: GapState.MISSING, 10: GapState.LATE,
        11: GapState.NEVER_ASKED, 12: GapState.NOT_DUE, **dict.fromkeys(range(13, 31), GapState.NOT_BEGUN),
    }  # fmt: skip
    assert november.commands == ["khotinh run --from 2026-11-01 --to 2026-11-11 --dataset portal_dossiers"]
    messages = {gap.day.day: gap.message for gap in november.gaps}
    assert (messages[9], messages[10], messages[11]) == (REFUSED, NOT_THERE, None)
    assert str({gap.day.day: gap.due_at for gap in november.gaps}[11]) == "2026-11-12 05:30:00"


def test_of_a_day_off_that_nobody_asked_for_a_file_may_be_there(file: Path) -> None:
    [asked] = _explain(file, "portal_received", "H56", "2026-11-07").datasets
    [not_asked] = _explain(file, "portal_received", "H56", "2026-11-08").datasets
    assert (asked.commands, not_asked.commands) == ([], ["khotinh run --date 2026-11-08 --dataset portal_dossiers"])


def test_a_system_that_never_told_anything_is_no_hole_and_one_that_did_is_from_that_day_on(file: Path) -> None:
    def told() -> dict[str, list[int]]:
        data = _explain(file, "videoconference_conferences", "H56", "2026-11").datasets
        return {one.dataset: [gap.day.day for gap in one.gaps if gap.day.day < 7] for one in data}

    assert told() == {"videoconference_calls": [1]}
    with duckdb.connect(str(file)) as connection:
        load(connection, "videoconference_dma_calls", "2026-11-04")
    assert told() == {"videoconference_calls": [1], "videoconference_dma_calls": [5, 6]}


def test_a_month_that_was_closed_without_the_figure_says_so(file: Path) -> None:
    with duckdb.connect(str(file)) as connection:
        connection.execute("""
            INSERT INTO meta.month_closures VALUES (1, '202610', 'close', '2026-11-10 08:00', NULL, 'v');
            INSERT INTO marts.indicator_restatement VALUES ('officer_users_authenticated', 'H56', '202610', NULL, 50, 100,
                0.5, NULL, 'appeared', 'other', NULL, NULL)
        """)
    told = _explain(file, "officer_users_authenticated", "H56", "2026-10")
    assert [absent.reason for absent in told.absent] == [Why.CLOSED_WITHOUT]


def test_a_stock_without_its_baseline_is_not_complete_though_every_file_is_there(file: Path) -> None:
    told = _explain(file, "portal_open_late", "H56.12", "2026-11-03")
    assert [one.gaps for one in told.datasets] == [[]]
    assert not told.is_data_complete
    # A month of which every file came, and the figure stands on some of its days only.
    with duckdb.connect(str(file)) as connection:
        connection.execute("""
            INSERT INTO marts.indicator_monthly VALUES ('officer_users_authenticated', 'H56', '202610', 1, 2, 0.5, 3, 31, false)
        """)
    assert not _explain(file, "officer_users_authenticated", "H56", "2026-10").is_data_complete
    assert _explain(file, "officer_satisfaction", "H56", "2026-10").is_data_complete


def test_before_anything_was_ever_asked_nothing_is_claimed(file: Path) -> None:
    with duckdb.connect(str(file)) as connection:
        connection.execute(
            "DELETE FROM meta.attempts; DELETE FROM meta.expected_periods; DELETE FROM meta.completeness; DELETE FROM meta.loads"
        )
    told = _explain(file, "portal_received", "H56.13", "2026-11")
    assert [absent.reason for absent in told.absent] == [Why.DATA_NOT_LOADED]
    assert not told.is_data_complete
