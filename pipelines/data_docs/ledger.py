"""What Data Docs are made from: judged loads and judged marts as the ledger holds them. No page and no file is known here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

# A backfill of years is judged in one night; its pages would bury the newest ones.
MOST_PAGES = 500


@dataclass(frozen=True)
class StoredCheck:
    """One line of `ops.checks` or `ops.mart_checks`."""

    check_name: str
    severity: str
    is_success: bool
    observed: str
    unexpected_count: int | None


@dataclass(frozen=True)
class JudgedLoad:
    """One line of `ops.loads` with its arrival."""

    load_id: str
    dataset: str
    partition_key: str
    verdict: str
    rows_read: int
    rows_accepted: int
    rows_quarantined: int
    rows_duplicate: int
    refusal_reason: str | None
    finished_at: datetime
    file_sha256: str


@dataclass(frozen=True)
class JudgedMarts:
    """One judgement of all marts."""

    checked_at: datetime
    rules: int
    failed_critical: int
    failed_warning: int


def judged_loads(connection: duckdb.DuckDBPyConnection, since: datetime) -> list[JudgedLoad]:
    """Loads judged since then, the newest first, at most MOST_PAGES of them."""
    found = connection.execute(
        f"""
        SELECT load_id, loads.dataset, loads.partition_key, verdict, rows_read, rows_accepted, rows_quarantined,
            rows_duplicate, refusal_reason, finished_at, file_sha256
        FROM ops.loads JOIN ops.arrivals USING (arrival_id)
        WHERE finished_at >= ? ORDER BY load_sequence DESC LIMIT {MOST_PAGES}
        """,
        [since],
    ).fetchall()
    return [JudgedLoad(*line) for line in found]


def judged_marts(connection: duckdb.DuckDBPyConnection, since: datetime) -> list[JudgedMarts]:
    """Judgements of the marts since then, the newest first, at most MOST_PAGES of them."""
    found = connection.execute(
        f"""
        SELECT checked_at, count(*), count(*) FILTER (NOT is_success AND severity = 'critical'),
            count(*) FILTER (NOT is_success AND severity <> 'critical')
        FROM ops.mart_checks WHERE checked_at >= ? GROUP BY checked_at ORDER BY checked_at DESC LIMIT {MOST_PAGES}
        """,
        [since],
    ).fetchall()
    return [JudgedMarts(*line) for line in found]


def checks_of_load(connection: duckdb.DuckDBPyConnection, load_id: str) -> list[StoredCheck]:
    """The checks of one load."""
    found = connection.execute(
        """
        SELECT check_name, severity, is_success, observed, unexpected_count FROM ops.checks
        WHERE load_id = ? ORDER BY check_name
        """,
        [load_id],
    ).fetchall()
    return [StoredCheck(*line) for line in found]


def checks_of_marts(connection: duckdb.DuckDBPyConnection, checked_at: datetime) -> dict[str, list[StoredCheck]]:
    """The checks of one judgement, by mart."""
    found = connection.execute(
        """
        SELECT mart, check_name, severity, is_success, observed, unexpected_count FROM ops.mart_checks
        WHERE checked_at = ? ORDER BY mart, check_name
        """,
        [checked_at],
    ).fetchall()
    checks: dict[str, list[StoredCheck]] = {}
    for mart, *line in found:
        checks.setdefault(mart, []).append(StoredCheck(*line))
    return checks
