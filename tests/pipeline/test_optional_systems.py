"""A system that a province does not have: nobody asks for it, nothing is late for it, and everyone can see why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.automation import DAILY_JOB
from pipelines.cli.app import app
from pipelines.cli.run import check_settings
from pipelines.definitions import build_definitions
from pipelines.errors import SettingError
from pipelines.extract import check
from pipelines.ingest import Workshop
from pipelines.settings import Settings
from tests.pipeline.conftest import Ran
from tests.shipped import SHIPPED

DMA = {"videoconference_dma_calls", "videoconference_dma_conferences"}
OPTIONAL = {*DMA, "videoconference_bbb_meetings"}


def _workshop(home: Path, **places: str) -> Workshop:
    return Workshop(Settings.model_validate({"home": home, "pseudonym_key": "sixteen letters or more", **places}))


def test_it_is_asked_for_where_its_address_is_set_or_its_name_is_given(tmp_path: Path) -> None:
    without, connected = _workshop(tmp_path), _workshop(tmp_path, dma_url=f"file://{tmp_path}")
    assert DMA.isdisjoint(without.asked())
    assert set(connected.asked()) == set(without.asked()) | DMA
    assert set(without.asked(["videoconference_dma_calls"])) == {"videoconference_dma_calls"}
    assert "dma" not in dict(check(without.contracts.values(), without.settings))


def test_the_morning_leaves_it_out_and_a_person_may_still_see_it(tmp_path: Path) -> None:
    definitions = build_definitions(_workshop(tmp_path))
    asked = {key.to_user_string() for key in definitions.resolve_job_def(DAILY_JOB).asset_layer.selected_asset_keys}
    assert "raw/videoconference_calls" in asked
    assert {f"raw/{dataset}" for dataset in DMA}.isdisjoint(asked)
    assert {f"raw/{dataset}" for dataset in DMA} <= {
        key.to_user_string() for key in definitions.resolve_all_asset_keys()
    }


def test_it_is_never_asked_and_never_late(usual_week: Ran) -> None:
    assert {attempt["dataset"] for attempt in usual_week.answer["attempts"]}.isdisjoint(DMA)
    query = usual_week.home.query
    assert query("SELECT DISTINCT state FROM meta.completeness WHERE dataset LIKE '%dma%'").rows() == [("never_asked",)]
    assert query("SELECT count(*) FROM meta.freshness WHERE dataset LIKE '%dma%'").rows() == [(0,)]
    told = json.loads(usual_week.home.khotinh("status", "--json").stdout)
    assert {one["dataset"] for one in told["datasets"] if not one["is_connected"]} & set(SHIPPED) == OPTIONAL
    assert set(usual_week.answer["not_connected"]) & set(SHIPPED) == OPTIONAL


def test_doctor_says_that_it_is_not_connected_and_is_content(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    found = {line["what"]: line for line in json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)}
    assert found["connection dma"] == {"what": "connection dma", "is_well": True, "finding": "not connected"}


def test_a_home_that_names_its_systems_asks_no_other_whatever_is_set_of_it(tmp_path: Path) -> None:
    """The demo province names its own: the real system of a province must never be joined to it."""
    named = {"systems": "documents, officer", "dma_url": f"file://{tmp_path}", "portal_url": "http://portal.example"}
    workshop = _workshop(tmp_path, **named)
    assert {contract.source.connection for contract in workshop.asked().values()} == {"documents", "officer"}
    assert {name for name, _ in check(workshop.contracts.values(), workshop.settings)} == {"documents", "officer"}
    with pytest.raises(SettingError, match="KHOTINH_SYSTEMS: does not name dma: videoconference_dma_calls is not conn"):
        check_settings(workshop, ["videoconference_dma_calls"])
    with pytest.raises(SettingError, match="KHOTINH_SYSTEMS: names oficer, and no contract has such a connection"):
        _ = _workshop(tmp_path, systems="documents,oficer").contracts


def test_to_ask_for_it_by_name_without_its_address_stops_before_anything_is_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KHOTINH_PSEUDONYM_KEY", "sixteen letters or more")
    monkeypatch.setenv("KHOTINH_HOME", str(tmp_path / "home"))
    done = CliRunner().invoke(app, ["run", "--date", "2026-06-01", "--dataset", "videoconference_dma_calls"])
    assert done.exit_code == 1
    assert "KHOTINH_DMA_URL" in done.output
    assert not (tmp_path / "home").exists()
