"""Eight processes read through publishes and rollbacks: no error, no torn read, and whoever reconnects has the newest.

Readers of an older DuckDB need an environment of their own: `make readers` puts them into `.readers/duckdb-VERSION`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from pipelines.publish.publish import POINTER, publish
from pipelines.publish.rollback import rollback
from pipelines.settings import PROJECT, Settings
from tests.publish.publish_help import HIDDEN, build_more, build_warehouse, settings_in, told_whole

ENVIRONMENTS = Path(os.environ.get("KHOTINH_READERS", PROJECT / ".readers"))
# It says each thing once: what was pointed to while it connected, which version it got, two tables of it. Each move makes
# another link: one that is the same before and after was not moved away and back by a rollback in between.
READER = """
import json, os, select, sys
import duckdb
os.nice(10)  # eight that do nothing but read leave the publisher no processor
pointer, is_long = sys.argv[1], sys.argv[2] == "long"
seen, errors, reads = set(), [], 0
def link():
    found = os.lstat(pointer)
    return found.st_ino, found.st_mtime_ns
def version():
    return os.path.basename(os.path.realpath(pointer)).split("-")[1].split(".")[0]
def read(connection, pointed):
    one = connection.execute('SELECT max(version), (SELECT sum("value")::INT FROM marts.indicator_daily) FROM meta.versions')
    name, first = one.fetchone()
    second = connection.execute("SELECT sum(unit_name_vi::INT)::INT FROM core.dim_unit").fetchone()[0]
    seen.add((pointed, name, first, second))
print(json.dumps(duckdb.__version__), flush=True)
while not select.select([sys.stdin], [], [], 0)[0]:
    try:
        before, pointed = link(), version()
        with duckdb.connect(pointer, read_only=True) as connection:
            after = link()
            pointed = pointed if before == after else ""
            read(connection, pointed)
            reads += 1
            while is_long and link() == after and not select.select([sys.stdin], [], [], 0)[0]:
                read(connection, pointed)
                reads += 1
    except Exception as error:
        errors.append(repr(error))
print(json.dumps({"seen": sorted(seen), "errors": errors, "reads": reads}), flush=True)
"""


@dataclass
class Reader:
    """A process that reads.

    Attributes:
        duckdb_version: Of its own environment.
        is_long: Whether it keeps its connection until there is another version.
    """

    process: subprocess.Popen[str]
    duckdb_version: str
    is_long: bool


@contextmanager
def _reading(python: str, pointer: Path, *, is_long: bool) -> Iterator[Reader]:
    command = [python, "-I", "-c", READER, str(pointer), "long" if is_long else "short"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Reader(process, json.loads(process.stdout.readline()), is_long)
        finally:
            process.kill()


def _pythons(*, of_every_version: bool) -> list[str]:
    """Interpreters of the eight readers: two of each older DuckDB that is there, the others of the current one."""
    older = sorted(ENVIRONMENTS.glob("duckdb-*/bin/python")) if of_every_version else []
    return ([str(python) for python in older for _ in range(2)] + [sys.executable] * 8)[:8]


def _publish(settings: Settings, manifest: Path, number: int, *, is_whole: bool) -> str:
    build_more(settings, "marts.indicator_daily", f'UPDATE marts.indicator_daily SET "value" = {number}')
    build_more(settings, "core.dim_unit", f"UPDATE core.dim_unit SET unit_name_vi = '{number}'")
    version = publish(settings, manifest, HIDDEN)
    # As each morning from the version before, not from nothing, but for the first and after a rollback.
    assert (version.made_from is None) == is_whole
    return version.version


def _read_through(settings: Settings, pythons: list[str], publishes: int, rollbacks: int) -> list[Reader]:
    """Publishes and rolls back under eight readers, and judges all that they read."""
    manifest = build_warehouse(settings)
    told_whole(settings, "marts.indicator_daily", "core.dim_unit")
    numbers = {_publish(settings, manifest, 0, is_whole=True): 0}
    folder = settings.published_folder
    pointers = [folder / name for name in (POINTER, "figures.duckdb")]
    with ExitStack() as stack:
        readers = [
            stack.enter_context(_reading(python, pointers[number // 2 % 2], is_long=number % 2 == 0))
            for number, python in enumerate(pythons)
        ]
        was_rolled_back = False
        for number in range(1, publishes + 1):
            numbers[_publish(settings, manifest, number, is_whole=was_rolled_back)] = number
            was_rolled_back = number % (publishes // rollbacks) == 0
            if was_rolled_back:
                rollback(settings, sorted(numbers)[-2])
        for reader in readers:
            said = json.loads(reader.process.communicate("\n", timeout=60)[0])
            assert said["errors"] == []
            assert said["reads"] > publishes
            for pointed, version, first, second in said["seen"]:
                assert first == second == numbers[version]
                assert pointed in ("", version)
            assert {pointed for pointed, *_ in said["seen"]} - {""}
    return readers


def test_eight_readers_never_notice_a_publish_or_a_rollback(tmp_path: Path) -> None:
    readers = _read_through(settings_in(tmp_path), _pythons(of_every_version=False), publishes=4, rollbacks=2)
    assert len(readers) == 8
    assert sum(reader.is_long for reader in readers) == 4


@pytest.mark.long
def test_readers_of_every_duckdb_through_fifty_publishes_and_five_rollbacks(tmp_path: Path) -> None:
    pythons = _pythons(of_every_version=True)
    if len(set(pythons)) == 1:
        pytest.skip("no older DuckDB to read with: make readers")
    readers = _read_through(settings_in(tmp_path), pythons, publishes=50, rollbacks=5)
    assert {reader.duckdb_version for reader in readers} >= {"1.2.2", duckdb.__version__}
