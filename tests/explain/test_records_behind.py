"""The records behind a file are those of the figure, or the command says that they are not."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipelines.explain.evidence import RecordsAre
from pipelines.explain.explanation import Explanation, explain
from pipelines.settings import Settings
from tests.explain.published_by_hand import publish_by_hand

THIRD, FOURTH = "portal_dossiers/2026-11-03/r1", "portal_dossiers/2026-11-04/r1"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The published file."""
    return publish_by_hand(tmp_path)


def _told(file: Path, indicator: str, unit: str = "H56.12", period: str = "2026-11-03") -> Explanation:
    return explain(Settings.model_validate({"home": file.parents[1]}), indicator, unit, period)


def _rows(told: Explanation) -> dict[str, int | None]:
    return {load.load_id: load.rows for load in told.loads}


def test_a_count_is_made_of_all_that_was_received(file: Path) -> None:
    told = _told(file, "portal_received")
    assert _rows(told) == {THIRD: 1, FOURTH: 1}
    assert told.records_are is RecordsAre.COUNTED


def test_a_share_is_made_of_its_denominator_only(file: Path) -> None:
    """Two dossiers were received, of one VNeID was reported: the other is not behind the figure."""
    told = _told(file, "portal_vneid")
    assert _rows(told) == {THIRD: 1}
    assert told.records_are is RecordsAre.COUNTED


def test_an_indicator_whose_records_nobody_named_is_not_said_to_count_them(file: Path) -> None:
    """`portal_new` counts one dossier; both are the unit's records of that day, also if it happened to count two."""
    told = _told(file, "portal_new")
    assert _rows(told) == {THIRD: 1, FOURTH: 1}
    assert told.records_are is RecordsAre.OF_PERIOD
    with duckdb.connect(str(file)) as connection:
        connection.execute("UPDATE marts.indicator_daily SET numerator = 2 WHERE indicator_code = 'portal_new'")
    assert _told(file, "portal_new").records_are is RecordsAre.OF_PERIOD


def test_a_closed_figure_that_its_records_left_is_not_said_to_count_them(file: Path) -> None:
    assert _told(file, "portal_received", period="2026-11").records_are is RecordsAre.COUNTED
    with duckdb.connect(str(file)) as connection:
        connection.execute("UPDATE marts.indicator_monthly SET numerator = 3 WHERE indicator_code = 'portal_received'")
    assert _told(file, "portal_received", period="2026-11").records_are is RecordsAre.OF_PERIOD


def test_a_figure_that_an_officer_wrote_is_one_record(file: Path) -> None:
    told = _told(file, "officer_satisfaction", "H56", "2026-10")
    assert _rows(told) == {"officer_forms/2026-10/r1": 1}
    assert told.records_are is RecordsAre.OF_PERIOD
