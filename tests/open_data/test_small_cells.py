"""Nobody can compute a small cell from what is open: the models' own SQL, on any province, against a solver."""

from __future__ import annotations

import csv
from collections.abc import Iterator

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
# Indicator, numerator, denominator: what a reader knows each to count.
INDICATORS = {
    "portal_received": ("received", None),
    "portal_online": ("received_online", "received"),
    "portal_fully_online": ("received_fully_online", "received"),
    "portal_paid_online": ("paid_online", "payment_due"),
}
MODELS = ("open_cells", "open_cells_hidden", "open_indicator_monthly")
SEEDS = ("open_measures", "open_indicators", "open_rules")
Counts = dict[str, dict[str, int]]
# A row of what is open: indicator, unit, numerator, denominator, value, whether it is suppressed.
Row = tuple[str, str, float | None, float | None, float | None, bool]


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
        for schema in ("marts", "staging", "reference", "open"):
            connection.execute(f"CREATE SCHEMA {schema}")
        for seed in SEEDS:
            connection.execute(
                f"CREATE TABLE reference.{seed} AS FROM read_csv('{DBT_PROJECT / 'seeds' / f'{seed}.csv'}')"
            )
        connection.execute("""
            CREATE TABLE marts.indicator_monthly (indicator_code VARCHAR, unit_code VARCHAR, period VARCHAR,
                numerator DECIMAL(18, 4), denominator DECIMAL(18, 4), is_complete BOOLEAN)
        """)
        for name, sql in models.items():
            schema = "staging" if "cells" in name else "open"
            connection.execute(f"CREATE VIEW {schema}.{name} AS {sql}")
        yield connection


def counts_of() -> st.SearchStrategy[dict[str, int]]:
    """Dossiers of a unit: few, often, and everything in them a part of it."""

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
    """Counts by unit, the province's own office among them."""
    units = [OFFICE, *(f"H56.{number}" for number in range(10, 10 + draw(st.integers(1, 7))))]
    return {unit: draw(counts_of()) for unit in units}


def publish(connection: duckdb.DuckDBPyConnection, counts: Counts) -> list[Row]:
    """What the models make open of a province."""
    total = {measure: sum(own[measure] for own in counts.values()) for measure in ("received", *PARTS)}
    told = {**{unit: own for unit, own in counts.items() if unit != OFFICE}, OFFICE: total}
    figures = [
        (indicator, unit, PERIOD, own[numerator], own[denominator] if denominator else None, True)
        for indicator, (numerator, denominator) in INDICATORS.items()
        for unit, own in told.items()
        if own[denominator or numerator] > 0
    ]
    connection.execute("DELETE FROM marts.indicator_monthly")
    if figures:
        connection.executemany("INSERT INTO marts.indicator_monthly VALUES (?, ?, ?, ?, ?, ?)", figures)
    return connection.execute(
        "SELECT indicator_code, unit_code, numerator::DOUBLE, denominator::DOUBLE, value::DOUBLE, is_suppressed FROM open.open_indicator_monthly"
    ).fetchall()


def read(seen: list[Row]) -> tuple[Attacker, set[Cell], dict[Cell, float]]:
    """An attacker who has read it all; the cells that are hidden from it, and those that are not."""
    told: list[tuple[Cell, float | None]] = []
    for indicator, unit, numerator, denominator, value, _ in seen:
        assert value is None or numerator is not None
        of, over = INDICATORS[indicator]
        place = ("total", "") if unit == OFFICE else ("unit", unit)
        told.append(((*place, of), numerator))
        if over is not None:
            told.append(((*place, over), denominator))
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
    units = sorted({code for of, code, _ in cells if of == "unit"})
    for measure in ("received", *PARTS) if cells else ():
        attacker.knows_sum([("unit", unit, measure) for unit in (*units, OFFICE)], ("total", "", measure))
    for part, whole in PARTS.items():
        for kind, code in [*(("unit", unit) for unit in (*units, OFFICE)), ("total", "")]:
            attacker.knows_part((kind, code, part), (kind, code, whole))
    for code in units:
        attacker.knows_there_is_one(("unit", code, "received"))


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
    for unit, own in counts.items():
        for measure in ("received", *PARTS):
            cell, whole = ("unit", unit, measure), PARTS.get(measure)
            if is_small(own[measure]):
                yield ((cell, 1.0),)
            if whole is not None and is_small(own[whole] - own[measure]):
                yield (("unit", unit, whole), 1.0), (cell, -1.0)


def test_the_attacker_finds_a_cell_that_is_hidden_alone() -> None:
    attacker = Attacker()
    for unit, number in (("A", None), ("B", 20), ("C", 30)):
        attacker.column(("unit", unit, "received"))
        if number is not None:
            attacker.knows(("unit", unit, "received"), number)
    attacker.knows(("total", "", "received"), 53)
    attacker.knows_sum([("unit", unit, "received") for unit in "ABC"], ("total", "", "received"))
    assert attacker.width((("unit", "A", "received"), 1.0)) == pytest.approx(0)


COMMUNES, DEPARTMENTS = {"C1": 23, "C2": 30}, {"D1": 36, "D2": 30}


@pytest.mark.parametrize(
    ("units", "procedures", "handled", "secret"),
    [
        # A procedure's level is public: what communes handle is what the procedures of communes count. 53 - 50 = 3.
        (COMMUNES | DEPARTMENTS, {"PC1": 50, "PC2": None, "PP1": None, "PP2": 60},
         {"C1 C2": "PC1 PC2", "D1 D2": "PP1 PP2"}, "PC2"),
        # A department that handles its procedures alone. 20 - 18 = 2.
        ({"A": 20, "B": 30}, {"P1": 18, "P2": None, "P3": 25, "P4": None}, {"A": "P1 P2", "B": "P3 P4"}, "P2"),
    ],
)  # fmt: skip
def test_procedures_open_beside_the_units_would_tell_a_small_cell(
    units: dict[str, int], procedures: dict[str, int | None], handled: dict[str, str], secret: str
) -> None:
    """Each table is safe alone, and with the sum that both share; why only one of them is open."""
    for knows_who_handles_what in (False, True):
        attacker = Attacker()
        places: dict[Cell, int | None] = {("unit", code, "received"): counted for code, counted in units.items()}
        places |= {("procedure", code, "received"): counted for code, counted in procedures.items()}
        for cell, counted in places.items():
            if counted is not None:
                attacker.knows(cell, counted)
        for kind in ("unit", "procedure"):
            attacker.knows_sum([cell for cell in places if cell[0] == kind], ("total", "", "received"))
        if knows_who_handles_what:
            for of_units, of_procedures in handled.items():
                attacker.knows_who_handles(
                    [("procedure", code, "received") for code in of_procedures.split()],
                    [("unit", code, "received") for code in of_units.split()],
                )
        width = attacker.width((("procedure", secret, "received"), 1.0))
        assert width == pytest.approx(0) if knows_who_handles_what else width >= LEAST


def test_one_table_is_open_and_it_is_divided_by_units_alone() -> None:
    """A second table of the same dossiers has to be hidden together with the first, and the attacker has to read it."""
    files = [(file.stem, file.read_text(encoding="utf-8")) for file in (DBT_PROJECT / "models" / "open").glob("*.sql")]
    assert [name for name, text in files if "schema='staging'" not in text] == ["open_indicator_monthly"]
    assert not any("procedure_code" in text for _, text in files)


def test_large_cells_stay_open(warehouse: duckdb.DuckDBPyConnection) -> None:
    large = {"received": 100, "received_online": 60, "received_fully_online": 30, "payment_due": 50, "paid_online": 20}
    small = {"received": 4, "received_online": 2, "received_fully_online": 1, "payment_due": 1, "paid_online": 0}
    counts = {f"H56.{number}": large for number in range(10, 20)} | {"H56.20": small}
    seen = publish(warehouse, counts)
    suppressed = {(indicator, unit) for indicator, unit, *_, is_suppressed in seen if is_suppressed}
    totals = {indicator: numerator for indicator, unit, numerator, *_ in seen if unit == OFFICE}
    # Ten times what is large and once what is small, of whichever of these is open.
    expected = {"portal_received": 1004, "portal_online": 602, "portal_fully_online": 301, "portal_paid_online": 200}
    assert totals.keys() >= {"portal_received", "portal_online", "portal_paid_online"}
    assert totals == {indicator: expected[indicator] for indicator in totals}
    # The small unit, and one beside it: of each indicator.
    assert suppressed == {(indicator, unit) for indicator in totals for unit in ("H56.10", "H56.20")}


def test_every_indicator_is_open_or_says_why_not() -> None:
    def codes(seed: str) -> set[str]:
        with (DBT_PROJECT / "seeds" / f"{seed}.csv").open(encoding="utf-8", newline="") as file:
            return {row["indicator_code"] for row in csv.DictReader(file)}

    assert codes("open_indicators") == codes("indicators")
    with (DBT_PROJECT / "seeds" / "open_indicators.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(row["note_vi"] for row in rows if row["is_open"] == "false")
    assert sum(row["is_open"] == "true" for row in rows) > 20
