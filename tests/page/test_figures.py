"""What stands on the page for a day of which the marts have no row."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from pipelines.page.figures import ABSENT, Cell, Figures
from pipelines.page.published import Published

# Counted from the 2nd to the 4th; the warehouse holds the 1st to the 5th, and something was counted on the 2nd only.
TABLES = """
CREATE SCHEMA core; CREATE SCHEMA meta; CREATE SCHEMA marts;
CREATE TABLE core.dim_unit AS SELECT 'H56' AS unit_code, 'province' AS unit_type, true AS is_latest;
CREATE TABLE core.day_coverage AS
    SELECT 'portal_dossiers' AS coverage_code, day::DATE AS report_date
    FROM range(DATE '2026-11-01', DATE '2026-11-06', INTERVAL 1 DAY) AS days(day);
CREATE TABLE marts.indicator_daily AS
    SELECT 'received' AS indicator_code, 'H56' AS unit_code, DATE '2026-11-02' AS period, 7::DECIMAL(18,4) AS numerator,
        NULL::DECIMAL(18,4) AS denominator, 7::DECIMAL(18,6) AS "value";
CREATE TABLE meta.indicators AS
    SELECT 'received' AS indicator_code, 'portal' AS group_code, 'Số hồ sơ' AS name_vi, 'Dossiers' AS name_en, 'daily' AS grain,
        'count' AS measure, 'up' AS direction, 'no_value' AS zero_denominator, 'hồ sơ' AS unit_vi, 'dossiers' AS unit_en,
        'portal_dossiers' AS coverage, '' AS legal_source, '' AS formula_vi, '' AS numerator_en, '' AS denominator_en,
        '' AS bias, '' AS caveat_vi, '' AS caveat_en, '' AS owner, DATE '2026-11-02' AS valid_from, DATE '2026-11-04' AS valid_to;
"""


@pytest.mark.parametrize(
    ("day", "cell"),
    [
        (1, ABSENT),  # Before its law.
        (2, Cell("7", "7")),
        (3, Cell("0", "0")),  # The day is held, and nothing came.
        (5, ABSENT),  # After it.
        (6, ABSENT),  # Not held.
    ],
)
def test_nothing_is_a_zero_only_where_it_was_counted(day: int, cell: Cell) -> None:
    with duckdb.connect(":memory:") as connection:
        connection.execute(TABLES)
        assert Figures(Published(connection)).day_cell("received", date(2026, 11, day)) == cell
