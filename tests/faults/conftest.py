"""A demo province with faults, up on loopback, and the pipeline's own steps on it in this process."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pytest

from demo.province import Province, province
from demo.serve import running
from demo.servers.access_log import LOG_FILE
from pipelines.calendar import Partition
from pipelines.errors import PermanentError, TransientError
from pipelines.ingest import Workshop, ingest, record_failure
from pipelines.load.ledger import Attempt
from pipelines.settings import Settings

FIRST_DAY, LAST_DAY = date(2026, 11, 4), date(2026, 11, 6)
# Retries follow each other at once; nobody waits in a test.
QUICK: dict[str, object] = {"retry_seconds": 0, "retry_attempts": 5, "endpoint_timeout_seconds": 1.5}


@dataclass(frozen=True)
class Place:
    """A served province and a home beside it.

    Attributes:
        made: The province.
        workshop: The pipeline, pointed at it.
        log_file: What the portal was asked.
        waits: Every wait that was asked for, in seconds; none was kept.
    """

    made: Province
    workshop: Workshop
    log_file: Path
    waits: list[float]

    def bring_in(self, dataset: str, partition_key: str) -> Attempt:
        """One partition the way a run brings it in; the baseline's attempt, if there is one, left aside."""
        partition = Partition.parse(partition_key)
        try:
            return ingest(self.workshop, dataset, partition)[-1]
        except (TransientError, PermanentError) as error:
            return record_failure(self.workshop, dataset, partition, error)

    def portal_log(self, path: str) -> list[tuple[str, int]]:
        """The queries that the portal was asked at the path, each with the status of the answer."""
        if not self.log_file.exists():
            return []
        lines = [line.rsplit(" ", 1) for line in self.log_file.read_text(encoding="utf-8").splitlines()]
        asked = [(request.split(" ", 1)[1].partition("?"), int(status)) for request, status in lines]
        return [(query, status) for (place, _, query), status in asked if place == path]

    def query(self, sql: str, *parameters: object) -> list[tuple[object, ...]]:
        """Rows of the warehouse, which nobody else has open."""
        with duckdb.connect(str(self.workshop.settings.warehouse_file), read_only=True) as connection:
            return connection.execute(sql, list(parameters)).fetchall()


MakePlace = Callable[..., Place]


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("KHOTINH_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakePlace]:
    """Brings a province up with the faults asked for."""
    waits: list[float] = []
    with ExitStack() as stack:

        def make(faults: Sequence[str], scale: float = 0.02, first_day: date = FIRST_DAY, **settings: object) -> Place:
            made = province(scale=scale, first_day=first_day, last_day=LAST_DAY, faults=faults)
            environment = stack.enter_context(running(made, tmp_path / "demo"))
            monkeypatch.setattr(time, "sleep", waits.append)
            reached = {name.removeprefix("KHOTINH_").lower(): value for name, value in environment.items()}
            options: dict[str, object] = {"home": tmp_path / "data", **QUICK, **reached, **settings}
            workshop = Workshop(Settings.model_validate(options))
            return Place(made, workshop, tmp_path / "demo" / LOG_FILE, waits)

        yield make
