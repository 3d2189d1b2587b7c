"""Readers have an earlier version again in one step, and the history says what could be read when."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from pipelines.errors import PermanentError
from pipelines.load.warehouse import open_warehouse, writer_turn
from pipelines.publish.pointers import settle
from pipelines.publish.publish import POINTER, Version, current_version, publish, read_versions
from pipelines.publish.rollback import rollback
from pipelines.publish.versions import read_rollbacks
from pipelines.settings import Settings
from tests.publish.publish_help import HIDDEN, build_warehouse, settings_in


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def manifest(settings: Settings) -> Path:
    return build_warehouse(settings)


def _publish(settings: Settings, manifest: Path, value: int) -> Version:
    with open_warehouse(settings) as connection:
        connection.execute('UPDATE marts.indicator_daily SET numerator = ?, "value" = ?', [value, value])
    return publish(settings, manifest, HIDDEN)


def _values(file: Path) -> list[int]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return [value for (value,) in connection.execute('SELECT "value"::INT FROM marts.indicator_daily').fetchall()]


def _as_of(settings: Settings, moment: datetime) -> list[tuple[int, str]]:
    with duckdb.connect(str(settings.published_folder / POINTER), read_only=True) as connection:
        query = "SELECT \"value\"::INT, version_from FROM marts.indicator_as_of(?) WHERE grain = 'daily'"
        return connection.execute(query, [moment]).fetchall()


def test_every_pointer_leads_to_the_earlier_version_and_the_next_publish_goes_on(
    settings: Settings, manifest: Path
) -> None:
    first, second = _publish(settings, manifest, 1_000), _publish(settings, manifest, 1_001)
    folder = settings.published_folder
    # A build that takes its time keeps nobody from rolling back.
    with writer_turn(settings):
        record = rollback(settings, first.version, "1.001 là sai")
    assert current_version(folder) == first.version
    assert _values(folder / POINTER) == _values(folder / "figures.duckdb") == [1_000]
    assert read_versions(folder) == [first, second]
    assert read_rollbacks(folder) == [record]
    assert (record.from_version, record.to_version, record.note) == (second.version, first.version, "1.001 là sai")
    third = _publish(settings, manifest, 1_002)
    assert current_version(folder) == third.version
    assert _values(folder / "figures.duckdb") == [1_002]
    assert third.difference is not None
    assert third.difference.before == first.version
    assert third.difference.indicators["portal_received"].greatest == 2


def test_the_history_tells_what_could_be_read_before_and_after(settings: Settings, manifest: Path) -> None:
    first, second = _publish(settings, manifest, 1_000), _publish(settings, manifest, 1_001)
    back = rollback(settings, first.version)
    # The figure that was rolled back is published again after all; then another.
    third, fourth = _publish(settings, manifest, 1_001), _publish(settings, manifest, 7)
    moments = [first.published_at, second.published_at, back.moved_at, third.published_at, fourth.published_at]
    assert [_as_of(settings, moment) for moment in moments] == [
        [(1_000, first.version)],
        [(1_001, second.version)],
        [(1_000, first.version)],
        [(1_001, third.version)],
        [(7, fourth.version)],
    ]


def test_there_and_back_again_and_a_publish_that_failed_in_between(
    settings: Settings, manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = _publish(settings, manifest, 1_000), _publish(settings, manifest, 1_001)
    back = rollback(settings, first.version)
    with monkeypatch.context() as patch:
        patch.setattr("pipelines.publish.publish.move_pointers", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            _publish(settings, manifest, 777)
    forth = rollback(settings, second.version)
    third = _publish(settings, manifest, 1_001)
    for moment, version, value in (
        (back.moved_at, first, 1_000),
        (forth.moved_at, second, 1_001),
        (third.published_at, second, 1_001),
    ):
        assert _as_of(settings, moment) == [(value, version.version)]
    with duckdb.connect(str(settings.published_folder / POINTER), read_only=True) as connection:
        assert connection.execute('SELECT count(*) FROM marts.indicator_history WHERE "value" = 777').fetchall() == [
            (0,)
        ]


def test_two_moves_before_a_publish_that_failed_are_told_once(
    settings: Settings, manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = _publish(settings, manifest, 1_000), _publish(settings, manifest, 1_001)
    back, forth = rollback(settings, first.version), rollback(settings, second.version)
    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr("pipelines.publish.publish.move_pointers", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                _publish(settings, manifest, 777)
    third = _publish(settings, manifest, 1_002)
    for moment, version, value in (
        (first.published_at, first, 1_000),
        (second.published_at, second, 1_001),
        (back.moved_at, first, 1_000),
        (forth.moved_at, second, 1_001),
        (third.published_at, third, 1_002),
    ):
        assert _as_of(settings, moment) == [(value, version.version)]
    with duckdb.connect(str(settings.published_folder / POINTER), read_only=True) as connection:
        found = connection.execute("SELECT count(*) FROM marts.indicator_history WHERE grain = 'daily'").fetchall()
        assert found == [(5,)]


def test_a_version_that_is_not_what_was_published_is_not_given_to_readers(settings: Settings, manifest: Path) -> None:
    first, second = _publish(settings, manifest, 1_000), _publish(settings, manifest, 1_001)
    folder = settings.published_folder
    with pytest.raises(PermanentError, match="No version 20200101"):
        rollback(settings, "20200101T000000000000")
    with pytest.raises(PermanentError, match="already"):
        rollback(settings, second.version)
    file = folder / first.pointers["figures.duckdb"]
    file.chmod(0o644)
    with file.open("r+b") as opened:
        opened.seek(-1, 2)
        opened.write(b"?")
    with pytest.raises(PermanentError, match="is not the file that was published"):
        rollback(settings, first.version)
    file.unlink()
    with pytest.raises(PermanentError, match="is not the file that was published"):
        rollback(settings, first.version)
    assert current_version(folder) == second.version
    assert read_rollbacks(folder) == []


KILLED = """
import os, signal, sys
from pathlib import Path
import pipelines.publish.pointers as pointers
import pipelines.publish.rollback as command
from pipelines.settings import Settings
move, stop = pointers.move_pointer, int(sys.argv[3])
moved = []
def killed(*arguments):
    if len(moved) == stop:
        os.kill(os.getpid(), signal.SIGKILL)
    move(*arguments)
    moved.append(arguments)
pointers.move_pointer = killed
settings = Settings(_env_file=None, home=Path(sys.argv[1]), lock_seconds=30)
pointers.settle = command.settle = lambda folder: None
command.rollback(settings, sys.argv[2])
"""


@pytest.mark.parametrize("moves", [0, 1])
def test_a_rollback_that_was_killed_happened_or_did_not(settings: Settings, manifest: Path, moves: int) -> None:
    first, second = _publish(settings, manifest, 1_000), _publish(settings, manifest, 1_001)
    folder = settings.published_folder
    command = [sys.executable, "-c", KILLED, str(settings.home), first.version, str(moves)]
    assert subprocess.run(command, check=False, timeout=60).returncode == -signal.SIGKILL
    settle(folder)
    expected = first if moves else second
    assert current_version(folder) == expected.version
    assert str((folder / "figures.duckdb").readlink()) == expected.pointers["figures.duckdb"]
    assert [record.to_version for record in read_rollbacks(folder)] == [first.version] * moves
    assert not list(folder.glob(".*"))
