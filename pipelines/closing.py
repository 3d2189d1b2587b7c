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
from pipelines.errors import NothingPublishedError, PermanentError
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
# Form II.06a of the month, as it could be sent: the indicators tell neither its fields nor all of its columns.
_TAKE_FORM = """
    INSERT INTO ops.closed_form_rows
    SELECT ?, unit_code, field_name_vi, period, last_date, is_closing_known, received_count, received_online_count,
        received_direct_count, carried_over_count, settled_count, settled_early_count, settled_on_time_count,
        settled_late_count, open_count, open_in_time_count, open_late_count
    FROM published.marts.portal_form_ii06a_monthly WHERE period = ?
"""
_FIGURES = "SELECT count(*) FROM published.marts.indicator_monthly WHERE period = ?"
_DAYS_MISSING = """
    SELECT indicator_code, max(days_covered), max(days_expected) FROM published.marts.indicator_monthly
    WHERE period = ? AND NOT is_complete GROUP BY indicator_code ORDER BY indicator_code
"""
_COVERAGE_MISSING = """
    SELECT coverage_code FROM published.core.day_coverage JOIN published.meta.datasets ON dataset = coverage_code
    GROUP BY coverage_code HAVING count(*) FILTER (WHERE report_date BETWEEN ? AND ?) = 0 ORDER BY coverage_code
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
        PermanentError: Nothing is published, the month is closed already, it has not begun or has no figure, or it is
            not complete.
    """
    period = period_of(month)
    with _ledger(settings) as (connection, version):
        name = f"Tháng {month.first_day:%m/%Y}"
        if (last := connection.execute(_LAST_WORD, [period]).fetchone()) and last[0] == "close":
            raise PermanentError(
                f"{month.key} has been closed since {last[1]:%Y-%m-%d %H:%M}.",
                f"To take today's figures, run khotinh close --reopen {month.key} --note WHY, then close it again.",
                vi=f"{name} đã chốt lúc {last[1]:%H:%M ngày %d/%m/%Y}. Muốn lấy số hiện nay: mở lại, rồi chốt lại.",
            )
        if connection.execute(_FIGURES, [period]).fetchall()[0][0] == 0:
            raise PermanentError(
                f"No figure of {month.key} is published: there is nothing to close.",
                "See which months there are: khotinh status.",
                vi=f"{name} chưa có số nào được công bố nên không có gì để chốt.",
            )
        gaps = list(_gaps(connection, month))
        if gaps and not accept_incomplete:
            raise PermanentError(
                f"{month.key} is not complete: {'; '.join(en for _, en in gaps)}.",
                "Wait for what is missing (khotinh status), or close it as it is with --accept-incomplete.",
                vi=f"{name} chưa đủ: {'; '.join(vi for vi, _ in gaps)}. Chờ đủ, hoặc chốt như hiện có bằng --accept-incomplete.",
            )
        sequence = _record(connection, period, "close", note, version)
        connection.execute(_TAKE_FIGURES, [sequence, period])
        connection.execute(_TAKE_FORM, [sequence, period])
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
            raise PermanentError(
                f"{month.key} is not closed.",
                "See khotinh close --list.",
                vi=f"Tháng {month.first_day:%m/%Y} chưa chốt.",
            )
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
            raise NothingPublishedError(settings.published_folder)
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


def _gaps(connection: duckdb.DuckDBPyConnection, month: Partition) -> Iterator[tuple[str, str]]:
    """What a reader of the closed figures should know to be missing, in Vietnamese and in English."""
    if today() <= month.last_day:
        yield f"đến {month.next_day:%d/%m/%Y} mới hết tháng", f"it is not over before {month.next_day}"
    if days := connection.execute(_DAYS_MISSING, [period_of(month)]).fetchall():
        code, covered, expected = days[0]
        more = f" and {len(days) - 1} more indicators" if len(days) > 1 else ""
        vi = f"{len(days)} chỉ tiêu thiếu ngày (ví dụ {code}: {covered}/{expected})"
        yield vi, f"{code} has {covered} of {expected} days{more}"
    silent = [name for (name,) in connection.execute(_COVERAGE_MISSING, [month.first_day, month.last_day]).fetchall()]
    if silent:
        yield f"chưa nạp ngày nào của {', '.join(silent)}", f"no day of {', '.join(silent)} is loaded"
    if files := [dataset for (dataset,) in connection.execute(_FILES_MISSING, [month.first_day]).fetchall()]:
        yield f"chưa có tệp tháng của {', '.join(files)}", f"no file of {', '.join(files)}"


def _account() -> str:
    """The system account; in a container it may have no name."""
    try:
        return getuser()
    except (KeyError, OSError):
        return str(os.getuid())
