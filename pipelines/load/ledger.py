"""The ledger in the schema `ops`: what arrived, what was loaded or refused, what was tried in vain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import uuid4

import duckdb

from pipelines.archive import Arrival
from pipelines.calendar import BASELINE_PREFIX


class Outcome(StrEnum):
    """How an attempt to get an export ended. `NOT_DUE`: nothing was there, on a day when the offices do not work."""

    LOADED = "loaded"
    SAME_BYTES = "same_bytes"
    REFUSED = "refused"
    NOT_THERE = "not_there"
    NOT_DUE = "not_due"
    FAILED = "failed"


@dataclass(frozen=True)
class Attempt:
    """One attempt to bring one partition of one dataset in.

    Attributes:
        load_id: The load that came of it, or that holds the same bytes.
        rows_*: The load's counts; zero where nothing was loaded.
        turned: What it made of other loads: held now, or free again.
    """

    dataset: str
    partition_key: str
    outcome: Outcome
    message: str = ""
    load_id: str | None = None
    verdict: str | None = None
    rows_read: int = 0
    rows_accepted: int = 0
    rows_quarantined: int = 0
    rows_duplicate: int = 0
    turned: tuple[Attempt, ...] = ()


def record_attempt(connection: duckdb.DuckDBPyConnection, attempt: Attempt, at: datetime) -> None:
    """Writes one line of `ops.attempts`."""
    connection.execute(
        "INSERT INTO ops.attempts VALUES (?, ?, ?, ?, ?)",
        [attempt.dataset, attempt.partition_key, attempt.outcome.value, attempt.message, at],
    )


@dataclass(frozen=True)
class JudgedBefore:
    """A load that already holds the bytes at hand."""

    load_id: str
    verdict: str
    refusal_reason: str | None


def load_with_same_bytes(
    connection: duckdb.DuckDBPyConnection, arrival: Arrival, rules_sha256: str
) -> JudgedBefore | None:
    """The load that already holds this arrival, judged by these rules.

    A file that its source dates is no news if a load has the same bytes and is dated as late or later. The same bytes
    with a later date are news, also right after themselves: the source says that they hold still, and another version
    dated in between, which may come any day, must not take over. Without a date, only what the source said last of the
    partition is compared, because it may go back to what it said before; an old file that was judged again is still
    old. After a contract, a suite or a register was mended the same bytes are judged again.
    """
    found = connection.execute(
        """
        SELECT load_id, verdict, refusal_reason, file_sha256, source_modified_at, rules_sha256
        FROM ops.loads JOIN ops.arrivals USING (arrival_id)
        WHERE loads.dataset = ? AND loads.partition_key = ?
        ORDER BY least(coalesce(source_modified_at, arrived_at), arrived_at) DESC, arrived_at DESC, load_sequence DESC
        """,
        [arrival.dataset, arrival.partition_key],
    ).fetchall()
    dated = arrival.source_modified_at
    for position, (load_id, verdict, reason, digest, modified_at, rules) in enumerate(found):
        is_no_news = position == 0 if dated is None else modified_at is not None and modified_at >= dated
        if digest == arrival.file_sha256 and is_no_news:
            # The newest judgement of these bytes counts: rules that were changed and taken back judge again.
            return JudgedBefore(load_id, verdict, reason) if rules == rules_sha256 else None
    return None


def arrival_id(connection: duckdb.DuckDBPyConnection, arrival: Arrival) -> str:
    """The arrival's row in the ledger, written if it is new: a file that is judged again has come once."""
    known = connection.execute(
        """
        SELECT arrival_id FROM ops.arrivals WHERE dataset = ? AND partition_key = ? AND file_sha256 = ? AND arrived_at = ?
            AND source_modified_at IS NOT DISTINCT FROM ?
        """,
        [arrival.dataset, arrival.partition_key, arrival.file_sha256, arrival.arrived_at, arrival.source_modified_at],
    ).fetchone()
    if known is not None:
        return str(known[0])
    new = uuid4().hex
    connection.execute(
        "INSERT INTO ops.arrivals VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            new, arrival.dataset, arrival.partition_key, arrival.file_sha256, arrival.file_name,
            arrival.file_bytes, arrival.source_uri, arrival.source_modified_at, arrival.arrived_at,
        ],
    )  # fmt: skip
    return new


def last_arrival(
    connection: duckdb.DuckDBPyConnection, dataset: str, partition_key: str
) -> tuple[str, datetime] | None:
    """Hash and time of the file that came last for a partition; None if none has come."""
    query = """
        SELECT file_sha256, arrived_at FROM ops.arrivals WHERE dataset = ? AND partition_key = ?
        ORDER BY arrived_at DESC LIMIT 1
        """
    found = connection.execute(query, [dataset, partition_key]).fetchone()
    return None if found is None else (str(found[0]), found[1])


def arrived_files(connection: duckdb.DuckDBPyConnection, dataset: str) -> set[tuple[str, str, int, datetime | None]]:
    """Partition, name, bytes and time at the source of every file of a dataset that came."""
    query = "SELECT partition_key, file_name, file_bytes, source_modified_at FROM ops.arrivals WHERE dataset = ?"
    return set(connection.execute(query, [dataset]).fetchall())


def ledger_state(connection: duckdb.DuckDBPyConnection) -> str:
    """A fingerprint of every load, its verdict and of closed months: what is built from one is not what another says."""
    query = """
        SELECT count(*), coalesce(sum(hash(load_id, verdict)), 0), (SELECT count(*) FROM ops.month_closures) FROM ops.loads
        """
    return " ".join(map(str, connection.execute(query).fetchall()[0]))


def needs_baseline(connection: duckdb.DuckDBPyConnection, dataset: str) -> bool:
    """Whether the stock before the first day was never accepted."""
    query = "SELECT 1 FROM ops.loads WHERE dataset = ? AND partition_key LIKE ? AND verdict <> 'refused' LIMIT 1"
    return connection.execute(query, [dataset, f"{BASELINE_PREFIX}%"]).fetchone() is None


def accepted_partitions(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """Dataset and partition of every load that was accepted."""
    return set(
        connection.execute(
            "SELECT DISTINCT dataset, partition_key FROM ops.loads WHERE verdict <> 'refused'"
        ).fetchall()
    )
