"""psycopg readers run through many exports, and exporters are killed: each read is of one version, whole."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import TupleRow

from pipelines.postgres.copy import copy_marts
from tests.postgres.server import IN_A_URL, Server
from tests.postgres.versions import UNITS, published_file

# Tables of one version agree: the row that says which, the rows of `received`, and how many rows `sent` has.
ONE_STATEMENT = """
SELECT ltrim(version, 'v0')::int, (SELECT sum(value) / count(*) FROM khotinh.received),
    (SELECT count(*) FROM khotinh.received), (SELECT count(*) FROM khotinh.sent), (SELECT count(*) FROM khotinh.sent_today)
FROM khotinh.khotinh_version
"""
STATEMENTS = (
    "SELECT count(*) FROM khotinh.sent",
    "SELECT sum(value) / count(*) FROM khotinh.received",
    "SELECT count(*) FROM khotinh.received",
    "SELECT ltrim(version, 'v0')::int FROM khotinh.khotinh_version",
)


@dataclass
class Seen:
    """What one reader saw: how often, the versions in their order, and every read that was of no one version."""

    reads: int = 0
    versions: list[int] = field(default_factory=list)
    torn: list[object] = field(default_factory=list)

    def add(self, version: int, *, is_whole: bool, row: object) -> None:
        """Counts one read."""
        self.reads += 1
        if not is_whole:
            self.torn.append(row)
        if self.versions[-1:] != [version]:
            self.versions.append(version)


def _read_at_once(connection: psycopg.Connection[TupleRow], seen: Seen) -> None:
    [row] = connection.execute(ONE_STATEMENT).fetchall()
    version = int(row[0])
    seen.add(version, is_whole=row == (version, version, UNITS, version, version), row=row)


def _read_in_a_transaction(connection: psycopg.Connection[TupleRow], seen: Seen) -> None:
    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    sent, value, units, version = (connection.execute(each).fetchall()[0][0] for each in STATEMENTS)
    connection.execute("COMMIT")
    seen.add(
        int(version), is_whole=(sent, value, units) == (version, version, UNITS), row=(sent, value, units, version)
    )


def _read(server: Server, stop: threading.Event, kind: int) -> Seen:
    """Reads until told to stop, then once more: long-lived connections and new ones, single statements and several."""
    seen = Seen()
    read = (_read_at_once, _read_in_a_transaction)[kind % 2]
    with server.connect() as lasting:
        is_last = False
        while not is_last:
            is_last = stop.is_set()
            if kind < 2:
                read(lasting, seen)
            else:
                with server.connect() as connection:
                    read(connection, seen)
    return seen


def _export(server: Server, published: Path) -> None:
    settings = server.settings(published.parent)
    assert settings.postgres_url is not None
    copy_marts(published, settings.postgres_url, "")


def _readers_through(server: Server, folder: Path, exports: int) -> list[Seen]:
    """Exports versions 2 and on under four readers; every fifth has one column more in `received` or one less."""
    stop = threading.Event()
    _export(server, published_file(folder, 1))
    with ThreadPoolExecutor(4) as pool:
        reading = [pool.submit(_read, server, stop, kind) for kind in range(4)]
        try:
            for number in range(2, exports + 2):
                has_more = number // 5 % 2
                marts = "ALTER TABLE marts.received ADD COLUMN note VARCHAR; CREATE TABLE marts.more (a INT)"
                file = published_file(folder, number, marts if has_more else "")
                _export(server, file)
                file.unlink()
        finally:
            stop.set()
        return [each.result(timeout=60) for each in reading]


def _assert_undisturbed(seen: list[Seen], newest: int) -> None:
    for each in seen:
        assert each.torn == []
        assert each.reads > newest
        assert each.versions == sorted(each.versions)
        assert each.versions[-1] == newest


def test_no_reader_sees_an_error_or_two_versions_at_once(server: Server, tmp_path: Path) -> None:
    _assert_undisturbed(_readers_through(server, tmp_path, 10), 11)


@pytest.mark.long
def test_no_reader_sees_an_error_or_two_versions_at_once_through_two_hundred(server: Server, tmp_path: Path) -> None:
    seen = _readers_through(server, tmp_path, 200)
    _assert_undisturbed(seen, 201)
    print(f"\n{sum(each.reads for each in seen)} reads, {[len(each.versions) for each in seen]} versions seen")  # noqa: T201


EXPORTER = """
import os, sys
from pathlib import Path
from pydantic import SecretStr
from pipelines.postgres.copy import copy_marts
files = [Path(file) for file in sys.argv[2:]]
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        print(os.getpid(), flush=True)
        for file in files * 100:
            print(copy_marts(file, SecretStr(sys.argv[1]), "").version, flush=True)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def _kill(server: Server, folder: Path, kills: int) -> set[int]:
    """Kills exporters of versions 7 and 8 at random moments; returns the versions found after a kill, each whole."""
    files = [published_file(folder, number) for number in (7, 8)]
    _export(server, files[0])
    url = f"postgresql://owner:{IN_A_URL}@127.0.0.1:{server.port}/khotinh"
    moments = random.Random(20261108)  # noqa: S311
    found = set()
    command = [sys.executable, "-c", EXPORTER, url, *map(str, files)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as exporter:
        assert exporter.stdin is not None
        assert exporter.stdout is not None
        for _ in range(kills):
            exporter.stdin.write("\n")
            exporter.stdin.flush()
            child = int(exporter.stdout.readline())
            told = [exporter.stdout.readline().strip()]
            threading.Event().wait(moments.uniform(0, 0.4))  # the moment of the kill is what is tried
            os.kill(child, signal.SIGKILL)
            while told[-1] != str(-signal.SIGKILL):
                told.append(exporter.stdout.readline().strip())
            seen = Seen()
            with server.connect() as connection:
                _read_at_once(connection, seen)
            assert seen.torn == []
            found.update(seen.versions)
    _export(server, published_file(folder, 9))
    seen = Seen()
    with server.connect() as connection:
        _read_at_once(connection, seen)
    assert (seen.versions, seen.torn) == ([9], [])
    return found


def test_a_killed_exporter_leaves_a_whole_version_and_the_next_goes_through(server: Server, tmp_path: Path) -> None:
    assert _kill(server, tmp_path, 6) <= {7, 8}


@pytest.mark.long
def test_a_killed_exporter_leaves_a_whole_version_a_hundred_times(server: Server, tmp_path: Path) -> None:
    assert _kill(server, tmp_path, 100) == {7, 8}
