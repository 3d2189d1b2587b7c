"""Nobody can compute a small cell from what is open: the models' own SQL, on any province, against a solver."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.build import run_dbt
from pipelines.settings import DBT_PROJECT, Settings
from tests.open_data.attacker import Attacker, Cell

LEAST = 5
OFFICE, PERIOD = "H56", "202601"
# Part and whole, by the measures' own codes.
PARTS = {
    "received_online": "received",
    "received_fully_online": "received_online",
    "payment_due": "received",
    "paid_online": "payment_due",
}
OF_PROCEDURES = ("received", "received_online", "received_fully_online")
# Indicator, numerator, denominator: what a reader knows each to count.
INDICATORS = {
    "portal_received": ("received", None),
    "portal_online": ("received_online", "received"),
    "portal_fully_online": ("received_fully_online", "received"),
    "portal_paid_online": ("paid_online", "payment_due"),
}
MODELS = ("open_cells", "open_cells_hidden", "open_indicator_monthly", "open_procedure_monthly")
SEEDS = ("open_measures", "open_indicators", "open_rules")
Counts = dict[tuple[str, str], dict[str, int]]


@dataclass(frozen=True)
class Open:
    """What is open: rows of the two published tables."""

    indicators: list[tuple[str, str, float | None, float | None, float | None, bool]]
    procedures: list[tuple[str, str, int | None, bool]]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The models as the warehouse would run them."""
    home = Settings(home=tmp_path_factory.mktemp("open"))
    run_dbt(home, ["compile", "--select", *MODELS])
    folder = home.dbt_target_folder / "compiled" / "khotinh" / "models" / "open"
    return {name: (folder / f"{name}.sql").read_text() for name in MODELS}


@pytest.fixture(scope="module")
def warehouse(models: dict[str, str]) -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables that the models read, empty but for the seeds, and the models as views over them."""
    with duckdb.connect(":memory:") as connection:
        connection.execute("ATTACH ':memory:' AS warehouse; USE warehouse")
        for schema in ("marts", "core", "staging", "reference", "open"):
            connection.execute(f"CREATE SCHEMA {schema}")
        for seed in SEEDS:
            connection.execute(
                f"CREATE TABLE reference.{seed} AS FROM read_csv('{DBT_PROJECT / 'seeds' / f'{seed}.csv'}')"
            )
        connection.execute("""
            CREATE TABLE marts.indicator_monthly (indicator_code VARCHAR, unit_code VARCHAR, period VARCHAR,
                numerator DECIMAL(18, 4), denominator DECIMAL(18, 4), is_complete BOOLEAN);
            CREATE TABLE marts.portal_procedure_monthly (procedure_code VARCHAR, period VARCHAR, received_count BIGINT,
                received_online_count BIGINT, received_fully_online_count BIGINT, settled_count BIGINT,
                settled_on_time_count BIGINT);
            CREATE TABLE core.dim_procedure (procedure_code VARCHAR, procedure_name_vi VARCHAR, field_name_vi VARCHAR)
        """)
        for name, sql in models.items():
            schema = "staging" if "cells" in name else "open"
            connection.execute(f"CREATE VIEW {schema}.{name} AS {sql}")
        yield connection


def counts_of() -> st.SearchStrategy[dict[str, int]]:
    """Dossiers of a unit and a procedure: few, often, and everything in them a part of it."""

    @st.composite
    def made(draw: st.DrawFn) -> dict[str, int]:
        received = draw(st.one_of(st.integers(0, 6), st.integers(0, 40)))
        online = draw(st.one_of(st.integers(0, received), st.sampled_from([0, received])))
        due = draw(st.one_of(st.integers(0, received), st.sampled_from([0, received])))
        return {
            "received": received, "received_online": online,
            "received_fully_online": draw(st.one_of(st.integers(0, online), st.just(online))),
            "payment_due": due, "paid_online": draw(st.one_of(st.integers(0, due), st.just(0))),
        }  # fmt: skip

    return made()


@st.composite
def provinces(draw: st.DrawFn) -> Counts:
    """Counts by unit (the province's own office among them) and procedure."""
    units = [OFFICE, *(f"H56.{number}" for number in range(10, 10 + draw(st.integers(1, 5))))]
    procedures = [f"1.{number}" for number in range(draw(st.integers(1, 3)))]
    return {(unit, procedure): draw(counts_of()) for unit in units for procedure in procedures}


def _sums(counts: Counts, place: int) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for key, cell in counts.items():
        own = found.setdefault(key[place], dict.fromkeys(cell, 0))
        for measure, counted in cell.items():
            own[measure] += counted
    return found


def publish(connection: duckdb.DuckDBPyConnection, counts: Counts) -> Open:
    """What the models make open of a province."""
    units, procedures = _sums(counts, 0), _sums(counts, 1)
    total = {measure: sum(unit[measure] for unit in units.values()) for measure in next(iter(units.values()))}
    told = {**{unit: own for unit, own in units.items() if unit != OFFICE}, OFFICE: total}
    figures = [
        (indicator, unit, PERIOD, own[numerator], own[denominator] if denominator else None, True)
        for indicator, (numerator, denominator) in INDICATORS.items()
        for unit, own in told.items()
        if own[denominator or numerator] > 0
    ]
    for table in ("marts.indicator_monthly", "marts.portal_procedure_monthly", "core.dim_procedure"):
        connection.execute(f"DELETE FROM {table}")
    if figures:
        connection.executemany("INSERT INTO marts.indicator_monthly VALUES (?, ?, ?, ?, ?, ?)", figures)
    for procedure, own in procedures.items():
        connection.execute("INSERT INTO core.dim_procedure VALUES (?, 'x', 'y')", [procedure])
        if own["received"]:
            connection.execute(
                "INSERT INTO marts.portal_procedure_monthly VALUES (?, ?, ?, ?, ?, 0, 0)",
                [procedure, PERIOD, *(own[measure] for measure in OF_PROCEDURES)],
            )
    return Open(
        connection.execute("SELECT indicator_code, unit_code, numerator::DOUBLE, denominator::DOUBLE, value::DOUBLE, is_suppressed FROM open.open_indicator_monthly").fetchall(),
        connection.execute("SELECT procedure_code, measure_code, dossier_count, is_suppressed FROM open.open_procedure_monthly").fetchall(),
    )  # fmt: skip


def read(seen: Open) -> tuple[Attacker, set[Cell], dict[Cell, float]]:
    """An attacker who has read it all; the cells that are hidden from it, and those that are not."""
    told: list[tuple[Cell, float | None]] = []
    for indicator, unit, numerator, denominator, value, _ in seen.indicators:
        assert value is None or numerator is not None
        of, over = INDICATORS[indicator]
        place = ("total", "") if unit == OFFICE else ("unit", unit)
        told.append(((*place, of), numerator))
        if over is not None:
            told.append(((*place, over), denominator))
    told += [(("procedure", procedure, measure), counted) for procedure, measure, counted, _ in seen.procedures]
    known = {cell: number for cell, number in told if number is not None}
    attacker = Attacker()
    for cell, _ in told:
        attacker.column(cell)
    for cell, number in known.items():
        attacker.knows(cell, number)
    _teach(attacker, {cell for cell, _ in told})
    # A denominator that one row hides and another shows is not hidden.
    return attacker, {cell for cell, _ in told} - known.keys(), known


def _teach(attacker: Attacker, cells: set[Cell]) -> None:
    """How the cells hang together. The province's own office is one more unit, of which no row tells."""
    places = {kind: sorted({code for of, code, _ in cells if of == kind}) for kind in ("unit", "procedure")}
    with_office = [*places["unit"], OFFICE]
    for measure in ("received", *PARTS):
        if cells:
            attacker.knows_sum([("unit", unit, measure) for unit in with_office], ("total", "", measure))
        if places["procedure"] and measure in OF_PROCEDURES:
            attacker.knows_sum([("procedure", code, measure) for code in places["procedure"]], ("total", "", measure))
    for part, whole in PARTS.items():
        for kind, code in [*(("unit", unit) for unit in with_office), ("total", "")]:
            attacker.knows_part((kind, code, part), (kind, code, whole))
        for code in places["procedure"] if part in OF_PROCEDURES else ():
            attacker.knows_part(("procedure", code, part), ("procedure", code, whole))
    for kind, codes in places.items():
        for code in codes:
            attacker.knows_there_is_one((kind, code, "received"))


def is_small(number: float) -> bool:
    """Whether a count tells of fewer persons than may be told of; none is nobody."""
    return 0 < number < LEAST


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(counts=provinces())
def test_no_hidden_cell_can_be_told_to_within_less_than_five(
    warehouse: duckdb.DuckDBPyConnection, counts: Counts
) -> None:
    seen = publish(warehouse, counts)
    attacker, hidden, known = read(seen)
    assert not [cell for cell, number in known.items() if is_small(number)]
    for cell in hidden:
        assert attacker.width((cell, 1.0)) >= LEAST - 1e-6, cell
    for secret in _secrets(counts):
        assert attacker.width(*secret) >= LEAST - 1e-6, secret


def _secrets(counts: Counts) -> Iterator[tuple[tuple[Cell, float], ...]]:
    """What tells of 1 to 4 persons in truth: cells, the office's among them, and what a share leaves over."""
    for kind, place, measures in (("unit", 0, ["received", *PARTS]), ("procedure", 1, list(OF_PROCEDURES))):
        for code, own in _sums(counts, place).items():
            for measure in measures:
                cell, whole = (kind, code, measure), PARTS.get(measure)
                if is_small(own[measure]):
                    yield ((cell, 1.0),)
                if whole is not None and is_small(own[whole] - own[measure]):
                    yield ((kind, code, whole), 1.0), (cell, -1.0)


def test_the_attacker_finds_a_cell_that_is_hidden_alone() -> None:
    attacker = Attacker()
    for unit, number in (("A", None), ("B", 20), ("C", 30)):
        attacker.column(("unit", unit, "received"))
        if number is not None:
            attacker.knows(("unit", unit, "received"), number)
    attacker.knows(("total", "", "received"), 53)
    attacker.knows_sum([("unit", unit, "received") for unit in "ABC"], ("total", "", "received"))
    assert attacker.width((("unit", "A", "received"), 1.0)) == pytest.approx(0)


def test_large_cells_stay_open(warehouse: duckdb.DuckDBPyConnection) -> None:
    large = {"received": 100, "received_online": 60, "received_fully_online": 30, "payment_due": 50, "paid_online": 20}
    small = {"received": 4, "received_online": 2, "received_fully_online": 1, "payment_due": 1, "paid_online": 0}
    counts = {(f"H56.{number}", "1.0"): large for number in range(10, 20)} | {("H56.20", "1.0"): small}
    seen = publish(warehouse, counts)
    suppressed = {(indicator, unit) for indicator, unit, *_, is_suppressed in seen.indicators if is_suppressed}
    # The small unit, and one beside it: each of the three indicators that are open.
    assert {unit for _, unit in suppressed} == {"H56.10", "H56.20"}
    assert len(suppressed) == 6
    totals = {indicator: numerator for indicator, unit, numerator, *_ in seen.indicators if unit == OFFICE}
    assert totals == {
        "portal_received": 1004,
        "portal_online": 602,
        "portal_paid_online": 200,
    }


def test_every_indicator_is_open_or_says_why_not() -> None:
    def codes(seed: str) -> set[str]:
        with (DBT_PROJECT / "seeds" / f"{seed}.csv").open(encoding="utf-8", newline="") as file:
            return {row["indicator_code"] for row in csv.DictReader(file)}

    assert codes("open_indicators") == codes("indicators")
    with (DBT_PROJECT / "seeds" / "open_indicators.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(row["note_vi"] for row in rows if row["is_open"] == "false")
    assert sum(row["is_open"] == "true" for row in rows) > 20
