"""Figures on the boundaries of today: the published views, on any figures of any unit since 2020."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.settings import SEEDS
from tests.pipeline.conftest import Ran

FIRST_DAY, LAST_DAY = date(2020, 1, 1), date(2027, 12, 31)
LAST_OF_547 = date(2025, 6, 30)
Figure = tuple[str, date, int, int]


@pytest.fixture(scope="session")
def readers_file(usual_week: Ran) -> Path:
    """The file that everyone reads."""
    return usual_week.home.folder / "published" / "warehouse.duckdb"


@pytest.fixture(scope="session")
def boundaries(readers_file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published map and view beside a mart that tests fill."""
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"ATTACH '{readers_file}' AS published (READ_ONLY)")
        connection.execute("CREATE SCHEMA core; CREATE SCHEMA marts")
        connection.execute("CREATE TABLE core.unit_crosswalk AS FROM published.core.unit_crosswalk")
        connection.execute("CREATE TABLE core.dim_unit AS FROM published.core.dim_unit")
        connection.execute("CREATE TABLE marts.indicator_daily AS FROM published.marts.indicator_daily LIMIT 0")
        [[view]] = connection.execute(
            "SELECT sql FROM duckdb_views() WHERE database_name = 'published' AND view_name = 'indicator_daily_today'"
        ).fetchall()
        connection.execute(view)
        yield connection


def _fill(connection: duckdb.DuckDBPyConnection, figures: list[Figure]) -> None:
    """The figures of one share, with the province's total as the mart has it."""
    connection.execute("DELETE FROM marts.indicator_daily")
    by_key: dict[tuple[str, date], tuple[int, int]] = {(code, day): (part, whole) for code, day, part, whole in figures}
    rows = [("share", code, day, part, whole) for (code, day), (part, whole) in by_key.items()]
    for day in {day for _, day in by_key}:
        part, whole = (sum(pair[place] for (_, other), pair in by_key.items() if other == day) for place in (0, 1))
        rows.append(("share", "H56", day, part, whole))
    connection.executemany("INSERT INTO marts.indicator_daily VALUES (?, ?, ?, ?, ?, NULL)", rows)


def _codes() -> list[str]:
    with (SEEDS / "units.csv").open(encoding="utf-8", newline="") as file:
        return sorted({row["unit_code"] for row in csv.DictReader(file)} - {"H56"})


FIGURES = st.lists(
    st.tuples(
        st.sampled_from(_codes()),
        st.sampled_from([FIRST_DAY, date(2024, 12, 31), date(2025, 1, 1), LAST_OF_547, date(2025, 7, 1), LAST_DAY]),
        st.integers(0, 5_000),
        st.integers(0, 5_000),
    ).map(lambda row: (row[0], row[1], min(row[2:]), max(row[2:]) or 1)),
    min_size=1,
    max_size=30,
)


@given(figures=FIGURES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_units_sum_to_the_province_on_both_boundaries(
    boundaries: duckdb.DuckDBPyConnection, figures: list[Figure]
) -> None:
    _fill(boundaries, figures)
    sums = """
        SELECT period, unit_code IS NOT DISTINCT FROM 'H56' AS is_province, sum(numerator)::VARCHAR::DECIMAL(24, 8),
            sum(denominator)::VARCHAR::DECIMAL(24, 8)
        FROM {} GROUP BY ALL ORDER BY ALL
    """
    reported = boundaries.execute(sums.format("marts.indicator_daily")).fetchall()
    assert boundaries.execute(sums.format("marts.indicator_daily_today")).fetchall() == reported
    # The province's own row is what its units add up to, those without a successor among them.
    totals = {(period, is_province): (part, whole) for period, is_province, part, whole in reported}
    assert all(totals[period, True] == totals[period, False] for period, _ in totals)
    odd = boundaries.execute(
        """
        FROM marts.indicator_daily_today AS figures
        WHERE value NOT BETWEEN 0 AND 1 OR assumed_share NOT BETWEEN 0 AND 1 OR is_estimated <> (assumed_share > 0)
            OR (NOT is_estimated AND (numerator <> floor(numerator) OR denominator <> floor(denominator)))
            OR (unit_code IS NOT NULL AND unit_code NOT IN (SELECT unit_code FROM core.dim_unit WHERE is_current))
        """
    ).fetchall()
    assert not odd


def test_one_dossier_a_commune_comes_out_as_the_official_table_counts_them(
    boundaries: duckdb.DuckDBPyConnection,
) -> None:
    communes = boundaries.execute(
        "SELECT unit_code FROM core.dim_unit WHERE unit_type = 'commune' AND ? BETWEEN valid_from AND valid_to",
        [LAST_OF_547],
    ).fetchall()
    assert len(communes) == 547
    _fill(boundaries, [(code, LAST_OF_547, 1, 1) for (code,) in communes])
    found = dict(
        boundaries.execute(
            """
            SELECT units.commune_code, figures.numerator
            FROM marts.indicator_daily_today AS figures
            JOIN core.dim_unit AS units ON figures.unit_code = units.unit_code AND units.is_current
            WHERE figures.unit_code <> 'H56'
            """
        ).fetchall()
    )
    with (SEEDS / "communes_legacy_to_2025.csv").open(encoding="utf-8", newline="") as file:
        moves = list(csv.DictReader(file))
    with (SEEDS / "communes_2025.csv").open(encoding="utf-8", newline="") as file:
        sources = {row["code"]: int(row["n_legacy_sources"]) for row in csv.DictReader(file)}
    assert set(found) == set(sources)
    assert sum(found.values()) == 547
    for code, count in sources.items():
        split = [row for row in moves if row["new_code"] == code and row["n_new"] != "1"]
        if not split:
            assert found[code] == count
        else:  # Each part is between a third and a half of a commune.
            assert count - len(split) + Decimal("0.3333") * len(split) <= found[code] < count
    # Thị trấn Thiệu Hóa went in three: of its one dossier 0.3334 + 0.3333 + 0.3333. Thiệu Trung took part of it alone.
    whole = sum(row["new_code"] == "15835" and row["n_new"] == "1" for row in moves)
    assert found["15835"] == whole + Decimal("0.3333")


def test_a_day_before_a_code_began_and_after_it_ended_loses_nothing(boundaries: duckdb.DuckDBPyConnection) -> None:
    # A dossier of a ward that ended on 30 June 2025 is settled two days later, still under its code.
    _fill(boundaries, [("H56.31.51", LAST_OF_547 + timedelta(days=2), 3, 4), ("H56.101", LAST_OF_547, 1, 2)])
    rows = boundaries.execute(
        "SELECT unit_code, period, numerator FROM marts.indicator_daily_today WHERE unit_code <> 'H56' ORDER BY period"
    ).fetchall()
    assert rows == [("H56.101", LAST_OF_547, 1), ("H56.101", LAST_OF_547 + timedelta(days=2), 3)]


def test_todays_week_reads_the_same_on_both_boundaries(usual_week: Ran) -> None:
    for mart in ("indicator_daily", "indicator_monthly"):
        columns = "indicator_code, unit_code, period::VARCHAR AS period, numerator, denominator, value"
        assert usual_week.home.query(
            f"""
            (SELECT {columns} FROM marts.{mart} EXCEPT SELECT {columns} FROM marts.{mart}_today)
            UNION ALL (SELECT {columns} FROM marts.{mart}_today EXCEPT SELECT {columns} FROM marts.{mart})
            """
        ).is_empty()
    read = usual_week.home.query(
        "SELECT count(*) AS rows, sum(received_count)::DOUBLE AS received FROM marts.portal_unit_daily_today"
    )
    told = usual_week.home.query(
        "SELECT count(*) AS rows, sum(received_count)::DOUBLE AS received FROM marts.portal_unit_daily"
    )
    assert read.equals(told)
    assert usual_week.home.query("FROM marts.indicator_daily_today WHERE unit_code IS NULL OR is_estimated").is_empty()


def test_whatever_the_readers_file_is_called_its_views_answer(readers_file: Path, tmp_path: Path) -> None:
    another = tmp_path / "anything.duckdb"
    another.symlink_to(readers_file.resolve())
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"ATTACH '{another}' AS of_another_name (READ_ONLY)")
        [[count]] = connection.execute(
            "SELECT count(*) FROM of_another_name.marts.document_unit_daily_today"
        ).fetchall()
        assert count > 0
