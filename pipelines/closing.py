"""Closes a month, and opens it again.

From its closing on, what was published of a month stands: later corrections are told beside it, as restatements. The
figures are those of the published file, because that is what was read; a build that nobody saw is never closed. The
ledger of closings only grows, so that neither re-opening nor closing again loses what was closed before. What becomes
of the marts is dbt's matter (models/marts/closing).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from getpass import getuser

import duckdb

from pipelines.calendar import Partition, now, today
from pipelines.errors import PermanentError
from pipelines.load.warehouse import open_warehouse, prepare
from pipelines.publish.publish import POINTER, current_version
from pipelines.settings import Settings

_LAST_WORD = """
    SELECT action, acted_at FROM ops.month_closures WHERE period = ? ORDER BY closure_sequence DESC LIMIT 1
"""
_CLOSURES = """
    SELECT closures.closure_sequence, period, action, acted_at, acted_by, note, version,
        (SELECT count(*) FROM ops.closed_figures AS figures WHERE figures.closure_sequence = closures.closure_sequence)
    FROM ops.month_closures AS closures
    WHERE $sequence IS NULL OR closures.closure_sequence = $sequence
    ORDER BY closures.closure_sequence
"""
_RECORD = """
    INSERT INTO ops.month_closures
    SELECT coalesce((SELECT max(closure_sequence) FROM ops.month_closures), 0) + 1, $period, $action, $at, $by, $note,
        $version, (SELECT coalesce(list(load_id ORDER BY load_id), []) FROM published.meta.loads WHERE is_in_force)
    RETURNING closure_sequence
"""
_TAKE_FIGURES = """
    INSERT INTO ops.closed_figures
    SELECT ?, indicator_code, unit_code, period, numerator, denominator, "value", days_covered, days_expected, is_complete
    FROM published.marts.indicator_monthly WHERE period = ?
"""
_DAYS_MISSING = """
    SELECT indicator_code, max(days_covered), max(days_expected) FROM published.marts.indicator_monthly
    WHERE period = ? AND NOT is_complete GROUP BY indicator_code ORDER BY indicator_code
"""
_FILES_MISSING = """
    SELECT dataset FROM published.meta.completeness JOIN published.meta.datasets USING (dataset)
    WHERE day = ? AND subject_type = 'dataset' AND cadence = 'monthly' AND NOT is_optional
        AND state NOT IN ('reported', 'zero')
    ORDER BY dataset
"""


@dataclass(frozen=True)
class Closure:
    """One line of the ledger of closings.

    Attributes:
        closure_sequence: Its place in the ledger.
        period: `YYYYMM`.
        action: `close` or `reopen`.
        acted_by: The system account.
        version: The version that was published at that moment.
        figures: How many figures were closed; 0 for a re-opening.
    """

    closure_sequence: int
    period: str
    action: str
    acted_at: datetime
    acted_by: str
    note: str | None
    version: str
    figures: int


def close_month(settings: Settings, month: Partition, note: str | None, *, accept_incomplete: bool) -> Closure:
    """Closes a month with the figures of the version that is published now.

    Args:
        settings: Where the warehouse and the published file are.
        month: The month.
        note: Why, or what was agreed.
        accept_incomplete: Close it although it is not over, or something of it is not there.

    Raises:
        PermanentError: Nothing is published, the month is closed already, or it is not complete.
    """
    period = period_of(month)
    with _ledger(settings) as (connection, version):
        if (last := connection.execute(_LAST_WORD, [period]).fetchone()) and last[0] == "close":
            raise PermanentError(
                f"{month.key} has been closed since {last[1]:%Y-%m-%d %H:%M}.",
                f"To take today's figures, run khotinh close --reopen {month.key} --note WHY, then close it again.",
            )
        gaps = _gaps(connection, month)
        if gaps and not accept_incomplete:
            raise PermanentError(
                f"{month.key} is not complete: {'; '.join(gaps)}.",
                "Wait for what is missing (khotinh status), or close it as it is with --accept-incomplete.",
            )
        sequence = _record(connection, period, "close", note, version)
        connection.execute(_TAKE_FIGURES, [sequence, period])
        return _closures(connection, sequence)[0]


def reopen_month(settings: Settings, month: Partition, note: str) -> Closure:
    """Lets the figures of a closed month move again; what was closed stays in the ledger.

    Raises:
        PermanentError: Nothing is published, or the month is not closed.
    """
    period = period_of(month)
    with _ledger(settings) as (connection, version):
        last = connection.execute(_LAST_WORD, [period]).fetchone()
        if last is None or last[0] != "close":
            raise PermanentError(f"{month.key} is not closed.", "See khotinh close --list.")
        return _closures(connection, _record(connection, period, "reopen", note, version))[0]


def read_closures(settings: Settings) -> list[Closure]:
    """Every closing and re-opening, the oldest first.

    Raises:
        PermanentError: Nothing is published.
    """
    with _ledger(settings) as (connection, _):
        return _closures(connection)


def period_of(month: Partition) -> str:
    """The month as the marts write it.

    Raises:
        PermanentError: It is a day.
    """
    if month.is_baseline or len(month.key) != len("YYYY-MM"):
        raise PermanentError(f"{month.key} is not a month.", "Write YYYY-MM.")
    return month.key.replace("-", "")


@contextmanager
def _ledger(settings: Settings) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """The build file with the published one beside it, in one transaction, and the published version's name."""
    with open_warehouse(settings) as connection:
        version = current_version(settings.published_folder)
        if version is None:
            raise PermanentError(f"Nothing is published in {settings.published_folder} yet.", "Run khotinh run first.")
        prepare(connection, ())
        file = str((settings.published_folder / POINTER).resolve()).replace("'", "''")
        connection.execute(f"ATTACH '{file}' AS published (READ_ONLY)")
        connection.execute("BEGIN")
        yield connection, version
        connection.execute("COMMIT")


def _record(
    connection: duckdb.DuckDBPyConnection, period: str, action: str, note: str | None, version: str
) -> int:  # fmt: skip
    line = {"period": period, "action": action, "at": now(), "by": _account(), "note": note, "version": version}
    return int(connection.execute(_RECORD, line).fetchall()[0][0])


def _closures(connection: duckdb.DuckDBPyConnection, sequence: int | None = None) -> list[Closure]:
    return [Closure(*row) for row in connection.execute(_CLOSURES, {"sequence": sequence}).fetchall()]


def _gaps(connection: duckdb.DuckDBPyConnection, month: Partition) -> list[str]:
    """What a reader of the closed figures should know to be missing."""
    gaps = [f"it is not over before {month.next_day}"] if today() <= month.last_day else []
    missing = connection.execute(_DAYS_MISSING, [period_of(month)]).fetchall()
    if missing:
        code, covered, expected = missing[0]
        more = f" and {len(missing) - 1} more indicators" if len(missing) > 1 else ""
        gaps.append(f"{code} has {covered} of {expected} days{more}")
    found = connection.execute(
        "SELECT count(*) FROM published.marts.indicator_monthly WHERE period = ?", [period_of(month)]
    )
    if found.fetchall()[0][0] == 0:
        gaps.append("no figure of it is published")
    files = [dataset for (dataset,) in connection.execute(_FILES_MISSING, [month.first_day]).fetchall()]
    return gaps + ([f"no file of {', '.join(files)}"] if files else [])


def _account() -> str:
    """The system account; in a container it may have no name."""
    try:
        return getuser()
    except (KeyError, OSError):
        return str(os.getuid())
