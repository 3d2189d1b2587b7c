"""Law 3 at the gate: which loads are in force is a function of the set of arrivals, not of their order.

Hundreds of little ledgers, written by the pipeline's own steps and read through the gate as dbt compiles it, without
dbt. What is expected is worked out from the arrivals alone. The rows' own way is `test_order`'s matter. Versions that
their source does not date are left out: there the order is all that tells which is the newest.
"""

# ruff: noqa: DTZ001  (the warehouse keeps naive local times)

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.build import run_dbt
from pipelines.ingest import Workshop
from pipelines.load.warehouse import prepare
from pipelines.settings import Settings
from tests.load.load_help import arrival, judged
from tests.pipeline.order_builds import bring_in

SNAPSHOT, CHANGES = "platform_accounts", "videoconference_calls"
BEGIN = datetime(2026, 7, 2, 5, 30)


@dataclass(frozen=True)
class Version:
    """A file: whose, what it says, when its source dates it. One text is refused, whenever it comes."""

    dataset: str
    text: str
    hour: int

    @property
    def of(self) -> tuple[str, str]:
        """Of what it is a version: a snapshot as a whole, or in changes the file itself."""
        return self.dataset, self.text if self.dataset == CHANGES else ""

    @property
    def is_refused(self) -> bool:
        return self.text == "x"

    @property
    def dated(self) -> datetime:
        return datetime(2026, 7, 1, self.hour)


def snapshot(*texts_and_hours: tuple[str, int]) -> list[Version]:
    """Versions of one snapshot in the order of their coming."""
    return [Version(SNAPSHOT, text, hour) for text, hour in texts_and_hours]


@dataclass(frozen=True, repr=False)
class Gate:
    """A ledger in memory, and the gate's SQL as dbt compiles it."""

    workshop: Workshop
    connection: duckdb.DuckDBPyConnection
    sql: str

    def in_force(self, coming: list[Version]) -> list[tuple[str, str, datetime]]:
        """Dataset, text and time of every load in force after these arrivals."""
        for table in ("arrivals", "loads", "checks", "quarantine", "attempts"):
            self.connection.execute(f"DELETE FROM ops.{table}")
        for number, version in enumerate(coming):
            came = arrival(version.text * 64, modified_at=version.dated)
            came = replace(came, dataset=version.dataset, arrived_at=BEGIN + timedelta(minutes=number))
            bring_in(self.connection, self.workshop, came, judged((), (), refused=version.is_refused), "rules")
        return self.connection.execute(
            f"""
            SELECT gate.dataset, left(arrivals.file_sha256, 1), gate.known_at FROM ({self.sql}) AS gate
            JOIN ops.loads USING (load_id) JOIN ops.arrivals USING (arrival_id) ORDER BY ALL
            """
        ).fetchall()


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """The gate over an empty ledger."""
    home = Settings(_env_file=None, home=tmp_path_factory.mktemp("gate"))  # type: ignore[call-arg]
    run_dbt(home, ["compile", "--select", "stg_loads_in_force"])
    [compiled] = home.dbt_target_folder.rglob("compiled/khotinh/models/staging/stg_loads_in_force.sql")
    workshop = Workshop(home)
    with duckdb.connect(":memory:") as connection:
        connection.execute("ATTACH ':memory:' AS warehouse; USE warehouse")
        prepare(connection, [workshop.contracts[SNAPSHOT], workshop.contracts[CHANGES]])
        yield Gate(workshop, connection, compiled.read_text())


def expected(coming: list[Version]) -> list[tuple[str, str, datetime]]:
    """The newest accepted version of a snapshot; every accepted text of changes, at its newest date."""
    good = [version for version in coming if not version.is_refused]
    newest: dict[tuple[str, str], Version] = {}
    for version in sorted(good, key=lambda version: version.hour):
        newest[version.of] = version
    return sorted((version.dataset, version.text, version.dated) for version in newest.values())


@st.composite
def comings(draw: st.DrawFn) -> list[Version]:
    """Versions in any order and more than once; in one snapshot, one date is one version."""
    texts = draw(st.lists(st.sampled_from("abx"), min_size=2, max_size=5))
    versions = [Version(SNAPSHOT, text, hour) for hour, text in enumerate(texts)]
    for text, hour in draw(st.sets(st.tuples(st.sampled_from("abx"), st.integers(0, 3)), max_size=3)):
        versions.append(Version(CHANGES, text, hour))
    again = draw(st.lists(st.sampled_from(versions), max_size=4))
    return draw(st.permutations([*versions, *again]))


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(coming=comings())
@example(snapshot(("a", 1), ("a", 3), ("b", 2)))  # the same bytes with a later date, then one dated in between
@example(snapshot(("a", 1), ("b", 2), ("a", 3)))  # back to what was said before
@example(snapshot(("b", 2), ("a", 1), ("x", 3)))  # late, and the newest refused
@example(snapshot(("a", 3), ("a", 1), ("b", 2)))
def test_what_is_in_force_depends_on_what_came_and_not_on_its_order(gate: Gate, coming: list[Version]) -> None:
    assert gate.in_force(coming) == expected(coming)
