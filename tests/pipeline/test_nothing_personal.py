"""Law 6, tried: 500 names, telephone and ID numbers in every text field of every export, and then sought everywhere.

The raw archive alone may hold them. Whole runs, so that what Dagster, dbt and Great Expectations write is among what
is searched; commands too, with what they print and export.
"""

from __future__ import annotations

import json
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import duckdb
import pytest
import yaml

from pipelines.calendar import Partition
from pipelines.contracts import read_contracts
from pipelines.ingest import Workshop
from pipelines.load.ledger import Outcome
from pipelines.orchestration import run_days
from pipelines.settings import SOURCES, Settings
from tests.pipeline.conftest import QUICK, Home, Ran
from tests.pipeline.planting import PLANTERS, Planter, persons

FIRST, LAST = date(2026, 11, 2), date(2026, 11, 4)
PERSONS = persons()


@pytest.fixture(scope="module", params=[40, 1], ids=["one row in forty", "every row"])
def planted(
    request: pytest.FixtureRequest, usual_week: Ran, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Home, list[str], int]:
    """A home that was fed the usual week's raw files with persons planted in them."""
    folder = tmp_path_factory.mktemp("planted")
    planter = Planter(PERSONS, request.param)
    _plant(usual_week.home, folder / "exports", planter)
    environment = {
        **usual_week.home.environment,
        **QUICK,
        "KHOTINH_HOME": str(folder / "data"),
        "KHOTINH_DOCUMENTS_URL": (folder / "exports").as_uri(),
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        workshop = Workshop(Settings(), sources=_sources(folder / "sources"))
        loaded = run_days(workshop, FIRST, LAST, [], lambda _: None).attempts
    outcomes = {attempt.outcome for attempt in loaded}
    assert Outcome.FAILED not in outcomes, [attempt.message for attempt in loaded]
    return Home(folder / "data", usual_week.home.environment, usual_week.home.made), planter.planted, request.param


def _plant(home: Home, folder: Path, planter: Planter) -> None:
    contracts = read_contracts(SOURCES)
    arrivals = home.query(
        """
        SELECT dataset, partition_key, min(file_sha256) FROM meta.loads
        WHERE verdict <> 'refused' AND partition_key NOT LIKE 'baseline%' GROUP BY ALL ORDER BY ALL
        """
    ).rows()
    for dataset, partition_key, digest in arrivals:
        raw = next((home.folder / "archive" / digest[:2]).glob(f"{digest}.*"))
        target = folder / dataset / partition_key
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(PLANTERS[contracts[dataset].format.kind](raw.read_bytes(), planter))


def _sources(folder: Path) -> Path:
    """Every contract as it ships, but for the place that its files come from."""
    for file in SOURCES.glob("*/*.yaml"):
        contract = yaml.safe_load(file.read_text())
        period = "{day:%Y-%m}" if contract["cadence"] == "monthly" else "{day:%Y-%m-%d}"
        contract["source"] = {"kind": "files", "connection": "documents", "path": f"{contract['dataset']}/{period}"}
        contract["baseline"] = False
        target = folder / file.parent.name / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(yaml.safe_dump(contract, allow_unicode=True))
    return folder


def test_a_planted_person_is_in_no_file_and_no_table_but_the_archive(planted: tuple[Home, list[str], int]) -> None:
    home, texts, every = planted
    assert len(set(texts)) >= 300 if every > 1 else set(texts) == set(PERSONS)
    needles = _needles(texts)
    archived = b"".join(file.read_bytes() for file in (home.folder / "archive").rglob("*") if file.is_file())
    assert needles[0].encode() in archived or b"PK" in archived
    for name, content in _written(home.folder):
        assert not [needle for needle in needles if needle in content], name


def test_rows_were_set_apart_and_the_rest_was_loaded(planted: tuple[Home, list[str], int]) -> None:
    home, _, every = planted
    verdicts = dict(home.query("SELECT dataset, list(DISTINCT verdict) FROM meta.loads GROUP BY ALL").rows())
    if every > 1:
        for dataset in ("document_exchanges", "portal_dossiers", "videoconference_endpoint_status"):
            assert verdicts[dataset] == ["accepted_with_warnings"], dataset
    else:
        assert {verdict for own in verdicts.values() for verdict in own} == {"refused"}


def test_no_command_shows_one(planted: tuple[Home, list[str], int], tmp_path: Path) -> None:
    home, texts, _ = planted
    needles = _needles(texts)
    for command in (
        ("status",), ("status", "--json"), ("doctor",), ("versions",), ("quarantine", "list"),
        ("quarantine", "list", "--rows", "--json"), ("quarantine", "export", "--to", str(tmp_path / "sheets")),
    ):  # fmt: skip
        done = home.khotinh(*command)
        assert done.returncode in (0, 3), done.stderr
        assert not [needle for needle in needles if needle in done.stdout + done.stderr], command
    for name, content in _written(tmp_path / "sheets"):
        assert not [needle for needle in needles if needle in content], name


def test_inspecting_a_planted_file_shows_none(planted: tuple[Home, list[str], int]) -> None:
    home, texts, _ = planted
    needles, exports = _needles(texts), home.folder.parent / "exports"
    for dataset in ("portal_dossiers", "document_exchanges", "document_registers", "platform_accounts"):
        file = next(path for path in sorted((exports / dataset).iterdir()) if Partition.parse(path.name))
        for more in ((), ("--json",)):
            done = home.khotinh("inspect", str(file), "--dataset", dataset, *more)
            assert done.returncode in (0, 3), done.stderr
            assert not [needle for needle in needles if needle in done.stdout + done.stderr], (dataset, more)


def _needles(texts: list[str]) -> list[str]:
    """What is sought: each planted text, each name, and each number as a reader of numbers would spell it."""
    found = set(texts)
    for text in texts:
        digits = "".join(sign for sign in text if sign.isdigit())
        if digits:
            found |= {digits, digits.lstrip("0").removeprefix("84")}
        name = text.rstrip("0123456789 +").strip()
        if name:
            found |= {name, name.upper(), json.dumps(name)[1:-1]}
    return sorted(found)


def _written(folder: Path) -> Iterator[tuple[str, str]]:
    """Every file below the folder as text, the archive apart: tables row by row, zips member by member."""
    for file in sorted(folder.rglob("*")):
        if not file.is_file() or "archive" in file.relative_to(folder).parts:
            continue
        yield str(file), file.read_bytes().decode(errors="replace")
        if file.suffix == ".duckdb" and not file.is_symlink():
            yield from _tables(file)
        elif file.suffix == ".db" or file.name.endswith(".sqlite"):
            with closing(sqlite3.connect(file)) as connection:
                yield f"{file} dump", "\n".join(connection.iterdump())
        elif zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as members:
                for member in members.namelist():
                    yield f"{file}/{member}", members.read(member).decode(errors="replace")


def _tables(file: Path) -> Iterator[tuple[str, str]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        tables = connection.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
        assert tables
        for schema, table in tables:
            rows = connection.execute(f'SELECT to_json(t)::VARCHAR FROM "{schema}"."{table}" AS t').fetchall()
            yield f"{file} {schema}.{table}", "\n".join(row for (row,) in rows)
