"""Row counts of every load, and the verdicts that follow from them, settled whenever the set of loads changes.

What a count means is `pipelines.validate.volume`'s matter. Here its answer is written down: `ops.load_volumes`,
`ops.volumes`, the verdict and the check lines of each load, and an attempt for each load that was judged otherwise
before. `ops.loads.content_verdict` keeps what the file itself was judged to be. The rows of a load that is held only
for its volume lie in `raw`; the gate keeps them out of everything else until its verdict is turned.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

import duckdb
import polars as pl

from pipelines.calendar import BASELINE_PREFIX
from pipelines.contracts import Contract
from pipelines.load.ledger import Attempt, Outcome, record_attempt
from pipelines.load.row_counts import count_rows, insert_frame, read_rows
from pipelines.load.warehouse import transaction
from pipelines.validate.verdict import Verdict
from pipelines.validate.volume import (
    GROUPS_IN_BAND,
    IN_BAND,
    KEEPS_MOST,
    LoadVolume,
    PeriodVolume,
    judge_volumes,
    reach_of,
)
from pipelines.validate.volume_basis import VolumeBasis

_CHECKS = [IN_BAND, GROUPS_IN_BAND, KEEPS_MOST]
_HELD = {
    IN_BAND: "Held since the band of earlier periods is known",
    KEEPS_MOST: "Held since the revision before it is known",
}


def settle(
    connection: duckdb.DuckDBPyConnection, contract: Contract, basis: VolumeBasis, at: datetime,
    arrived: tuple[str, str] | None = None,
) -> list[Attempt]:  # fmt: skip
    """Makes the verdicts what the set of loads says, inside the caller's transaction.

    Args:
        connection: The warehouse, open for writing.
        contract: The dataset's contract.
        basis: Calendar, registers and exceptions.
        at: When it is settled, local time.
        arrived: Id and period of the load that just went in; its own attempt is recorded by whoever loads it.

    Returns:
        The attempts that it recorded: of each other load that is held now, or free again.
    """
    rules = basis.fingerprint(contract)
    if _settled_by(connection).get(contract.dataset) != rules:
        # Other rules, or a home from before volumes were counted: everything is counted and judged anew.
        count_rows(connection, contract, basis)
        connection.execute("DELETE FROM ops.volume_rules WHERE dataset = ?", [contract.dataset])
        connection.execute("INSERT INTO ops.volume_rules VALUES (?, ?)", [contract.dataset, rules])
        judged = read = _periods(connection, contract)
        connection.execute("DELETE FROM ops.volumes WHERE dataset = ?", [contract.dataset])
    elif arrived is not None:
        count_rows(connection, contract, basis, arrived[0])
        if arrived[1].startswith(BASELINE_PREFIX):
            return []
        judged, read = reach_of(arrived[1], _periods(connection, contract), basis)
    else:
        return []
    volumes, loads = judge_volumes(read_rows(connection, contract, basis, read), contract, basis, judged)
    _write_volumes(connection, contract, judged, volumes)
    _write_checks(connection, loads)
    # A moment later than the load that caused them, so that these attempts are their periods' last word.
    own = arrived[0] if arrived else None
    return _write_verdicts(connection, contract, loads, at + timedelta(microseconds=1), own)


def settle_changed(
    connection: duckdb.DuckDBPyConnection, contracts: Iterable[Contract], basis: VolumeBasis, at: datetime
) -> list[Attempt]:
    """Settles every dataset whose rules changed since it was settled last, each in one transaction; tells what turned."""
    turned: list[Attempt] = []
    settled_by = _settled_by(connection)
    for contract in contracts:
        if settled_by.get(contract.dataset) == basis.fingerprint(contract):
            continue
        with transaction(connection):
            turned += settle(connection, contract, basis, at)
    return turned


def _settled_by(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return dict(connection.execute("SELECT dataset, rules_sha256 FROM ops.volume_rules").fetchall())


def _periods(connection: duckdb.DuckDBPyConnection, contract: Contract) -> list[str]:
    """Every period with a load whose content was accepted; the stock before the first day is none."""
    found = connection.execute(
        """
        SELECT DISTINCT partition_key FROM ops.loads
        WHERE dataset = ? AND content_verdict <> 'refused' AND NOT starts_with(partition_key, ?)
        """,
        [contract.dataset, BASELINE_PREFIX],
    ).fetchall()
    return [key for (key,) in found]


def _write_volumes(
    connection: duckdb.DuckDBPyConnection, contract: Contract, keys: Collection[str], volumes: Sequence[PeriodVolume]
) -> None:
    connection.execute(
        "DELETE FROM ops.volumes WHERE dataset = ? AND partition_key IN (SELECT unnest(?::VARCHAR[]))",
        [contract.dataset, list(keys)],
    )
    lines = [
        {
            "dataset": contract.dataset,
            "partition_key": volume.partition_key,
            "unit_group": volume.unit_group,
            "day_kind": volume.day_kind,
            "rows_count": volume.rows_count,
            "history_count": volume.band.history_count,
            "median_count": volume.band.median_count,
            "low_count": volume.band.low_count,
            "high_count": volume.band.high_count,
            "state": volume.state.value,
        }
        for volume in volumes
    ]
    if lines:
        insert_frame(connection, "ops.volumes", pl.DataFrame(lines, infer_schema_length=None))


def _write_checks(connection: duckdb.DuckDBPyConnection, loads: Sequence[LoadVolume]) -> None:
    connection.execute(
        """
        DELETE FROM ops.checks
        WHERE check_name IN (SELECT unnest(?::VARCHAR[])) AND load_id IN (SELECT unnest(?::VARCHAR[]))
        """,
        [_CHECKS, [load.load_id for load in loads]],
    )
    lines = [
        {
            "load_id": load.load_id,
            "check_name": check.check_name,
            "severity": check.severity,
            "is_success": check.is_success,
            "observed": check.observed,
        }
        for load in loads
        for check in load.checks
    ]
    if lines:
        insert_frame(connection, "ops.checks", pl.DataFrame(lines))


def _write_verdicts(
    connection: duckdb.DuckDBPyConnection, contract: Contract, loads: Sequence[LoadVolume], at: datetime, own: str | None
) -> list[Attempt]:  # fmt: skip
    """Turns the verdicts that changed, and tells of each load but `own` that is held now, or free again."""
    before = connection.execute(
        "SELECT load_id, partition_key, content_verdict, verdict, refusal_reason FROM ops.loads WHERE load_id IN (SELECT unnest(?::VARCHAR[]))",
        [[load.load_id for load in loads]],
    ).fetchall()
    by_id = {load.load_id: load for load in loads}
    turned: list[Attempt] = []
    for load_id, key, content_verdict, verdict, reason in sorted(before):
        load = by_id[load_id]
        settled = _verdict(load, Verdict(content_verdict))
        if (settled, load.reason) == (verdict, reason):
            continue
        connection.execute(
            "UPDATE ops.loads SET verdict = ?, refusal_reason = ? WHERE load_id = ?",
            [settled.value, load.reason, load_id],
        )
        if load_id != own and Verdict.REFUSED in (settled, verdict) and settled != verdict:
            outcome = Outcome.REFUSED if load.reason else Outcome.LOADED
            turned.append(Attempt(contract.dataset, key, outcome, _told(load), load_id, settled.value))
            record_attempt(connection, turned[-1], at)
    return turned


def _verdict(load: LoadVolume, content: Verdict) -> Verdict:
    """The verdict by content and volume together."""
    if load.reason:
        return Verdict.REFUSED
    return content if all(check.is_success for check in load.checks) else Verdict.ACCEPTED_WITH_WARNINGS


def _told(load: LoadVolume) -> str:
    """Why a load that was judged otherwise before is held or free now; the check's name leads to the Vietnamese."""
    if not load.reason:
        return f"{IN_BAND}: Free again, as the loads around it are now: {load.checks[0].observed}"
    check, _, observed = load.reason.partition(": ")
    return f"{check}: {_HELD[check]}: {observed}"
