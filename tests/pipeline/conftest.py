"""Whole runs on the demo province: the command itself, real servers, a home of its own."""

from __future__ import annotations

import atexit
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import mkdtemp
from typing import Any

import duckdb
import polars as pl
import pytest

from demo.faults import DEFAULT_FAULTS
from demo.province import Province, province
from demo.serve import running
from demo.truth import ledger
from pipelines.build import manifest_file
from pipelines.settings import Settings
from tests.pipeline.command import run_command
from tests.pipeline.yard import Yard, yard_in

SCALE = 0.02
QUICK = {
    "KHOTINH_ENDPOINT_CONCURRENCY": "32",
    "KHOTINH_RERUN_ATTEMPTS": "0",
    "KHOTINH_RETRY_SECONDS": "5",
}
KEYS = ["indicator_code", "unit_code", "period"]


@dataclass(frozen=True)
class Home:
    """One KHOTINH_HOME beside a served province."""

    folder: Path
    environment: dict[str, str]
    made: Province

    def khotinh(self, *arguments: str, **more: str) -> CompletedProcess[str]:
        """Runs the command as a person would."""
        environment = {**os.environ, **self.environment, **QUICK, "KHOTINH_HOME": str(self.folder), **more}
        return run_command(arguments, environment, self.folder.parent)

    def run(self, first: date, last: date, *arguments: str) -> dict[str, Any]:
        """Runs the days and returns what the command says of them."""
        done = self.khotinh("run", "--from", str(first), "--to", str(last), "--json", *arguments)
        assert done.stdout, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        assert answer["exit_code"] == done.returncode
        return answer

    def query(self, sql: str) -> pl.DataFrame:
        """Asks the published file, as a reader does."""
        with duckdb.connect(str(self.folder / "published" / "warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(sql).pl()


@contextmanager
def home_with(folder: Path, faults: Sequence[str], first: date, last: date, scale: float = SCALE) -> Iterator[Home]:
    """A fresh home with a province up beside it."""
    made = province(scale=scale, first_day=first, last_day=last, faults=tuple(faults))
    shutil.copytree(_parsed_project(), folder / "data" / "dbt")
    with running(made) as environment:
        yield Home(folder / "data", environment, made)


@cache
def _parsed_project() -> Path:
    """What dbt knows of the project once it has read it: 7 seconds of every new home, and the same in all."""
    home = Path(mkdtemp(prefix="khotinh-parsed-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    manifest_file(Settings.model_validate({"home": home}))
    return home / "dbt"


@dataclass(frozen=True)
class Ran:
    """A home after its run, and what the run said."""

    home: Home
    answer: dict[str, Any]


WEEK = (date(2026, 11, 2), date(2026, 11, 8))


@pytest.fixture(scope="session")
def usual_week(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """The default week with the default faults, run once; tests only read it."""
    with home_with(tmp_path_factory.mktemp("usual"), DEFAULT_FAULTS, *WEEK) as home:
        yield Ran(home, home.run(*WEEK))


@pytest.fixture(scope="session")
def yard(usual_week: Ran, tmp_path_factory: pytest.TempPathFactory) -> Yard:
    """Copies of the usual week's warehouse, to be changed and built again."""
    return yard_in(tmp_path_factory.mktemp("yard"), usual_week.home.folder / "warehouse.duckdb")


def figures(home: Home) -> pl.DataFrame:
    """Both indicator marts in the ledger's form."""
    return home.query(
        """
        SELECT indicator_code, unit_code, period::VARCHAR AS period, numerator::DOUBLE AS numerator, denominator::DOUBLE AS denominator
        FROM marts.indicator_daily
        UNION ALL
        SELECT indicator_code, unit_code, period, numerator::DOUBLE, denominator::DOUBLE FROM marts.indicator_monthly
        """
    )


def differences(home: Home, truth: pl.DataFrame | None = None) -> pl.DataFrame:
    """Rows in which marts and ledger differ, either way."""
    expected = ledger(home.made) if truth is None else truth
    both = expected.join(figures(home), on=KEYS, how="full", suffix="_mart", coalesce=True)
    return both.filter(
        pl.col("numerator").ne_missing(pl.col("numerator_mart"))
        | pl.col("denominator").ne_missing(pl.col("denominator_mart"))
    )


def rows_that_differ(connection: duckdb.DuckDBPyConnection, one: str, other: str) -> int:
    """How many rows only one of two queries gives."""
    found = connection.execute(
        f"SELECT count(*) FROM (({one} EXCEPT ALL {other}) UNION ALL ({other} EXCEPT ALL {one}))"
    ).fetchall()
    return int(found[0][0])
