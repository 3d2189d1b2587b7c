"""The gate is in the data: a refused load's rows are nowhere, whoever builds afterwards and however.

A good run, then two refusals on the same home: a revision whose sender and recipient are exchanged (each cell of it
reads well), and a day whose total is not met. Then only what comes after the loads is run, by Dagster and by plain dbt.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pytest
from dagster import DagsterInstance

from demo.province import province
from demo.serve import running
from pipelines.automation import PUBLISH_JOB
from pipelines.build import manifest_file, run_dbt
from pipelines.calendar import Partition
from pipelines.definitions import build_definitions
from pipelines.ingest import Workshop, ingest
from pipelines.load.ledger import Attempt
from pipelines.settings import Settings
from tests.pipeline.conftest import SCALE, Home, home_with

DAY, NEXT_DAY = date(2026, 11, 4), date(2026, 11, 5)
EXCHANGES, DOSSIERS = "document_exchanges", "portal_dossiers"
GOOD, REVISION = f"{EXCHANGES}/{DAY}/r1", f"{EXCHANGES}/{DAY}/r2"
REFUSED_DAY = f"{DOSSIERS}/{NEXT_DAY}/r1"
FAULTS = (f"swapped_columns:{DAY}", f"count_mismatch:{NEXT_DAY}")
SWAPPED_VI = "Đơn vị gửi phải là đơn vị ghi trong mã văn bản"
MISMATCH_VI = "Số dòng nhận được khác tổng số mà nguồn công bố."


@dataclass(frozen=True)
class Refused:
    """A home after the good run and the two refusals, before anything was built again.

    Attributes:
        home: The home and the good province; its published file is the good run's.
        settings: The same home for this process.
        refusals: The two attempts.
    """

    home: Home
    settings: Settings
    refusals: tuple[Attempt, Attempt]


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Refused]:
    folder = tmp_path_factory.mktemp("gate")
    with home_with(folder, [], DAY, NEXT_DAY) as home:
        assert home.run(DAY, DAY)["exit_code"] == 0
        # The same province, were it asked on another morning.
        spoilt = province(scale=SCALE, first_day=DAY, last_day=NEXT_DAY, faults=FAULTS)
        with running(spoilt, folder / "spoilt") as environment:
            reached = {name.removeprefix("KHOTINH_").lower(): value for name, value in environment.items()}
            settings = Settings.model_validate({"home": home.folder, "retry_seconds": 0, **reached})
            workshop = Workshop(settings)
            (revision,) = ingest(workshop, EXCHANGES, Partition.of_day(DAY))
            (day,) = ingest(workshop, DOSSIERS, Partition.of_day(NEXT_DAY))
        yield Refused(home, settings, (revision, day))


def test_both_were_read_well_and_refused_all_the_same(refused: Refused) -> None:
    revision, day = refused.refusals
    assert (revision.load_id, revision.verdict) == (REVISION, "refused")
    assert (day.load_id, day.verdict) == (REFUSED_DAY, "refused")
    assert min(revision.rows_accepted, day.rows_accepted) > 100, "rows that could have been counted"


def by_dagster(settings: Settings) -> None:
    """Builds and publishes what is there: dbt's assets and the published file, no dataset."""
    before = dict(os.environ)
    try:
        job = build_definitions(Workshop(settings)).resolve_job_def(PUBLISH_JOB)
        with DagsterInstance.ephemeral() as instance:
            assert job.execute_in_process(instance=instance).success
    finally:
        os.environ.clear()
        os.environ.update(before)


def by_plain_dbt(settings: Settings) -> None:
    """`dbt build`, as an engineer types it."""
    manifest_file(settings)
    run_dbt(settings, ["build", "--exclude-resource-type", "unit_test"])


def test_plain_dbt_takes_nothing_of_a_refused_load(refused: Refused, tmp_path: Path) -> None:
    settings = _copy(refused.settings, tmp_path / "data")
    by_plain_dbt(settings)
    assert_refused_rows_are_nowhere(settings, refused.home)


def test_dagsters_downstream_alone_takes_nothing_and_readers_are_told(refused: Refused, tmp_path: Path) -> None:
    settings = _copy(refused.settings, tmp_path / "data")
    by_dagster(settings)
    assert_refused_rows_are_nowhere(settings, refused.home)
    home = Home(settings.home, refused.home.environment, refused.home.made)
    loads = home.query("SELECT load_id, verdict, is_in_force FROM meta.loads").rows()
    assert {(GOOD, "accepted", True), (REVISION, "refused", False), (REFUSED_DAY, "refused", False)} <= set(loads)
    last = home.query(
        "SELECT dataset, partition_key, max_by(outcome, attempted_at) FROM meta.attempts GROUP BY ALL"
    ).rows()
    assert {(EXCHANGES, str(DAY), "refused"), (DOSSIERS, str(NEXT_DAY), "refused")} <= set(last)
    troubles = {
        (trouble["dataset"], trouble["partition_key"]): (trouble["outcome"], trouble["load_in_force"])
        for trouble in json.loads(home.khotinh("status", "--json").stdout)["troubles"]
    }
    assert troubles == {
        (EXCHANGES, str(DAY)): ("refused", GOOD),
        (DOSSIERS, str(NEXT_DAY)): ("refused", ""),
    }
    shown = " ".join(home.khotinh("status").stdout.split())
    assert SWAPPED_VI in shown
    assert MISMATCH_VI in shown
    assert f"still in force: {GOOD}" in shown


def assert_refused_rows_are_nowhere(settings: Settings, good: Home) -> None:
    """No table holds a row of either refused load, and the marts are those that the good run published."""
    with duckdb.connect(str(settings.warehouse_file), read_only=True) as warehouse:
        tables = warehouse.execute(
            """
            SELECT DISTINCT table_schema, table_name FROM information_schema.columns
            WHERE column_name = 'load_id' AND table_schema IN ('raw', 'staging', 'core', 'marts')
            """
        ).fetchall()
        assert {("raw", EXCHANGES), ("core", "fct_document_delivery")} <= set(tables)
        for schema, table in tables:
            found = warehouse.execute(
                f"SELECT count(*) FROM {schema}.{table} WHERE load_id IN (?, ?)", [REVISION, REFUSED_DAY]
            ).fetchone()
            assert found == (0,), (schema, table)
        in_force = "SELECT load_id FROM staging.stg_loads_in_force WHERE dataset = ? AND partition_key = ?"
        assert warehouse.execute(in_force, [EXCHANGES, str(DAY)]).fetchall() == [(GOOD,)]
        assert warehouse.execute(in_force, [DOSSIERS, str(NEXT_DAY)]).fetchall() == []
        published = good.folder / "published" / "warehouse.duckdb"
        warehouse.execute(f"ATTACH '{published.resolve()}' AS good (READ_ONLY)")
        for mart in ("indicator_daily", "document_unit_daily", "portal_unit_daily"):
            for one, other in (("good.marts", "marts"), ("marts", "good.marts")):
                extra = warehouse.execute(f"SELECT count(*) FROM (FROM {one}.{mart} EXCEPT ALL FROM {other}.{mart})")
                assert extra.fetchone() == (0,), (mart, one)


def _copy(settings: Settings, home: Path) -> Settings:
    """The home's warehouse and dbt folder again; a view knows its file by name, so the name stays."""
    home.mkdir()
    shutil.copy(settings.warehouse_file, home / settings.warehouse_file.name)
    return settings.model_copy(update={"home": home})
