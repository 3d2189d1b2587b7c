"""Closing and re-opening a month loses nothing, whatever comes in between.

The ledger of closings and the publish are the pipeline's own; the three models that put closed figures in front are the
project's own SQL, compiled once and run on a warehouse of two months, two units and an indicator.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

import duckdb
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from pipelines.build import run_dbt
from pipelines.calendar import Partition
from pipelines.closing import Closure, close_month, read_closures, reopen_month
from pipelines.errors import PermanentError
from pipelines.load.warehouse import open_warehouse
from pipelines.publish.publish import POINTER, publish
from pipelines.settings import Settings
from tests.publish.publish_help import HIDDEN, build_warehouse, settings_in

MONTHS = (Partition.parse("2025-09"), Partition.parse("2025-10"))
UNITS = ("H56.11", "H56.12")
Figures = dict[tuple[str, str], int]
# Each with its schema, in the order in which they are built; what stands on a cause is not compared here.
MODELS = {"month_closures_in_force": "staging", "restated_figures": "staging", "indicator_monthly": "marts"}
_NOTHING = """
    CREATE OR REPLACE TABLE staging.indicator_monthly_measured AS SELECT * EXCLUDE (is_closed) FROM marts.indicator_monthly
    WHERE false
"""
_MEASURE = """
    INSERT INTO staging.indicator_monthly_measured
    VALUES ('portal_received', ?, ?, ?, NULL, ?, NULL, NULL, true)
"""


@dataclass(frozen=True)
class Compiled:
    """The models' SQL."""

    text: dict[str, str]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    """Compiles the models as dbt would run them."""
    home = settings_in(tmp_path_factory.mktemp("compiled"))
    with open_warehouse(home):
        pass
    run_dbt(home, ["compile", "--select", *MODELS, "--indirect-selection", "empty"])
    folder = home.dbt_target_folder / "compiled" / "khotinh" / "models" / "marts"
    return Compiled({name: next(folder.rglob(f"{name}.sql")).read_text() for name in MODELS})


@dataclass
class Warehouse:
    """A warehouse whose month figures are given, built by the models and published."""

    settings: Settings
    manifest: Path
    models: Compiled

    @classmethod
    def make(cls, folder: Path, models: Compiled) -> Warehouse:
        home = settings_in(folder)
        manifest = build_warehouse(home)
        with open_warehouse(home) as connection:
            connection.execute(_NOTHING)
            for month in MONTHS:
                connection.execute("INSERT INTO core.day_coverage VALUES ('portal_dossiers', ?)", [month.first_day])
        made = cls(home, manifest, models)
        made.build_and_publish({})
        return made

    def build_and_publish(self, figures: Figures) -> None:
        with open_warehouse(self.settings) as connection:
            connection.execute(_NOTHING)
            for (unit, period), count in figures.items():
                connection.execute(_MEASURE, [unit, period, count, count])
            for name, schema in MODELS.items():
                connection.execute(f"CREATE OR REPLACE TABLE {schema}.{name} AS {self.models.text[name]}")
        publish(self.settings, self.manifest, HIDDEN)

    def published(self) -> Figures:
        with duckdb.connect(str(self.settings.published_folder / POINTER), read_only=True) as connection:
            return _figures(connection, 'SELECT unit_code, period, "value"::INT FROM marts.indicator_monthly')

    def closed_by(self, closure: Closure) -> Figures:
        with open_warehouse(self.settings) as connection:
            return _figures(
                connection,
                f'SELECT unit_code, period, "value"::INT FROM ops.closed_figures WHERE closure_sequence = {closure.closure_sequence}',
            )

    def restated(self) -> dict[tuple[str, str], tuple[int | None, int | None]]:
        with open_warehouse(self.settings) as connection:
            found = connection.execute(
                "SELECT unit_code, period, closed_value::INT, restated_value::INT FROM staging.restated_figures"
            ).fetchall()
        return {(unit, period): (closed, restated) for unit, period, closed, restated in found}


def _figures(connection: duckdb.DuckDBPyConnection, query: str) -> Figures:
    found = connection.execute(query).fetchall()
    figures = {(unit, period): count for unit, period, count in found}
    assert len(figures) == len(found)
    return figures


@dataclass
class Expected:
    """What a person with a notebook would hold.

    Attributes:
        read: What readers have.
        closed: What each closed month stands at.
        kept: What each closing took, for ever.
    """

    read: Figures = field(default_factory=dict)
    closed: dict[str, Figures] = field(default_factory=dict)
    kept: list[tuple[Closure, Figures]] = field(default_factory=list)


def _period(month: Partition) -> str:
    return month.key.replace("-", "")


class Months(RuleBasedStateMachine):
    """Corrections, closings and re-openings in any order."""

    def __init__(self, models: Compiled) -> None:
        super().__init__()
        self.folder = Path(mkdtemp(prefix="closing-"))
        self.warehouse = Warehouse.make(self.folder, models)
        self.expected = Expected()

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    @rule(
        figures=st.dictionaries(
            st.tuples(st.sampled_from(UNITS), st.sampled_from([_period(month) for month in MONTHS])),
            st.integers(0, 2),
        )
    )
    def correct(self, figures: Figures) -> None:
        self.warehouse.build_and_publish(figures)
        closed = self.expected.closed
        open_ones = {key: count for key, count in figures.items() if key[1] not in closed}
        self.expected.read = {key: count for month in closed.values() for key, count in month.items()} | open_ones
        # What was closed and what is restated together tell what is measured: nothing is lost between them.
        told = dict(self.expected.read)
        for key, (was, now) in self.warehouse.restated().items():
            assert told.pop(key, None) == was
            assert was != now
            if now is not None:
                told[key] = now
        assert told == figures

    @rule(month=st.sampled_from(MONTHS))
    def close(self, month: Partition) -> None:
        if _period(month) in self.expected.closed:
            with pytest.raises(PermanentError, match="has been closed since"):
                close_month(self.warehouse.settings, month, None, accept_incomplete=True)
            return
        figures = {key: count for key, count in self.expected.read.items() if key[1] == _period(month)}
        if not figures:
            with pytest.raises(PermanentError, match="nothing to close"):
                close_month(self.warehouse.settings, month, None, accept_incomplete=True)
            return
        closure = close_month(self.warehouse.settings, month, "agreed", accept_incomplete=True)
        assert closure.figures == len(figures)
        self.expected.closed[_period(month)] = figures
        self.expected.kept.append((closure, figures))

    @rule(month=st.sampled_from(MONTHS))
    def reopen(self, month: Partition) -> None:
        if _period(month) not in self.expected.closed:
            with pytest.raises(PermanentError, match="is not closed"):
                reopen_month(self.warehouse.settings, month, "why")
            return
        self.expected.kept.append((reopen_month(self.warehouse.settings, month, "why"), {}))
        del self.expected.closed[_period(month)]

    @invariant()
    def readers_have_what_stands(self) -> None:
        assert self.warehouse.published() == self.expected.read

    @invariant()
    def nothing_that_was_closed_is_lost(self) -> None:
        assert read_closures(self.warehouse.settings) == [closure for closure, _ in self.expected.kept]
        for closure, figures in self.expected.kept:
            assert self.warehouse.closed_by(closure) == figures


def test_closing_and_reopening_a_month_loses_nothing(compiled: Compiled) -> None:
    class OfTheModels(Months):
        def __init__(self) -> None:
            super().__init__(compiled)

    run_state_machine_as_test(
        OfTheModels,
        settings=settings(
            max_examples=6, stateful_step_count=8, deadline=None, derandomize=True, database=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )  # fmt: skip


@pytest.fixture
def warehouse(tmp_path: Path, compiled: Compiled) -> Warehouse:
    return Warehouse.make(tmp_path, compiled)


def test_a_month_that_is_not_there_is_never_closed(warehouse: Warehouse) -> None:
    for accept_incomplete in (False, True):
        with pytest.raises(PermanentError, match="No figure of 2025-09 is published"):
            close_month(warehouse.settings, MONTHS[0], None, accept_incomplete=accept_incomplete)
    assert read_closures(warehouse.settings) == []
    warehouse.build_and_publish({("H56.11", "202509"): 1})
    assert close_month(warehouse.settings, MONTHS[0], None, accept_incomplete=False).figures == 1


def test_a_month_of_which_a_dataset_has_no_day_is_closed_only_on_purpose(warehouse: Warehouse) -> None:
    with open_warehouse(warehouse.settings) as connection:
        connection.execute("DELETE FROM core.day_coverage WHERE report_date = '2025-10-01'")
    warehouse.build_and_publish({("H56.11", "202510"): 1})
    with pytest.raises(PermanentError, match="no day of portal_dossiers is loaded") as refused:
        close_month(warehouse.settings, MONTHS[1], None, accept_incomplete=False)
    assert "chưa nạp ngày nào của portal_dossiers" in refused.value.vi
    assert close_month(warehouse.settings, MONTHS[1], None, accept_incomplete=True).figures == 1


def _closed_form(warehouse: Warehouse) -> list[tuple[object, ...]]:
    """What readers have of the forms of closed months."""
    with duckdb.connect(str(warehouse.settings.published_folder / POINTER), read_only=True) as connection:
        return connection.execute(
            "SELECT period, field_name_vi, settled_early_count, open_count, closed_version FROM meta.closed_form_rows ORDER BY ALL"
        ).fetchall()


def test_the_form_is_closed_as_it_was_read_and_readers_have_it_while_the_month_is_closed(warehouse: Warehouse) -> None:
    with open_warehouse(warehouse.settings) as connection:
        connection.execute("UPDATE marts.portal_form_ii06a_monthly SET period = '202509', settled_early_count = 2")
        connection.execute(
            "INSERT INTO marts.portal_form_ii06a_monthly SELECT * REPLACE ('202510' AS period) FROM marts.portal_form_ii06a_monthly"
        )
    warehouse.build_and_publish({("H56.11", "202509"): 1})
    assert _closed_form(warehouse) == []
    with open_warehouse(warehouse.settings) as connection:
        connection.execute("UPDATE marts.portal_form_ii06a_monthly SET settled_early_count = 0, open_count = 0")
    first = close_month(warehouse.settings, MONTHS[0], None, accept_incomplete=False)
    warehouse.build_and_publish({("H56.11", "202509"): 1})
    assert _closed_form(warehouse) == [("202509", "Hộ tịch", 2, 3, first.version)]
    reopen_month(warehouse.settings, MONTHS[0], "why")
    warehouse.build_and_publish({("H56.11", "202509"): 1})
    assert _closed_form(warehouse) == []
    again = close_month(warehouse.settings, MONTHS[0], None, accept_incomplete=False)
    warehouse.build_and_publish({("H56.11", "202509"): 1})
    assert _closed_form(warehouse) == [("202509", "Hộ tịch", 0, 0, again.version)]


def test_a_month_of_which_days_or_files_are_missing_is_closed_only_on_purpose(warehouse: Warehouse) -> None:
    with open_warehouse(warehouse.settings) as connection:
        connection.execute(
            """
            UPDATE ops.datasets SET cadence = 'monthly';
            INSERT INTO ops.completeness VALUES ('portal_dossiers', '2025-09-01', 'dataset', 'portal_dossiers', 'missing')
            """
        )
    warehouse.build_and_publish({("H56.11", "202509"): 1, ("H56.11", "202510"): 1})
    with pytest.raises(PermanentError, match="no file of portal_dossiers"):
        close_month(warehouse.settings, MONTHS[0], None, accept_incomplete=False)
    with open_warehouse(warehouse.settings) as connection:
        connection.execute(
            "UPDATE marts.indicator_monthly SET days_covered = 30, days_expected = 31, is_complete = false WHERE period = '202510'"
        )
    publish(warehouse.settings, warehouse.manifest, HIDDEN)
    with pytest.raises(PermanentError, match="portal_received has 30 of 31 days"):
        close_month(warehouse.settings, MONTHS[1], None, accept_incomplete=False)
    assert close_month(warehouse.settings, MONTHS[1], None, accept_incomplete=True).figures == 1


def test_a_month_is_over_when_its_last_day_is(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse.build_and_publish({("H56.11", "202510"): 1})
    monkeypatch.setattr("pipelines.closing.today", lambda: MONTHS[1].last_day)
    with pytest.raises(PermanentError, match="not over before 2025-11-01"):
        close_month(warehouse.settings, MONTHS[1], None, accept_incomplete=False)
    monkeypatch.setattr("pipelines.closing.today", lambda: MONTHS[1].next_day)
    assert close_month(warehouse.settings, MONTHS[1], None, accept_incomplete=False).figures == 1


def test_what_nobody_has_read_is_not_closed(warehouse: Warehouse) -> None:
    warehouse.build_and_publish({("H56.11", "202510"): 1})
    with open_warehouse(warehouse.settings) as connection:
        connection.execute('UPDATE marts.indicator_monthly SET "value" = 2, numerator = 2')
    closure = close_month(warehouse.settings, MONTHS[1], None, accept_incomplete=False)
    assert warehouse.closed_by(closure) == {("H56.11", "202510"): 1}


def test_nothing_is_closed_before_anything_is_published(tmp_path: Path) -> None:
    home = settings_in(tmp_path)
    build_warehouse(home)
    with pytest.raises(PermanentError, match="Nothing is published"):
        close_month(home, MONTHS[0], None, accept_incomplete=True)


def test_a_month_is_no_day(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="not a month"):
        close_month(settings_in(tmp_path), Partition.parse("2025-10-01"), None, accept_incomplete=True)
