"""The dbt project by itself on the warehouse of the usual week: its unit tests, and the gate in the data."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

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


def test_a_refused_load_is_nowhere_even_if_dbt_runs_alone(usual_week: Ran, tmp_path: Path) -> None:
    settings = _copy(usual_week, tmp_path / "home")
    with duckdb.connect(str(settings.warehouse_file)) as connection:
        found = connection.execute(
            "SELECT load_id FROM ops.loads WHERE dataset = 'portal_dossiers' AND partition_key = '2026-11-04'"
        ).fetchone()
        assert found is not None
        connection.execute("UPDATE ops.loads SET verdict = 'refused' WHERE load_id = ?", found)
    run_dbt(settings, ["build", "--exclude-resource-type", "unit_test"])
    with duckdb.connect(str(settings.warehouse_file), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM core.fct_dossier WHERE load_id = ?", found).fetchone() == (0,)
        days = connection.execute(
            "SELECT DISTINCT period::VARCHAR FROM marts.indicator_daily WHERE indicator_code = 'portal_received' ORDER BY 1"
        ).fetchall()
        assert ("2026-11-04",) not in days
        assert ("2026-11-03",) in days
