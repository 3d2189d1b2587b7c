"""How a program picks up a new version: what the recipes say of connections that are closed, kept and pooled."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import OperationalError

from pipelines.publish.publish import POINTER, publish
from tests.publish.publish_help import HIDDEN, build_warehouse, settings_in

NEWEST = "SELECT max(version) FROM meta.versions"


def test_whoever_connects_reads_the_newest_version_whatever_else_the_process_holds(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    manifest = build_warehouse(settings)
    pointer = settings.published_folder / POINTER
    first = publish(settings, manifest, HIDDEN).version
    with duckdb.connect(str(pointer), read_only=True) as kept:
        assert kept.execute(NEWEST).fetchall() == [(first,)]
        second = publish(settings, manifest, HIDDEN).version
        assert kept.execute(NEWEST).fetchall() == [(first,)]
        with duckdb.connect(str(pointer), read_only=True) as connection:
            assert connection.execute(NEWEST).fetchall() == [(second,)]


def test_sqlalchemy_without_a_pool_reads_the_newest_version_and_with_one_the_oldest(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    manifest = build_warehouse(settings)
    first = publish(settings, manifest, HIDDEN).version
    address = f"duckdb:///{settings.published_folder / POINTER}?access_mode=READ_ONLY"
    without, pooled = create_engine(address, poolclass=NullPool), create_engine(address, pool_size=1)
    try:
        for engine in (without, pooled):
            with engine.connect() as session:
                assert session.execute(text(NEWEST)).scalar() == first
        second = publish(settings, manifest, HIDDEN).version
        for engine, seen in ((without, second), (pooled, first)):
            with engine.connect() as session:
                assert session.execute(text(NEWEST)).scalar() == seen
    finally:
        pooled.dispose()


def test_one_process_cannot_have_the_file_open_by_duckdb_and_by_sqlalchemy_at_once(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    publish(settings, build_warehouse(settings), HIDDEN)
    pointer = settings.published_folder / POINTER
    engine = create_engine(f"duckdb:///{pointer}?access_mode=READ_ONLY", poolclass=NullPool)
    with duckdb.connect(str(pointer), read_only=True), pytest.raises(OperationalError, match="different configuration"):
        engine.connect()
    with engine.connect() as session:
        assert session.execute(text("SELECT count(*) FROM meta.versions")).scalar() == 1


def test_a_session_of_the_command_line_reads_the_newest_version_after_it_opened_it_again(tmp_path: Path) -> None:
    program = str(Path(sys.executable).parent / "duckdb")
    settings = settings_in(tmp_path)
    manifest = build_warehouse(settings)
    pointer = settings.published_folder / POINTER
    first = publish(settings, manifest, HIDDEN).version
    command = [program, "-readonly", "-noheader", "-list", str(pointer)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as session:
        assert session.stdin is not None
        assert session.stdout is not None

        def ask(line: str) -> str:
            session.stdin.write(f"{line}\n")  # type: ignore[union-attr]
            session.stdin.flush()  # type: ignore[union-attr]
            return session.stdout.readline().strip()  # type: ignore[union-attr]

        assert ask(f"{NEWEST};") == first
        second = publish(settings, manifest, HIDDEN).version
        assert ask(f"{NEWEST};") == first
        assert ask(f".open --readonly {pointer}\n{NEWEST};") == second
        session.stdin.close()
