"""A bug in one dataset's way is no bad data: it fails loudly, and the other datasets are published all the same."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from pipelines import ingest
from pipelines.archive import Arrival
from pipelines.calendar import Partition
from pipelines.cli.console import ExitCode
from pipelines.cli.summary import exit_code
from pipelines.contracts import Contract
from pipelines.ingest import Workshop
from pipelines.load.ledger import Attempt
from pipelines.orchestration import run_days
from pipelines.settings import Settings
from pipelines.validate.verdict import Judged
from tests.pipeline.conftest import QUICK, home_with

DAY = date(2026, 11, 5)


def test_a_bug_in_one_dataset_does_not_withhold_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = ingest.examine

    def examine(workshop: Workshop, contract: Contract, partition: Partition, arrival: Arrival) -> Judged:
        if contract.dataset == "document_exchanges":
            raise ZeroDivisionError("cannot divide 'Nguyễn Văn Kín' by 0912345678")
        return sound(workshop, contract, partition, arrival)

    monkeypatch.setattr(ingest, "examine", examine)
    with home_with(tmp_path, [], DAY, DAY) as home:
        for name, value in {**home.environment, **QUICK, "KHOTINH_HOME": str(home.folder)}.items():
            monkeypatch.setenv(name, value)
        attempts: list[Attempt] = []
        result = run_days(Workshop(Settings()), DAY, DAY, [], attempts.append)
        assert result.is_built
        assert "ZeroDivisionError at test_unforeseen.py:" in (result.failure or "")
        # What the error quoted is neither told nor in any of Dagster's records.
        written = [file for file in home.folder.rglob("*") if file.is_file()]
        assert any(b"ZeroDivisionError" in file.read_bytes() for file in written)
        for needle in ("Nguyễn Văn Kín", "0912345678"):
            assert needle not in (result.failure or "")
            for spelled in (needle.encode(), json.dumps(needle)[1:-1].encode()):
                assert not [file for file in written if spelled in file.read_bytes()]
        assert exit_code(result) is ExitCode.FAILED
        codes = home.query("SELECT DISTINCT indicator_code FROM marts.indicator_daily")["indicator_code"].to_list()
        assert "portal_received" in codes
        assert "document_sent" not in codes
