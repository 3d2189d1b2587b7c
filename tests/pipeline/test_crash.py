"""kill -9 at any point costs a rerun and nothing else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import date
from pathlib import Path

import duckdb

from tests.pipeline.conftest import QUICK, Home, differences, home_with

DAY = date(2026, 11, 5)


def test_killed_runs_leave_nothing_half_done(tmp_path: Path) -> None:
    with home_with(tmp_path, [], DAY, DAY) as home:
        for seconds in (6.0, 9.0, 12.0, 15.0):
            _run_and_kill(home, seconds)
            _assert_nothing_is_doubled(home)
        answer = home.run(DAY, DAY)
        assert answer["exit_code"] == 0, answer
        assert differences(home).is_empty()
        assert home.query(
            "SELECT load_id FROM meta.loads GROUP BY dataset, partition_key, load_id HAVING count(*) > 1"
        ).is_empty()
        assert home.query("FROM meta.loads WHERE load_id NOT LIKE '%/r1'").is_empty()


def _run_and_kill(home: Home, seconds: float) -> None:
    command = [str(Path(sys.executable).parent / "khotinh"), "run", "--date", str(DAY), "--json"]
    environment = {**os.environ, **home.environment, **QUICK, "KHOTINH_HOME": str(home.folder)}
    run = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with suppress(subprocess.TimeoutExpired):
        run.wait(seconds)
    run.send_signal(signal.SIGKILL)
    run.wait()


def _assert_nothing_is_doubled(home: Home) -> None:
    """What readers see is a whole version or none at all."""
    pointer = home.folder / "published" / "warehouse.duckdb"
    if not pointer.exists():
        return
    with duckdb.connect(str(pointer.resolve()), read_only=True) as connection:
        counts = json.loads(
            (pointer.parent / f"manifest-{pointer.resolve().stem.removeprefix('warehouse-')}.json").read_text()
        )["table_rows"]
        for table, rows in counts.items():
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (rows,)
