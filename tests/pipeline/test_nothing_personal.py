"""Law 6, tried: 500 names, telephone and ID numbers in every text field of every export, and then sought everywhere.

The raw archive alone may hold them. Whole runs, so that what Dagster, dbt and Great Expectations write is among what
is searched; commands too, with what they print and export.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from itertools import cycle
from pathlib import Path

import duckdb
import polars as pl
import pytest
import yaml
from typer.testing import CliRunner

from pipelines.calendar import Partition
from pipelines.cli.app import app
from pipelines.ingest import Workshop
from pipelines.load.ledger import Outcome
from pipelines.orchestration import run_days
from pipelines.settings import SOURCES, Settings
from tests.pipeline.conftest import QUICK, Home, Ran
from tests.pipeline.planting import PLANTERS, Planter, persons
from tests.shipped import SHIPPED, shipped_contracts

FIRST, LAST = date(2026, 11, 2), date(2026, 11, 4)
PERSONS = persons()
# Fields of each export in which a text may stand.
FIELDS = {
    "document_exchanges": 12, "document_registers": 13, "document_signing": 5, "officer_forms": 5,
    "platform_accounts": 7, "portal_dossiers": 37, "portal_statistics": 13, "videoconference_calls": 21,
    "videoconference_endpoint_status": 12,
}  # fmt: skip
BIG = ("document_exchanges", "portal_dossiers", "videoconference_endpoint_status")


@dataclass(frozen=True)
class Planted:
    """A home that was fed files with persons planted in them.

    Attributes:
        exports: The files.
        every: One row in so many holds a person, each field in two rows of a file at most; or all rows do.
        planters: What was planted, by dataset.
        needles: What is sought.
    """

    home: Home
    exports: Path
    every: int
    planters: dict[str, Planter]
    needles: list[str]


@pytest.fixture(scope="module", params=[4, pytest.param(1, marks=pytest.mark.long)], ids=["some rows", "every row"])
def planted(
    request: pytest.FixtureRequest, usual_week: Ran, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Planted]:
    folder = tmp_path_factory.mktemp("planted")
    (folder / "tmp").mkdir()
    planters = _plant(usual_week.home, folder / "exports", request.param)
    environment = {
        **usual_week.home.environment, **QUICK, "KHOTINH_HOME": str(folder / "data"), "TMPDIR": str(folder / "tmp"),
        "KHOTINH_DOCUMENTS_URL": (folder / "exports").as_uri(), "KHOTINH_SYSTEMS": "documents",
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.setattr(tempfile, "tempdir", None)
        workshop = Workshop(Settings(), sources=_sources(folder / "sources", request.param))
        loaded = run_days(workshop, FIRST, LAST, [], lambda _: None).attempts
        outcomes = {attempt.outcome for attempt in loaded}
        assert Outcome.FAILED not in outcomes, [attempt.message for attempt in loaded]
        home = Home(folder / "data", usual_week.home.environment, usual_week.home.made)
        texts = {text for planter in planters.values() for text in planter.planted}
        yield Planted(home, folder / "exports", request.param, planters, _needles(texts))


def _plant(home: Home, folder: Path, every: int) -> dict[str, Planter]:
    contracts, values = shipped_contracts(), cycle(PERSONS)
    arrivals = home.query(
        """
        SELECT dataset, partition_key, min(file_sha256) FROM meta.loads
        WHERE verdict <> 'refused' AND partition_key NOT LIKE 'baseline%' GROUP BY ALL ORDER BY ALL
        """
    ).rows()
    # What the demo province does not have is sought with its own reader, in tests/parse.
    there = [dataset for dataset, contract in contracts.items() if not contract.is_optional]
    planters = {dataset: Planter(values, every, 2 if every > 1 else 1_000_000) for dataset in there}
    for dataset, partition_key, digest in arrivals:
        kept = (home.folder / "archive" / digest[:2]).glob(f"{digest}.*")
        raw = next(file for file in kept if not file.name.endswith(".provenance.jsonl"))
        target = folder / dataset / partition_key
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(PLANTERS[contracts[dataset].format.kind](raw.read_bytes(), planters[dataset]))
    return planters


def _sources(folder: Path, every: int) -> Path:
    """Every contract as it ships, but for the place that its files come from.

    Where some rows are faulty, contracts that bear half of them load the rest: small exports, too, may hold a person
    in each field.
    """
    for file in SOURCES.glob("*/*.yaml"):
        if file.stem not in SHIPPED:
            continue
        contract = yaml.safe_load(file.read_text())
        period = "{day:%Y-%m}" if contract["cadence"] == "monthly" else "{day:%Y-%m-%d}"
        if not contract.get("is_optional"):
            contract["source"] = {"kind": "files", "connection": "documents", "path": f"{contract['dataset']}/{period}"}
        contract["baseline"] = False
        if every > 1:
            contract["max_quarantine_share"] = 0.5
        target = folder / file.parent.name / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(yaml.safe_dump(contract, allow_unicode=True))
    return folder


def test_every_text_field_of_every_export_held_a_person(planted: Planted) -> None:
    assert {dataset: len(planter.fields) for dataset, planter in planted.planters.items()} == FIELDS
    texts = {text for planter in planted.planters.values() for text in planter.planted}
    assert texts == set(PERSONS)
    # A form of ten rows has no room for five persons, and some fields are empty or rare in a week's exports.
    few = {"document_registers": 12, "videoconference_calls": 18, "videoconference_endpoint_status": 11}
    if planted.every > 1:
        few |= {"officer_forms": 2, "document_registers": 11}
    for dataset, fields in FIELDS.items():
        assert sum(count > 0 for count in planted.planters[dataset].fields.values()) >= few.get(dataset, fields), (
            dataset
        )


def test_a_planted_person_is_in_no_file_and_no_table_but_the_archive(planted: Planted) -> None:
    archived = b"".join(file.read_bytes() for file in (planted.home.folder / "archive").rglob("*") if file.is_file())
    assert planted.planters["document_exchanges"].planted[0].encode() in archived
    home = planted.home.folder
    searched = []
    for name, content in (*_written(home), *_written(home.parent / "tmp")):
        assert _found(planted.needles, content) == [], name
        searched.append(name)
    assert sum(" ops." in name or " meta." in name for name in searched) >= 15
    for part in ("runs.db dump", "run_results.json", "last_run.log", "data_docs/index.html", "raw.portal_dossiers"):
        assert any(part in name for name in searched), part


def test_rows_were_set_apart_and_the_rest_was_loaded(planted: Planted) -> None:
    verdicts = dict(planted.home.query("SELECT dataset, list(DISTINCT verdict) FROM meta.loads GROUP BY ALL").rows())
    if planted.every == 1:
        assert {verdict for own in verdicts.values() for verdict in own} == {"refused"}
        return
    for dataset in BIG:
        assert verdicts[dataset] == ["accepted_with_warnings"], dataset
    with duckdb.connect(str(planted.home.folder / "warehouse.duckdb"), read_only=True) as connection:
        masked = connection.execute("SELECT count(*) FROM ops.quarantine WHERE row_text LIKE '%xxxxx%'").fetchall()[0][
            0
        ]
        assert masked > 50
        assert connection.execute("SELECT count(*) FROM raw.document_exchanges").fetchall()[0][0] > 1_000


def test_no_command_shows_one(planted: Planted, tmp_path: Path) -> None:
    for command in (
        ("status",), ("status", "--json"), ("versions", "--json"), ("quarantine", "list"),
        ("quarantine", "list", "--rows", "--json"), ("quarantine", "export", "--to", str(tmp_path / "sheets")),
    ):  # fmt: skip
        done = CliRunner().invoke(app, command)
        assert done.exit_code in (0, 3), done.output
        assert _found(planted.needles, done.output) == [], command
    for name, content in _written(tmp_path / "sheets"):
        assert _found(planted.needles, content) == [], name


def test_inspecting_a_planted_file_shows_none(planted: Planted) -> None:
    for dataset in ("portal_dossiers", "document_exchanges", "document_registers", "videoconference_calls"):
        file = next(path for path in sorted((planted.exports / dataset).iterdir()) if Partition.parse(path.name))
        for more in ((), ("--json",)):
            done = CliRunner().invoke(app, ["inspect", str(file), "--dataset", dataset, *more])
            assert done.exit_code in (0, 3), done.output
            assert _found(planted.needles, done.output) == [], (dataset, more)


def test_the_search_finds_a_person_wherever_one_is(tmp_path: Path) -> None:
    name, phone = "Quách Kỳ Nghiêm", "+84987000001"
    needles = _needles({name, phone})
    (tmp_path / "a.log").write_text(f"row 7: {unicodedata.normalize('NFD', name)}")
    (tmp_path / "b.json").write_text(json.dumps([name]))
    with duckdb.connect(str(tmp_path / "c.duckdb")) as connection:
        connection.execute("CREATE TABLE t AS SELECT [struct_pack(fee := 987000001)] AS cells FROM range(5000)")
    with closing(sqlite3.connect(tmp_path / "d.db")) as connection_:
        connection_.execute("CREATE TABLE t (cell)")
        connection_.execute("INSERT INTO t VALUES (?)", [name.upper()])
        connection_.commit()
    with zipfile.ZipFile(tmp_path / "e.xlsx", "w", zipfile.ZIP_DEFLATED) as members:
        members.writestr("xl/sharedStrings.xml", f"<t>{name}</t>")
    pl.DataFrame({"cell": [phone] * 1000}).write_parquet(tmp_path / "f.parquet")
    hits = {Path(place.split(" ")[0]).name for place, content in _written(tmp_path) if _found(needles, content)}
    assert {hit.split(".")[0] for hit in hits} == {"a", "b", "c", "d", "sharedStrings", "f"}


def _found(needles: Sequence[str], content: str) -> list[str]:
    """The needles in a text, in one pass over it."""
    texts = pl.Series([content])
    if not texts.str.contains_any(list(needles)).item():
        return []
    return list(texts.str.extract_many(list(needles)).item())


def _needles(texts: set[str]) -> list[str]:
    """What is sought: each planted text, each name, and each number as a reader of numbers would spell it."""
    found = set(texts)
    for text in texts:
        digits = "".join(sign for sign in text if sign.isdigit())
        if digits:
            found |= {digits, digits.lstrip("0").removeprefix("84")}
        name = text.rstrip("0123456789 +").strip()
        if name:
            found |= {
                name,
                name.upper(),
                name.replace(" ", ""),
                json.dumps(name)[1:-1],
                unicodedata.normalize("NFD", name),
            }
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
        elif file.suffix == ".parquet":
            yield f"{file} rows", pl.read_parquet(file).write_ndjson()
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
