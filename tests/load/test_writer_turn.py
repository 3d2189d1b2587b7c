"""One process writes at a time: another waits its turn, and is told so when it waits too long."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipelines.errors import TransientError
from pipelines.load.warehouse import open_warehouse, writer_turn
from tests.load.load_help import arrival, ask, put, settings_in

HOLDER = """
import sys
from pathlib import Path
from pipelines.load.warehouse import open_warehouse
from pipelines.settings import Settings
with open_warehouse(Settings(_env_file=None, home=Path(sys.argv[1]))) as connection:
    connection.execute("CREATE TABLE held AS SELECT 1 AS one")
    print("writing", flush=True)
    sys.stdin.readline()
print("done", flush=True)
"""


@contextmanager
def _other_process(home: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the warehouse open, and keeps it until it reads a line."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_second_process_gets_a_transient_error_after_its_patience(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, lock_seconds=0.2)
    with _other_process(settings.home), pytest.raises(TransientError, match=r"for 0\.2 s") as caught:
        put(settings, arrival())
    assert str(settings.warehouse_file) in caught.value.what
    assert "run again" in caught.value.next_step


def test_a_process_that_waits_gets_its_turn_when_the_other_ends(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, lock_seconds=20)
    with _other_process(settings.home) as other:
        assert other.stdin is not None
        other.stdin.write("\n")
        other.stdin.flush()
        put(settings, arrival())
    assert ask(settings, "SELECT one FROM held") == [(1,)]
    assert ask(settings, "SELECT count(*) FROM ops.loads") == [(1,)]


def test_a_writer_that_was_killed_gives_its_turn_back_and_leaves_a_sound_warehouse(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, lock_seconds=5)
    put(settings, arrival())
    with _other_process(settings.home) as other:
        other.kill()
        other.wait()
        put(settings, arrival("b" * 64))
    assert ask(settings, "SELECT count(*) FROM ops.loads") == [(2,)]


def test_an_error_inside_gives_the_turn_back(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, lock_seconds=0.1)
    with pytest.raises(ZeroDivisionError), open_warehouse(settings):
        raise ZeroDivisionError
    with writer_turn(settings):
        pass
