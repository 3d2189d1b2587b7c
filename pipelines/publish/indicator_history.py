"""What was published of each indicator, and when: a row a figure and stretch of versions in which it stayed the same.

Written in the build file, within the turn of the publish and before the copy that readers get. What a figure means is
dbt's matter; here it is a key and three numbers. Its cost follows the change: the sums of the periods say which of them
differ from what was published last, and only their rows are compared.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.publish.moments import LOCAL_MOMENT
from pipelines.publish.versions import FiguresMoved
from pipelines.quoting import literal

TABLE = "marts.indicator_history"
KEY = ("grain", "indicator_code", "unit_code", "period", "known_from")
_FIGURE_TABLES = {"asked_days": "marts.indicator_daily", "asked_months": "marts.indicator_monthly"}
_TABLES = """
CREATE TABLE IF NOT EXISTS marts.indicator_history (
    grain VARCHAR NOT NULL, indicator_code VARCHAR NOT NULL, unit_code VARCHAR NOT NULL, period VARCHAR NOT NULL,
    numerator DECIMAL(18,4), denominator DECIMAL(18,4), "value" DECIMAL(18,6), known_from TIMESTAMP NOT NULL,
    known_until TIMESTAMP, version_from VARCHAR NOT NULL, version_until VARCHAR);
CREATE TABLE IF NOT EXISTS ops.indicator_history_sums (
    grain VARCHAR NOT NULL, period VARCHAR NOT NULL, rows_count BIGINT NOT NULL, checksum HUGEINT NOT NULL);
"""
_FIGURES = """
CREATE OR REPLACE TEMP VIEW figures_now AS
SELECT 'daily' AS grain, indicator_code, unit_code, CAST(period AS VARCHAR) AS period, numerator, denominator, "value"
FROM {where}marts.indicator_daily {of_days}
UNION ALL
SELECT 'monthly', indicator_code, unit_code, period, numerator, denominator, "value"
FROM {where}marts.indicator_monthly {of_months}
"""
# Where it is known what changed, no other period is looked at.
_ASKED = "CREATE OR REPLACE TEMP TABLE {name} AS SELECT DISTINCT period FROM ({changed_rows})"
_OF_DAYS = "WHERE period IN (SELECT period FROM asked_days)"
_OF_MONTHS = "WHERE period IN (SELECT period FROM asked_months)"
_OF_SUMS = """
WHERE (grain, period) IN (
    SELECT ('daily', CAST(period AS VARCHAR)) FROM asked_days UNION ALL SELECT ('monthly', period) FROM asked_months)
"""
# Sums of hashes do not depend on the order of rows; no two rows of a period have the same key.
_SUM = 'count(*) AS rows_count, sum(hash(indicator_code, unit_code, numerator, denominator, "value")) AS checksum'
_DIFFERING = f"""
CREATE OR REPLACE TEMP TABLE differing AS
WITH now_published AS (SELECT grain, period, {_SUM} FROM figures_now GROUP BY grain, period)
SELECT grain, period, now_published.rows_count, now_published.checksum
FROM now_published FULL JOIN (FROM ops.indicator_history_sums {{of_sums}}) AS before USING (grain, period)
WHERE (now_published.rows_count, now_published.checksum) IS DISTINCT FROM (before.rows_count, before.checksum)
"""
# A figure that vanished is known and stands no more; one that is new stands and was not known.
_MOVED = """
CREATE OR REPLACE TEMP TABLE moved AS
WITH before AS (
    SELECT *, true AS is_there FROM marts.indicator_history SEMI JOIN differing USING (grain, period)
    WHERE known_until IS NULL
),

today AS (SELECT *, true AS is_there FROM figures_now SEMI JOIN differing USING (grain, period))

SELECT grain, indicator_code, unit_code, period, today.numerator, today.denominator, today."value",
    before."value" AS value_before, before.is_there IS NOT NULL AS was_known, today.is_there IS NOT NULL AS stands
FROM before FULL JOIN today USING (grain, indicator_code, unit_code, period)
WHERE (before.is_there, before.numerator, before.denominator, before."value")
    IS DISTINCT FROM (today.is_there, today.numerator, today.denominator, today."value")
"""
_END = """
UPDATE marts.indicator_history AS history SET known_until = $at, version_until = $version
FROM moved
WHERE moved.was_known AND history.known_until IS NULL AND history.grain = moved.grain
    AND history.period = moved.period AND history.unit_code = moved.unit_code
    AND history.indicator_code = moved.indicator_code
"""
_BEGIN = """
INSERT INTO marts.indicator_history
SELECT grain, indicator_code, unit_code, period, numerator, denominator, "value", $at, NULL, $version, NULL
FROM moved WHERE stands
"""
_OF_INDICATORS = """
SELECT indicator_code, count(*) FILTER (NOT was_known), count(*) FILTER (was_known AND stands),
    count(*) FILTER (NOT stands), max(abs("value" - value_before)) FILTER ("value" <> value_before)
FROM moved GROUP BY indicator_code ORDER BY indicator_code
"""
_FORGET_SUMS = "DELETE FROM ops.indicator_history_sums WHERE (grain, period) IN (SELECT (grain, period) FROM differing)"
_KEEP_SUMS = "INSERT INTO ops.indicator_history_sums FROM differing WHERE rows_count IS NOT NULL"
_IS_TOLD = f"""
SELECT coalesce(max(greatest(known_from, coalesce(known_until, known_from))) >= $at, false) FROM {TABLE}
"""
_LAST = "SELECT greatest(max(version_from), max(version_until)) FROM marts.indicator_history"
_UNDO = (
    f"""
    CREATE OR REPLACE TEMP TABLE undone AS
    SELECT DISTINCT grain, period FROM {TABLE} WHERE version_from = $version OR version_until = $version
    """,
    f"DELETE FROM {TABLE} WHERE version_from = $version",
    f"UPDATE {TABLE} SET known_until = NULL, version_until = NULL WHERE version_until = $version",
)
_SUMS_AGAIN = (
    "DELETE FROM ops.indicator_history_sums WHERE (grain, period) IN (SELECT (grain, period) FROM undone)",
    f"""
    INSERT INTO ops.indicator_history_sums
    SELECT grain, period, {_SUM} FROM {TABLE} SEMI JOIN undone USING (grain, period)
    WHERE known_until IS NULL GROUP BY grain, period
    """,
)


def append_to_history(
    connection: duckdb.DuckDBPyConnection,
    version: str,
    published_at: datetime,
    readable: Collection[str],
    changed_rows: Mapping[str, str] | None = None,
) -> int:
    """Appends the figures that differ from those published last, in one transaction.

    Args:
        connection: The build file, opened for writing.
        version: The version that is being published.
        published_at: When.
        readable: Versions that the pointer has led to. What an interrupted publish had written is undone first: nobody
            could read it.
        changed_rows: Queries for what left or came since the version that readers had last, by table; None where that is
            not known.

    Returns:
        How many figures changed, came or vanished.
    """
    return _append(connection, version, published_at, readable, changed_rows)


def append_return_to(
    connection: duckdb.DuckDBPyConnection, version: str, file: Path, moved_at: datetime, readable: Collection[str]
) -> int:
    """Appends that since a moment an earlier version could be read again: its figures stood from then on.

    To append it twice changes nothing, nor does it after a return that came later: moments are told in their order.

    Args:
        connection: As above.
        version: The version that readers were given again.
        file: Its file.
        moved_at: When.
        readable: As above.
    """
    connection.execute(_TABLES)
    take_back_unreadable(connection, readable)
    if connection.execute(_IS_TOLD, {"at": moved_at}).fetchall() == [(True,)]:
        return 0
    connection.execute(f"ATTACH {literal(str(file))} AS read_again (READ_ONLY)")
    try:
        return _append(connection, version, moved_at, readable, where="read_again.")
    finally:
        connection.execute("DETACH read_again")


def _append(
    connection: duckdb.DuckDBPyConnection,
    version: str,
    at: datetime,
    readable: Collection[str],
    changed_rows: Mapping[str, str] | None = None,
    *,
    where: str = "",
) -> int:
    moment = {"at": at, "version": version}
    connection.execute("BEGIN")
    connection.execute(_TABLES)
    _undo_unreadable(connection, readable)
    of_days = of_months = of_sums = ""
    if changed_rows and changed_rows.keys() >= set(_FIGURE_TABLES.values()):
        for name, table in _FIGURE_TABLES.items():
            connection.execute(_ASKED.format(name=name, changed_rows=changed_rows[table]))
        of_days, of_months, of_sums = _OF_DAYS, _OF_MONTHS, _OF_SUMS
    connection.execute(_FIGURES.format(where=where, of_days=of_days, of_months=of_months))
    connection.execute(_DIFFERING.format(of_sums=of_sums))
    connection.execute(_MOVED)
    connection.execute(_END, moment)
    connection.execute(_BEGIN, moment)
    connection.execute(_FORGET_SUMS)
    connection.execute(_KEEP_SUMS)
    changed = int(connection.execute("SELECT count(*) FROM moved").fetchall()[0][0])
    connection.execute("COMMIT")
    return changed


def changed_after(moment: datetime) -> str:
    """A query for what left and came after a moment: a row that was ended left as it stood, and came with its end.

    Args:
        moment: When a version was published; the build file is attached as `warehouse`.
    """
    # Each asks one column for its latest rows: DuckDB looks no further where those of a zone are earlier.
    ended = f"FROM warehouse.{TABLE} WHERE known_until > TIMESTAMP '{moment}' AND known_from <= TIMESTAMP '{moment}'"
    return f"""
        SELECT true AS is_put_in, * FROM warehouse.{TABLE} WHERE known_from > TIMESTAMP '{moment}'
        UNION ALL SELECT true, * {ended}
        UNION ALL SELECT false, * REPLACE (NULL AS known_until, NULL AS version_until) {ended}"""


def figures_moved(connection: duckdb.DuckDBPyConnection) -> dict[str, FiguresMoved]:
    """What the figures that were just appended changed of each indicator, by its code."""
    return {
        code: FiguresMoved(new=new, moved=moved, gone=gone, greatest=greatest)
        for code, new, moved, gone, greatest in connection.execute(_OF_INDICATORS).fetchall()
    }


def take_back_unreadable(connection: duckdb.DuckDBPyConnection, readable: Collection[str]) -> None:
    """Takes back at once what was appended for a version that will not be published, in one transaction."""
    connection.execute("BEGIN")
    _undo_unreadable(connection, readable)
    connection.execute("COMMIT")


def _undo_unreadable(connection: duckdb.DuckDBPyConnection, readable: Collection[str]) -> None:
    """Takes back the last version if none as new as it became readable.

    Never more than the last: old versions may have been removed, and were readable all the same.
    """
    last: str | None = connection.execute(_LAST).fetchall()[0][0]
    if last is None or any(version >= last for version in readable):
        return
    for statement in _UNDO:
        connection.execute(statement, {"version": last})
    for statement in _SUMS_AGAIN:
        connection.execute(statement)


def write_indicator_as_of(connection: duckdb.DuckDBPyConnection) -> None:
    """Puts the table macro `indicator_as_of(moment)` beside the history in the database that is in use."""
    connection.execute(
        f"""
        CREATE MACRO marts.indicator_as_of(moment) AS TABLE
        SELECT grain, indicator_code, unit_code, period, numerator, denominator, "value", known_from, version_from
        FROM marts.indicator_history
        WHERE known_from <= {LOCAL_MOMENT}
            AND (known_until IS NULL OR known_until > {LOCAL_MOMENT})
        """
    )
