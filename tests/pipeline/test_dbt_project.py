"""The dbt project by itself on the warehouse of the usual week: its unit tests."""

from __future__ import annotations

import shutil
from pathlib import Path

from pipelines.build import run_dbt
from pipelines.settings import Settings
from tests.pipeline.conftest import Ran


def _copy(ran: Ran, folder: Path) -> Settings:
    """A home with a copy of the warehouse; a view knows its file by name, so the name stays."""
    folder.mkdir()
    shutil.copy(ran.home.folder / "warehouse.duckdb", folder / "warehouse.duckdb")
    return Settings(home=folder)


def test_every_rule_of_the_models_has_its_unit_test_pass(usual_week: Ran, tmp_path: Path) -> None:
    run_dbt(_copy(usual_week, tmp_path / "home"), ["test", "--select", "test_type:unit"])
