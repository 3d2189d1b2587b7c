"""Puts one judged file into the warehouse: all of it in one transaction, or nothing.

A file whose content is refused leaves its verdict, its checks and its rejected rows; none of its rows enters the schema
`raw`. Whether its volume holds it back is settled with all loads of its dataset, in the same transaction.
"""

from __future__ import annotations

from datetime import datetime
from importlib.metadata import version

import duckdb
import polars as pl
import pyarrow as pa

from pipelines.archive import Arrival
from pipelines.contracts import Contract
from pipelines.errors import PermanentError
from pipelines.load.ledger import Attempt, Outcome, arrival_id, record_attempt
from pipelines.load.volumes import settle
from pipelines.load.warehouse import transaction
from pipelines.validate.verdict import Judged, Verdict
from pipelines.validate.volume_basis import VolumeBasis


def load(
    connection: duckdb.DuckDBPyConnection, contract: Contract, arrival: Arrival, judged: Judged, started_at: datetime,
    finished_at: datetime, rules_sha256: str, basis: VolumeBasis,
) -> Attempt:  # fmt: skip
    """Writes rows, checks, quarantine, arrival and ledger row.

    Args:
        connection: The warehouse, open for writing.
        contract: The dataset's contract.
        arrival: The raw file.
        judged: The verdict and what it rests on.
        started_at: When the file was asked for, local time.
        finished_at: When it was judged, local time.
        rules_sha256: Fingerprint of the contract, suite and registers that it was judged by.
        basis: What its volume is judged by.

    Returns:
        The attempt as it was recorded.
    """
    with transaction(connection):
        return _write(connection, contract, arrival, judged, started_at, finished_at, rules_sha256, basis)


def _write(
    connection: duckdb.DuckDBPyConnection, contract: Contract, arrival: Arrival, judged: Judged, started_at: datetime,
    finished_at: datetime, rules_sha256: str, basis: VolumeBasis,
) -> Attempt:  # fmt: skip
    known_as = arrival_id(connection, arrival)
    sequence, revision = _next_numbers(connection, arrival)
    load_id = f"{arrival.dataset}/{arrival.partition_key}/r{revision}"
    rows_accepted = judged.rows.height
    connection.execute(
        "INSERT INTO ops.loads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            load_id, sequence, known_as, arrival.dataset, arrival.partition_key, judged.verdict.value, judged.rows_read,
            rows_accepted, len(judged.quarantine), judged.rows_duplicate, contract.version, version("khotinh"),
            judged.refusal_reason, started_at, finished_at, rules_sha256, judged.verdict.value,
        ],
    )  # fmt: skip
    if judged.verdict is not Verdict.REFUSED and rows_accepted:
        inserted = _insert(connection, f'raw."{contract.dataset}"', judged.rows.record_batches(), load_id)
        if inserted != rows_accepted:
            raise PermanentError(
                f"{load_id}: {rows_accepted} rows were judged and {inserted} went in; nothing was loaded.",
                "This is a fault of the program: report it with the file.",
            )
    checks = [
        (load_id, check.check_name, check.severity, check.is_success, check.observed, check.unexpected_count)
        for check in judged.checks
    ]
    connection.executemany("INSERT INTO ops.checks VALUES (?, ?, ?, ?, ?, ?)", checks)
    _insert(connection, "ops.quarantine", _with_origin(judged.quarantine, arrival, contract).to_arrow(), load_id)
    turned: list[Attempt] = []
    if judged.verdict is not Verdict.REFUSED:
        turned = settle(connection, contract, basis, finished_at, (load_id, arrival.partition_key))
    verdict, reason = _settled(connection, load_id)
    attempt = Attempt(
        dataset=arrival.dataset,
        partition_key=arrival.partition_key,
        outcome=Outcome.REFUSED if verdict == Verdict.REFUSED else Outcome.LOADED,
        message=reason or "",
        load_id=load_id,
        verdict=verdict,
        rows_read=judged.rows_read,
        rows_accepted=rows_accepted,
        rows_quarantined=len(judged.quarantine),
        rows_duplicate=judged.rows_duplicate,
        turned=tuple(turned),
    )
    record_attempt(connection, attempt, finished_at)
    return attempt


def _settled(connection: duckdb.DuckDBPyConnection, load_id: str) -> tuple[str, str | None]:
    """A load's verdict and, if it is refused, why."""
    query = "SELECT verdict, refusal_reason FROM ops.loads WHERE load_id = ?"
    (found,) = connection.execute(query, [load_id]).fetchall()
    return found[0], found[1]


def _next_numbers(connection: duckdb.DuckDBPyConnection, arrival: Arrival) -> tuple[int, int]:
    """The load's number in the ledger, and its revision within its partition; both from 1."""
    row = connection.execute(
        """
        SELECT coalesce(max(load_sequence), 0) + 1, count(*) FILTER (dataset = ? AND partition_key = ?) + 1
        FROM ops.loads
        """,
        [arrival.dataset, arrival.partition_key],
    ).fetchone()
    return (1, 1) if row is None else (int(row[0]), int(row[1]))


def _with_origin(quarantine: pl.DataFrame, arrival: Arrival, contract: Contract) -> pl.DataFrame:
    """What leads a quarantined row back to its file and to the rules that rejected it."""
    return quarantine.with_columns(file_sha256=pl.lit(arrival.file_sha256), contract_version=pl.lit(contract.version))


def _insert(
    connection: duckdb.DuckDBPyConnection, table: str, rows: pa.Table | pa.RecordBatchReader, load_id: str
) -> int:
    """Puts rows in and says how many went in."""
    connection.register("rows_to_insert", rows)
    try:
        inserted = connection.execute(
            f"INSERT INTO {table} BY NAME SELECT *, ? AS load_id FROM rows_to_insert", [load_id]
        ).fetchone()
    finally:
        connection.unregister("rows_to_insert")
    return 0 if inserted is None else int(inserted[0])
