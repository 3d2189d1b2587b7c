"""A schedule of arrivals and builds, played on a warehouse of its own, and what is in it afterwards.

The steps are the pipeline's own: `examine`, the check for the same bytes, `load`, and dbt on the project's models. Two
things are spared. A file is judged once, because its verdict is a function of the file (a test holds that). And the
builds in between run only the models that are built by increments and what they read: every other table is replaced as a
whole by the last build and remembers nothing of the ones before. dbt runs in this process on one manifest: 0.6 s for a build in
between and 2.5 s for a whole one, where a process each would pay 5 s more.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from hypothesis.vendor.pretty import RepresentationPrinter

from pipelines.archive import Arrival
from pipelines.calendar import Partition
from pipelines.ingest import Workshop, examine
from pipelines.load.ledger import Attempt, Outcome, load_with_same_bytes, record_attempt
from pipelines.load.load import load
from pipelines.load.warehouse import open_warehouse, prepare
from pipelines.settings import Settings
from pipelines.validate.verdict import Judged, Verdict
from tests.pipeline.order_arrivals import STORED_AT, Came

SAYS_THE_ORDER = {"load_id", "load_sequence", "arrived_at", "known_at"}
"""Columns that name a load or say when it came: they follow the order because they tell it. No mart has one."""
# Histories tell in which order things became known: that is what they are for. So does marts.indicator_history, of what
# was published; here nothing is.
COMPARED = """
    (schema_name IN ('core', 'marts', 'open') AND NOT suffix(table_name, '_history'))
    OR (schema_name = 'ops' AND table_name = 'completeness')
"""
BY_INCREMENTS = ["--select", "+config.materialized:incremental"]
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Schedule:
    """What comes, in this order, and after how many arrivals the warehouse is built; it is built at the end as well."""

    arrivals: tuple[Came, ...]
    builds: tuple[int, ...] = ()

    def _repr_pretty_(self, printer: RepresentationPrinter, _cycle: bool) -> None:  # noqa: FBT001  (hypothesis calls it)
        printer.text(f"{len(self.arrivals)} arrivals, built after {[*self.builds, len(self.arrivals)]}")

    def __str__(self) -> str:
        lines = []
        for number, came in enumerate(self.arrivals):
            lines += ["      -- build --"] * (number in self.builds) + [f"  {number:3} {came}"]
        return "\n".join([*lines, "      -- build --"])


def judged_once(workshop: Workshop, came: Came, kept: dict[tuple[object, ...], Judged]) -> Judged:
    """The verdict on the file; one that is known is not found again."""
    arrival = came.arrival
    key = (*came.partition, arrival.file_sha256, arrival.declared_rows, workshop.rules_sha256(arrival.dataset))
    if key not in kept:
        contract = workshop.contracts[arrival.dataset]
        kept[key] = examine(workshop, contract, Partition.parse(arrival.partition_key), arrival)
    return kept[key]


def bring_in(
    connection: duckdb.DuckDBPyConnection, workshop: Workshop, arrival: Arrival, judged: Judged, rules: str
) -> Attempt:
    """One arrival into the ledger, as `ingest` does it: the same bytes are a no-op, everything else is loaded."""
    if known := load_with_same_bytes(connection, arrival, rules):
        outcome = Outcome.REFUSED if known.verdict == Verdict.REFUSED else Outcome.SAME_BYTES
        attempt = Attempt(arrival.dataset, arrival.partition_key, outcome, "", known.load_id, known.verdict)
        record_attempt(connection, attempt, arrival.arrived_at)
        return attempt
    contract, at = workshop.contracts[arrival.dataset], arrival.arrived_at
    return load(connection, contract, arrival, judged, at, at, rules, workshop.volume_basis)


@dataclass(repr=False)
class Stage:
    """One warehouse file, over and over again.

    Attributes:
        settings: A home of its own; dbt finds its warehouse by the environment, so there is one at a time.
        workshop: Judges the files.
        manifest: The project, parsed.
        judged: Verdicts that are known.
    """

    settings: Settings
    workshop: Workshop
    manifest: Manifest
    judged: dict[tuple[object, ...], Judged] = field(default_factory=dict)

    @classmethod
    def open(cls, settings: Settings, workshop: Workshop) -> Stage:
        """Parses the project and builds it once on an empty ledger; every schedule begins from there."""
        with open_warehouse(settings) as connection:
            prepare(connection, workshop.contracts.values())
        manifest = dbtRunner().invoke(["parse", "--quiet"]).result
        assert isinstance(manifest, Manifest)
        stage = cls(settings, workshop, manifest)
        stage.dbt("seed")
        stage.dbt("run")
        shutil.copy(settings.warehouse_file, stage.empty_file)
        return stage

    @property
    def empty_file(self) -> Path:
        """The warehouse before the first arrival."""
        return self.settings.home / "empty.duckdb"

    def dbt(self, *arguments: str) -> None:
        """Runs dbt on the stage's warehouse, in this process."""
        done = dbtRunner(manifest=self.manifest).invoke([*arguments, "--quiet", "--no-write-json"])
        # Else the file stays open in this process, and the next schedule is copied over it.
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
        assert done.success, done.exception or done.result

    def play(self, schedule: Schedule, *whole_build: str) -> Path:
        """Plays the schedule from the beginning.

        Args:
            schedule: What comes and when it is built.
            whole_build: Options of the last build.

        Returns:
            The warehouse file; the next `play` writes over it.
        """
        shutil.copy(self.empty_file, self.settings.warehouse_file)
        begin = 0
        for end in (*(build for build in schedule.builds if build < len(schedule.arrivals)), len(schedule.arrivals)):
            self._load(schedule, begin, end)
            if end < len(schedule.arrivals):
                self.dbt("run", *BY_INCREMENTS)
            begin = end
        self.dbt("run", *whole_build)
        return self.settings.warehouse_file

    def _load(self, schedule: Schedule, begin: int, end: int) -> None:
        arrivals = schedule.arrivals
        with open_warehouse(self.settings) as connection:
            for number in range(begin, end):
                came, at = arrivals[number], STORED_AT + number * MINUTE
                judged = judged_once(self.workshop, came, self.judged)
                rules = self.workshop.rules_sha256(came.arrival.dataset)
                bring_in(connection, self.workshop, replace(came.arrival, arrived_at=at), judged, rules)
            self._ask_in_vain(connection, arrivals[:end], arrivals[end:], STORED_AT + end * MINUTE)

    @staticmethod
    def _ask_in_vain(
        connection: duckdb.DuckDBPyConnection, here: Sequence[Came], to_come: Sequence[Came], at: datetime
    ) -> None:
        """Before a build every period is asked for; those of which nothing has come yet leave an attempt in vain."""
        for dataset, key in {came.partition for came in to_come} - {came.partition for came in here}:
            record_attempt(connection, Attempt(dataset, key, Outcome.NOT_THERE), at)


def tables(file: Path) -> list[tuple[str, str]]:
    """Schema, table and the columns that are compared, of every table that readers or `ops.completeness` show."""
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(
            f"SELECT schema_name, table_name FROM duckdb_tables() WHERE {COMPARED} ORDER BY ALL"
        ).fetchall()


def checksums(file: Path) -> dict[str, tuple[int, str]]:
    """Rows and checksum of every compared table; the order of rows does not count, their number does."""
    found = {}
    names = tables(file)
    with duckdb.connect(str(file), read_only=True) as connection:
        for schema, table in names:
            row = connection.execute(
                f"SELECT count(*), coalesce(sum(hash(rows)::HUGEINT), 0)::VARCHAR FROM ({_rows(f'{schema}.{table}')}) AS rows"
            ).fetchall()[0]
            found[f"{schema}.{table}"] = row
    return found


def first_differences(expected: Path, found: Path, table: str, most: int = 3) -> str:
    """The first rows that only one of two warehouses has, for whoever reads a failure."""
    lines = []
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"ATTACH '{expected}' AS expected (READ_ONLY); ATTACH '{found}' AS found (READ_ONLY)")
        for one, other in (("expected", "found"), ("found", "expected")):
            rows = connection.execute(
                f"SELECT to_json(rows) FROM (({_rows(f'{one}.{table}')}) EXCEPT ALL ({_rows(f'{other}.{table}')})) AS rows ORDER BY ALL LIMIT {most}"
            ).fetchall()
            lines += [f"  only {one}: {row}" for (row,) in rows]
    return "\n".join(lines)


def _rows(table: str) -> str:
    left_out = ", ".join(f"'{name}'" for name in sorted(SAYS_THE_ORDER))
    return f"SELECT COLUMNS(name -> name NOT IN ({left_out})) FROM {table}"
