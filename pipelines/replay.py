"""Judges again what is in quarantine, after a contract, a suite or a register was mended.

Nothing is asked of a source: the raw file comes out of the archive, with the arrival that it had, so an old file never
outranks a newer one. The new judgement is a revision of its own; the earlier one stays in the ledger. If the file is
now refused, the gate leaves its earlier accepted load in force, in `snapshot` and in `changes` alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from pipelines import archive
from pipelines.calendar import Partition, now
from pipelines.errors import KhoTinhError, MessagesWithheld
from pipelines.ingest import Workshop, examine
from pipelines.load.load import load
from pipelines.load.warehouse import open_warehouse, prepare
from pipelines.quarantine.held import open_quarantine

# In the order of arrival, so that a revision is held against what it would replace.
_CANDIDATES = """
    SELECT load_id, arrival_id, dataset, partition_key, file_sha256, file_name, arrived_at, verdict, rules_sha256,
        rows_read, rows_accepted, rows_quarantined
    FROM loads_now
    WHERE (rows_quarantined > 0 OR verdict = 'refused')
        AND ($dataset IS NULL OR dataset = $dataset) AND ($key IS NULL OR partition_key = $key)
    ORDER BY dataset, partition_key, known_at, arrived_at, load_sequence
"""
_ROWS_BETWEEN = """
    WITH before AS (SELECT sheet_name, row_number FROM ops.quarantine WHERE load_id = $before),
    after AS (SELECT sheet_name, row_number FROM ops.quarantine WHERE load_id = $after)
    SELECT count(*) FILTER (after.row_number IS NULL), count(*) FILTER (before.row_number IS NULL)
    FROM before FULL JOIN after ON before.sheet_name = after.sheet_name AND before.row_number = after.row_number
"""


@dataclass(frozen=True)
class Candidate:
    """A load in quarantine, as it was judged."""

    load_id: str
    arrival_id: str
    dataset: str
    partition_key: str
    file_sha256: str
    file_name: str
    arrived_at: datetime
    verdict: str
    rules_sha256: str
    rows_read: int
    rows_accepted: int
    rows_quarantined: int


@dataclass(frozen=True)
class Replayed:
    """What came of one load.

    Attributes:
        before: The load as it stood.
        load_id: The new load; None if the file could not be judged again.
        verdict: Its verdict.
        rows_now_pass: Rows that did not count and are loaded now: of a refused file all that pass, 0 if it still is.
        rows_stay: Rows that were set apart and still are.
        rows_newly_apart: Rows that passed before and are set apart by the mended rules.
        failure: Why it could not be judged again.
    """

    before: Candidate
    load_id: str | None = None
    verdict: str | None = None
    rows_read: int = 0
    rows_accepted: int = 0
    rows_quarantined: int = 0
    rows_duplicate: int = 0
    rows_now_pass: int = 0
    rows_stay: int = 0
    rows_newly_apart: int = 0
    message: str = ""
    failure: str | None = None


@dataclass(frozen=True)
class Replay:
    """What came of all.

    Attributes:
        replayed: Loads whose rules had been mended.
        unchanged: Loads in quarantine that were judged by the rules of today: nothing was mended.
    """

    replayed: tuple[Replayed, ...]
    unchanged: tuple[str, ...]


def replay(workshop: Workshop, dataset: str | None = None, partition_key: str | None = None) -> Replay:
    """Judges again each load in quarantine whose rules differ from today's, and loads what passes.

    Each file is one transaction. A file that cannot be judged again keeps its load, and the others go on.

    Args:
        workshop: Settings, contracts, suites and registers as they are now.
        dataset: Only this one.
        partition_key: Only this period.

    Raises:
        PermanentError: Nothing was loaded yet, or a setting, a contract or a suite must be mended first.
        TransientError: Another run kept the warehouse.
    """
    # What is malformed or not set shows before anything is opened.
    workshop.settings.hash_key()
    rules = {name: workshop.rules_sha256(name) for name in workshop.contracts}
    with open_quarantine(workshop.settings) as connection:
        prepare(connection, workshop.contracts.values())
        found = connection.execute(_CANDIDATES, {"dataset": dataset, "key": partition_key})
        candidates = [Candidate(*row) for row in found.fetchall()]
    known = [candidate for candidate in candidates if candidate.dataset in rules]
    mended = [candidate for candidate in known if candidate.rules_sha256 != rules[candidate.dataset]]
    unchanged = tuple(candidate.load_id for candidate in known if candidate not in mended)
    return Replay(tuple(_replay_or_tell(workshop, candidate) for candidate in mended), unchanged)


def _replay_or_tell(workshop: Workshop, candidate: Candidate) -> Replayed:
    try:
        with MessagesWithheld(f"{candidate.dataset} {candidate.partition_key}"):
            return _replay(workshop, candidate)
    except KhoTinhError as error:
        return Replayed(candidate, failure=str(error))


def _replay(workshop: Workshop, candidate: Candidate) -> Replayed:
    settings, contract = workshop.settings, workshop.contracts[candidate.dataset]
    started_at, rules = now(), workshop.rules_sha256(candidate.dataset)
    arrival = archive.fetch(
        candidate.dataset, candidate.partition_key, candidate.file_sha256, candidate.arrived_at, settings.archive_folder
    )
    judged = examine(workshop, contract, Partition.parse(candidate.partition_key), arrival)
    with open_warehouse(settings) as connection:
        if _was_judged_meanwhile(connection, candidate, rules):
            return Replayed(candidate, failure="Another run judged this file by the same rules meanwhile.")
        attempt = load(connection, contract, arrival, judged, started_at, now(), rules, workshop.volume_basis)
        between = {"before": candidate.load_id, "after": attempt.load_id}
        passing, new = connection.execute(_ROWS_BETWEEN, between).fetchall()[0]
    refused = attempt.verdict == "refused"
    if candidate.verdict == "refused":
        passing = attempt.rows_accepted
    return Replayed(
        before=candidate,
        load_id=attempt.load_id,
        verdict=attempt.verdict,
        rows_read=attempt.rows_read,
        rows_accepted=attempt.rows_accepted,
        rows_quarantined=attempt.rows_quarantined,
        rows_duplicate=attempt.rows_duplicate,
        rows_now_pass=0 if refused else passing,
        rows_stay=attempt.rows_quarantined - new,
        rows_newly_apart=new,
        message=attempt.message,
    )


def _was_judged_meanwhile(connection: duckdb.DuckDBPyConnection, candidate: Candidate, rules: str) -> bool:
    query = "SELECT max_by(rules_sha256, load_sequence) FROM ops.loads WHERE arrival_id = ?"
    return connection.execute(query, [candidate.arrival_id]).fetchone() == (rules,)
