"""Versions of the last fourteen days and month ends stay; the others go whole, never one that somebody reads."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipelines.publish.pointers import settle
from pipelines.publish.publish import POINTER, Version, publish, read_versions
from pipelines.publish.retention import Keeping, is_held, kept_because, remove_old_versions
from pipelines.settings import Settings
from tests.publish.publish_help import HIDDEN, assert_complete, build_warehouse, settings_in

READER = """
import sys, duckdb
with duckdb.connect(sys.argv[1], read_only=True) as connection:
    print(connection.execute("SELECT count(*) FROM core.fct_dossier").fetchall()[0][0], flush=True)
    sys.stdin.readline()
    print(connection.execute("SELECT count(*) FROM core.fct_dossier").fetchall()[0][0], flush=True)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@contextmanager
def _reader(file: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has the file open and reads it once more at the end."""
    command = [sys.executable, "-c", READER, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "1000\n"
        yield process
        assert process.communicate("\n", timeout=30)[0] == "1000\n"


def _names(settings: Settings) -> set[str]:
    return {file.name for file in settings.published_folder.iterdir()}


def _of(day: str) -> Version:
    moment = datetime.fromisoformat(day)
    name = f"{moment:%Y%m%dT%H%M%S%f}"
    return Version(
        version=name, published_at=moment, file_name=f"warehouse-{name}.duckdb", code_version="0", loads_accepted=0,
        loads_refused=0, newest_load_id=None, table_rows={},
    )  # fmt: skip


def test_the_last_fourteen_days_and_every_months_last_version_stay(tmp_path: Path) -> None:
    days = [
        "2026-08-31T06:00", "2026-09-29T06:00", "2026-09-30T06:00", "2026-10-30T06:00", "2026-10-31T06:00",
        "2026-11-05T06:00", "2026-11-08T06:30", "2026-11-08T07:00", "2026-11-22T06:00",
    ]  # fmt: skip
    versions = [_of(day) for day in days]
    (tmp_path / POINTER).symlink_to(versions[-1].file_name)
    (tmp_path / versions[-1].file_name).touch()
    kept = kept_because(tmp_path, versions, datetime.fromisoformat("2026-11-22T06:45"))
    assert [(kept.get(item.version)) for item in versions] == [
        Keeping.MONTH_END, None, Keeping.MONTH_END, None, Keeping.MONTH_END,
        None, None, Keeping.RECENT, Keeping.CURRENT,
    ]  # fmt: skip


def test_what_goes_goes_whole_and_nothing_foreign_with_it(settings: Settings) -> None:
    manifest = build_warehouse(settings)
    old, held, current = (publish(settings, manifest, HIDDEN) for _ in range(3))
    folder = settings.published_folder
    foreign = {
        "notes.txt",
        "warehouse-20260101T000000000000.duckdb",
        f"copy of {old.file_name}",
        f"{old.file_name}.bak",
    }
    for name in foreign:
        (folder / name).write_text("somebody's", encoding="utf-8")
    later = current.published_at + timedelta(days=15)
    with _reader(folder / held.file_name):
        assert remove_old_versions(folder, later) == [old.version]
        assert read_versions(folder) == [held, current]
    # Nobody holds it any more.
    assert remove_old_versions(folder, later) == [held.version]
    files = {f"manifest-{current.version}.json", *current.pointers, *current.pointers.values()}
    assert _names(settings) == foreign | files
    assert_complete(folder / POINTER)


def test_a_reader_of_the_marts_alone_keeps_its_version_too(settings: Settings) -> None:
    manifest = build_warehouse(settings)
    held, current = (publish(settings, manifest, HIDDEN) for _ in range(2))
    file = settings.published_folder / f"figures-{held.version}.duckdb"
    holding = "import sys, duckdb; c = duckdb.connect(sys.argv[1], read_only=True); print(1, flush=True); input()"
    command = [sys.executable, "-c", holding, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert is_held(file)
        assert remove_old_versions(settings.published_folder, current.published_at + timedelta(days=15)) == []
        process.communicate("\n", timeout=30)
    assert not is_held(file)


def test_every_publish_removes_what_need_not_stay(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = build_warehouse(settings)
    days = iter([datetime(2026, 11, 1, 6), datetime(2026, 11, 20, 6)])  # noqa: DTZ001
    monkeypatch.setattr("pipelines.publish.publish.now", lambda: next(days))
    old = publish(settings, manifest, HIDDEN)
    new = publish(settings, manifest, HIDDEN)
    assert read_versions(settings.published_folder) == [new]
    assert not any(old.version in name for name in _names(settings))


def test_a_removal_that_was_killed_is_brought_to_its_end(settings: Settings) -> None:
    manifest = build_warehouse(settings)
    old, current = (publish(settings, manifest, HIDDEN) for _ in range(2))
    folder = settings.published_folder
    name = f"manifest-{old.version}.json"
    (folder / name).rename(folder / f".{name}.partial")
    (folder / old.file_name).unlink()
    settle(folder)
    assert not any(old.version in name for name in _names(settings))
    assert read_versions(folder) == [current]
