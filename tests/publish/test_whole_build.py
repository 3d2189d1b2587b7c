"""What is published was built from the ledger as it stands: from every load, and from today's verdicts on them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.build import begin_build, finish_build, require_whole_build
from pipelines.errors import PermanentError
from pipelines.load.warehouse import open_warehouse, writer_turn
from pipelines.publish.publish import current_version, publish
from pipelines.settings import Settings
from tests.publish.publish_help import HIDDEN, build_warehouse, settings_in

NEW_LOAD = """
    INSERT INTO ops.loads SELECT * REPLACE ('portal_dossiers/2026-06-03/r2' AS load_id, 3 AS load_sequence)
    FROM ops.loads WHERE load_sequence = 2
"""
HELD = "UPDATE ops.loads SET verdict = 'refused' WHERE load_sequence = 1"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def manifest(settings: Settings) -> Path:
    manifest = build_warehouse(settings)
    settings.dbt_target_folder.mkdir(parents=True)
    return manifest


def _begin(settings: Settings) -> str:
    with writer_turn(settings):
        return begin_build(settings)


def _change(settings: Settings, statement: str) -> None:
    with open_warehouse(settings) as connection:
        connection.execute(statement)


@pytest.mark.parametrize("change", [NEW_LOAD, HELD], ids=["a new load", "a verdict that turned without one"])
def test_what_changed_after_the_build_is_built_before_it_is_published(
    change: str, settings: Settings, manifest: Path
) -> None:
    finish_build(settings, _begin(settings))
    require_whole_build(settings)
    _change(settings, change)
    with pytest.raises(PermanentError, match="as the ledger stands"):
        require_whole_build(settings)
    finish_build(settings, _begin(settings))
    require_whole_build(settings)


def test_a_home_without_anything_stays_without_anything(tmp_path: Path) -> None:
    empty = settings_in(tmp_path / "a-mistyped-name")
    with pytest.raises(PermanentError, match="not built to its end"):
        require_whole_build(empty)
    assert not empty.home.exists()


def test_what_changed_during_the_build_is_not_in_it(settings: Settings, manifest: Path) -> None:
    began_from = _begin(settings)
    _change(settings, NEW_LOAD)
    finish_build(settings, began_from)
    with pytest.raises(PermanentError, match="as the ledger stands"):
        require_whole_build(settings)


def test_what_changes_before_the_pointer_moves_is_not_published(settings: Settings, manifest: Path) -> None:
    finish_build(settings, _begin(settings))
    built_from = require_whole_build(settings)
    first = publish(settings, manifest, HIDDEN, built_from)
    _change(settings, HELD)
    with pytest.raises(PermanentError, match="readers keep the version before"):
        publish(settings, manifest, HIDDEN, built_from)
    assert current_version(settings.published_folder) == first.version


def test_a_build_that_began_and_did_not_end_is_not_published(settings: Settings, manifest: Path) -> None:
    with pytest.raises(PermanentError, match="not built to its end"):
        require_whole_build(settings)
    finish_build(settings, _begin(settings))
    _begin(settings)
    with pytest.raises(PermanentError, match="not built to its end"):
        require_whole_build(settings)
