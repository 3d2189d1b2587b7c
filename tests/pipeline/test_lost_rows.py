"""Conservation is a rule that really fails: a parser that loses a row gets every dataset refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from pipelines import ingest
from pipelines.calendar import Partition
from pipelines.ingest import Workshop
from pipelines.load.ledger import Outcome
from pipelines.load.warehouse import open_warehouse
from pipelines.parse import Parsed
from pipelines.parse import parse as sound_parse
from pipelines.parse.cells.values import Reading
from pipelines.settings import Settings
from tests.pipeline.conftest import QUICK, home_with

DAY, MONTH = date(2026, 11, 5), "2026-10"


def test_a_parser_that_loses_a_row_gets_every_dataset_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def parse(file: Path, reading: Reading) -> Parsed:
        parsed = sound_parse(file, reading)
        return replace(parsed, rows=parsed.rows.without(parsed.rows.frame().get_column("row_number").head(1)))

    monkeypatch.setattr(ingest, "parse", parse)
    with home_with(tmp_path, [], DAY, DAY) as home:
        for name, value in {**home.environment, **QUICK, "KHOTINH_HOME": str(home.folder)}.items():
            monkeypatch.setenv(name, value)
        workshop = Workshop(Settings())
        for dataset, contract in workshop.asked().items():
            partition = Partition.parse(MONTH) if contract.cadence == "monthly" else Partition.of_day(DAY)
            for attempt in ingest.ingest(workshop, dataset, partition):
                assert attempt.outcome is Outcome.REFUSED, dataset
                assert attempt.message.startswith("rows_are_accounted_for: "), attempt
        with open_warehouse(workshop.settings) as connection:
            for dataset in workshop.asked():
                assert connection.execute(f"SELECT count(*) FROM raw.{dataset}").fetchone() == (0,)
