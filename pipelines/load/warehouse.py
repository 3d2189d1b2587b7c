"""Opens the warehouse's build file: one process at a time, waiting its turn. Readers never open it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

import duckdb
import stamina
from filelock import FileLock, Timeout

from pipelines.contracts import Contract
from pipelines.errors import PermanentError, TransientError
from pipelines.settings import Settings

_ONLY_OURS = 0o077
# Rows go in as a stream: what DuckDB may keep beside it need not grow with the file.
_MEMORY = "512MB"
RAW_EXTRA_COLUMNS = (("load_id", "VARCHAR"), ("row_number", "BIGINT"))

_OPS = """
CREATE SCHEMA IF NOT EXISTS ops;
CREATE SCHEMA IF NOT EXISTS raw;
CREATE TABLE IF NOT EXISTS ops.datasets (
    dataset VARCHAR PRIMARY KEY, mode VARCHAR NOT NULL, cadence VARCHAR NOT NULL, title_vi VARCHAR NOT NULL,
    title_en VARCHAR NOT NULL, owner VARCHAR NOT NULL, contract_version INTEGER NOT NULL, due_days_after INTEGER NOT NULL,
    due_time TIME NOT NULL, has_baseline BOOLEAN NOT NULL, completeness_subject VARCHAR,
    is_optional BOOLEAN DEFAULT false);
ALTER TABLE ops.datasets ADD COLUMN IF NOT EXISTS is_optional BOOLEAN DEFAULT false;
CREATE TABLE IF NOT EXISTS ops.arrivals (
    arrival_id VARCHAR PRIMARY KEY, dataset VARCHAR NOT NULL, partition_key VARCHAR NOT NULL, file_sha256 VARCHAR NOT NULL,
    file_name VARCHAR NOT NULL, file_bytes BIGINT NOT NULL, source_uri VARCHAR NOT NULL, source_modified_at TIMESTAMP,
    arrived_at TIMESTAMP NOT NULL);
CREATE TABLE IF NOT EXISTS ops.loads (
    load_id VARCHAR PRIMARY KEY, load_sequence BIGINT NOT NULL UNIQUE, arrival_id VARCHAR NOT NULL, dataset VARCHAR NOT NULL,
    partition_key VARCHAR NOT NULL, verdict VARCHAR NOT NULL, rows_read BIGINT NOT NULL, rows_accepted BIGINT NOT NULL,
    rows_quarantined BIGINT NOT NULL, rows_duplicate BIGINT NOT NULL, contract_version INTEGER NOT NULL,
    code_version VARCHAR NOT NULL, refusal_reason VARCHAR, started_at TIMESTAMP NOT NULL, finished_at TIMESTAMP NOT NULL, rules_sha256 VARCHAR NOT NULL,
    content_verdict VARCHAR);
CREATE TABLE IF NOT EXISTS ops.load_volumes (
    load_id VARCHAR NOT NULL, unit_group VARCHAR NOT NULL, rows_count BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS ops.volumes (
    dataset VARCHAR NOT NULL, partition_key VARCHAR NOT NULL, unit_group VARCHAR NOT NULL, day_kind VARCHAR NOT NULL,
    rows_count BIGINT NOT NULL, history_count BIGINT NOT NULL, median_count DECIMAL(18,1), low_count BIGINT,
    high_count BIGINT, state VARCHAR NOT NULL);
CREATE TABLE IF NOT EXISTS ops.volume_rules (dataset VARCHAR NOT NULL, rules_sha256 VARCHAR NOT NULL);
CREATE TABLE IF NOT EXISTS ops.checks (
    load_id VARCHAR NOT NULL, check_name VARCHAR NOT NULL, severity VARCHAR NOT NULL, is_success BOOLEAN NOT NULL,
    observed VARCHAR NOT NULL, unexpected_count BIGINT);
CREATE TABLE IF NOT EXISTS ops.mart_checks (
    mart VARCHAR NOT NULL, check_name VARCHAR NOT NULL, severity VARCHAR NOT NULL, is_success BOOLEAN NOT NULL,
    observed VARCHAR NOT NULL, unexpected_count BIGINT, checked_at TIMESTAMP NOT NULL);
CREATE TABLE IF NOT EXISTS ops.quarantine (
    load_id VARCHAR NOT NULL, row_number BIGINT NOT NULL, sheet_name VARCHAR NOT NULL, row_text VARCHAR NOT NULL,
    reasons VARCHAR[] NOT NULL, unit_code VARCHAR, file_sha256 VARCHAR, contract_version INTEGER);
ALTER TABLE ops.quarantine ADD COLUMN IF NOT EXISTS file_sha256 VARCHAR;
ALTER TABLE ops.quarantine ADD COLUMN IF NOT EXISTS contract_version INTEGER;
CREATE TABLE IF NOT EXISTS ops.reason_words (
    dataset VARCHAR NOT NULL, reason VARCHAR NOT NULL, reason_vi VARCHAR NOT NULL);
CREATE TABLE IF NOT EXISTS ops.attempts (
    dataset VARCHAR NOT NULL, partition_key VARCHAR NOT NULL, outcome VARCHAR NOT NULL, message VARCHAR NOT NULL,
    attempted_at TIMESTAMP NOT NULL);
CREATE TABLE IF NOT EXISTS ops.month_closures (
    closure_sequence BIGINT PRIMARY KEY, period VARCHAR NOT NULL, action VARCHAR NOT NULL, acted_at TIMESTAMP NOT NULL,
    acted_by VARCHAR NOT NULL, note VARCHAR, version VARCHAR NOT NULL, load_ids VARCHAR[] NOT NULL);
CREATE TABLE IF NOT EXISTS ops.closed_figures (
    closure_sequence BIGINT NOT NULL, indicator_code VARCHAR NOT NULL, unit_code VARCHAR NOT NULL, period VARCHAR NOT NULL,
    numerator DECIMAL(18,4) NOT NULL, denominator DECIMAL(18,4), "value" DECIMAL(18,6) NOT NULL, days_covered BIGINT,
    days_expected BIGINT, is_complete BOOLEAN NOT NULL);
CREATE TABLE IF NOT EXISTS ops.closed_form_rows (
    closure_sequence BIGINT NOT NULL, unit_code VARCHAR NOT NULL, field_name_vi VARCHAR NOT NULL, period VARCHAR NOT NULL,
    last_date DATE NOT NULL, is_closing_known BOOLEAN NOT NULL, received_count BIGINT, received_online_count BIGINT,
    received_direct_count BIGINT, carried_over_count BIGINT, settled_count BIGINT, settled_early_count BIGINT,
    settled_on_time_count BIGINT, settled_late_count BIGINT, open_count BIGINT, open_in_time_count BIGINT,
    open_late_count BIGINT);
"""


@contextmanager
def writer_turn(settings: Settings) -> Iterator[None]:
    """Waits for the right to write, across processes.

    The lock is a file of its own: opening the live database by any other means would drop its own lock.

    Raises:
        TransientError: Another run kept the turn for longer than `lock_seconds`.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    # What a turn writes is for the pipeline's own user; what is published is opened up on purpose.
    before = os.umask(_ONLY_OURS)
    lock = FileLock(settings.home / "warehouse.lock", timeout=settings.lock_seconds)
    try:
        with lock:
            yield
    except Timeout as error:
        raise TransientError(
            f"Another run has been writing {settings.warehouse_file} for {settings.lock_seconds:g} s.",
            "Wait for it to end (khotinh status), then run again.",
        ) from error
    finally:
        os.umask(before)


@contextmanager
def open_warehouse(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Opens the build file for writing, when its turn has come, and closes it with its log folded in.

    Raises:
        TransientError: Another process kept the turn, or the file, for longer than `lock_seconds`.
    """
    with writer_turn(settings), open_in_turn(settings) as connection:
        yield connection


@contextmanager
def open_in_turn(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Opens the build file for writing, inside a turn that the caller has.

    Raises:
        TransientError: Another process kept the file for longer than `lock_seconds`.
    """
    connection = _connect(settings)
    try:
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(f"SET memory_limit = '{_MEMORY}'")
        yield connection
    finally:
        connection.close()


def wait_until_free(settings: Settings) -> None:
    """Waits, inside a turn, until no process has the build file open.

    A run that was killed leaves its dbt behind, which goes on writing for some seconds without the turn.

    Raises:
        TransientError: Some process kept the file for longer than `lock_seconds`.
    """
    _connect(settings).close()


def _connect(settings: Settings) -> duckdb.DuckDBPyConnection:
    for attempt in stamina.retry_context(
        on=_is_held, attempts=None, timeout=settings.lock_seconds, wait_initial=0.2, wait_max=2.0, wait_jitter=0.2
    ):
        with attempt:
            try:
                return duckdb.connect(str(settings.warehouse_file))
            except duckdb.IOException as error:
                raise _HeldError(
                    f"Another process has {settings.warehouse_file} open: {str(error).splitlines()[0]}",
                    "Close it there; readers use the published file instead.",
                ) from error
    raise PermanentError("The warehouse was never tried.", "Set KHOTINH_LOCK_SECONDS above 0.")


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All that the block writes, or nothing of it."""
    connection.begin()
    with ExitStack() as undo:
        undo.callback(connection.rollback)
        yield
        undo.pop_all()
    connection.commit()


class _HeldError(TransientError):
    """The build file is open elsewhere."""


def _is_held(error: Exception) -> bool:
    return isinstance(error, _HeldError) and "lock" in str(error).lower()


def prepare(connection: duckdb.DuckDBPyConnection, contracts: Iterable[Contract]) -> None:
    """Makes the schemas and the tables that the contracts name, and adds columns that a newer contract has."""
    connection.execute(_OPS)
    # A home from before verdicts were settled by volume: until then the content alone decided.
    connection.execute("ALTER TABLE ops.loads ADD COLUMN IF NOT EXISTS content_verdict VARCHAR")
    connection.execute("UPDATE ops.loads SET content_verdict = verdict WHERE content_verdict IS NULL")
    there = connection.execute(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = current_database() AND schema_name = 'raw'"
    ).fetchall()
    for contract in contracts:
        columns = [(column.name, column.sql_type) for column in contract.stored_columns] + list(RAW_EXTRA_COLUMNS)
        has = {column for table, column in there if table == contract.dataset}
        lacks = [f'"{name}" {sql_type}' for name, sql_type in columns if name not in has]
        # Only what is lacking: hundreds of statements that change nothing took longer than loading a small file.
        if not has:
            connection.execute(f'CREATE TABLE raw."{contract.dataset}" ({", ".join(lacks)})')
        else:
            for column in lacks:
                connection.execute(f'ALTER TABLE raw."{contract.dataset}" ADD COLUMN {column}')
        connection.execute(
            "INSERT OR REPLACE INTO ops.datasets VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                contract.dataset, contract.mode, contract.cadence, contract.title.vi, contract.title.en, contract.owner,
                contract.version, contract.due.days_after, contract.due.time, contract.baseline,
                contract.completeness.subject if contract.completeness else None, contract.is_optional,
            ],
        )  # fmt: skip
