"""How many rows each load has by unit group, counted once and kept in `ops.load_volumes`; what they mean is not known here."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace

import duckdb
import polars as pl

from pipelines.contracts import Contract
from pipelines.parse.rejects import unit_column
from pipelines.validate.volume import ALL, LoadRows
from pipelines.validate.volume_basis import VolumeBasis

_UNKNOWN_GROUP = "other"


def count_rows(
    connection: duckdb.DuckDBPyConnection, contract: Contract, basis: VolumeBasis, load_id: str | None = None
) -> None:
    """Counts the rows of one load, or of all loads of the dataset whose content was accepted, by unit group."""
    chosen = "SELECT load_id FROM ops.loads WHERE dataset = ? AND content_verdict <> 'refused'"
    parameters = [contract.dataset]
    if load_id is not None:
        chosen, parameters = f"{chosen} AND load_id = ?", [contract.dataset, load_id]
    else:
        connection.execute(
            "DELETE FROM ops.load_volumes WHERE load_id IN (SELECT load_id FROM ops.loads WHERE dataset = ?)",
            parameters,
        )
    connection.execute(
        f"INSERT INTO ops.load_volumes SELECT load_id, '{ALL}', rows_accepted FROM ops.loads WHERE load_id IN ({chosen})",
        parameters,
    )
    column = unit_column(contract)
    if column is None:
        return
    # A constant in the condition, not a join: whole row groups of other loads are then skipped.
    of_load = "load_id = ?" if load_id is not None else f"load_id IN ({chosen})"
    counts = connection.execute(
        f'SELECT load_id, "{column.name}", count(*) FROM raw."{contract.dataset}" WHERE {of_load} GROUP BY ALL',
        [load_id] if load_id is not None else parameters,
    ).fetchall()
    if counts:
        rows = pl.DataFrame(counts, schema=["load_id", "unit_code", "rows_count"], orient="row").with_columns(
            unit_group=pl.col("unit_code").replace_strict(dict(basis.unit_types), default=_UNKNOWN_GROUP)
        )
        grouped = rows.group_by("load_id", "unit_group").agg(pl.col("rows_count").sum())
        insert_frame(connection, "ops.load_volumes", grouped)


def read_rows(
    connection: duckdb.DuckDBPyConnection, contract: Contract, basis: VolumeBasis, keys: Collection[str]
) -> list[LoadRows]:
    """The loads of these periods whose content was accepted; how fresh each is, the gate says in the same words."""
    found = connection.execute(
        """
        SELECT loads.load_id, loads.partition_key, arrivals.file_sha256,
            least(coalesce(arrivals.source_modified_at, arrivals.arrived_at), arrivals.arrived_at), arrivals.arrived_at,
            loads.load_sequence, list(load_volumes.unit_group), list(load_volumes.rows_count)
        FROM ops.loads
        JOIN ops.arrivals ON loads.arrival_id = arrivals.arrival_id
        JOIN ops.load_volumes ON loads.load_id = load_volumes.load_id
        WHERE loads.dataset = ? AND loads.content_verdict <> 'refused'
            AND loads.partition_key IN (SELECT unnest(?::VARCHAR[]))
        GROUP BY ALL
        """,
        [contract.dataset, list(keys)],
    ).fetchall()
    loads = [
        LoadRows(load_id, key, sha256, (known_at, arrived_at, sequence), dict(zip(groups, rows, strict=True)))
        for load_id, key, sha256, known_at, arrived_at, sequence, groups, rows in found
    ]
    return _each_record_once(connection, contract, basis, loads) if contract.mode == "changes" else loads


def _each_record_once(
    connection: duckdb.DuckDBPyConnection, contract: Contract, basis: VolumeBasis, loads: Sequence[LoadRows]
) -> list[LoadRows]:
    """Takes off each file of a period the records that a fresher one tells as well.

    The files of a period add up. The same half in other bytes is not its other half, and a day that is pulled again
    is no busier for it.
    """
    files: defaultdict[str, dict[str, LoadRows]] = defaultdict(dict)
    for load in sorted(loads, key=lambda load: load.known):
        files[load.partition_key][load.file_sha256] = load
    several = [load for own in files.values() if len(own) > 1 for load in own.values()]
    if not several:
        return list(loads)
    ranks = pl.DataFrame([(load.load_id, load.partition_key, *load.known) for load in several], orient="row",
        schema=["load_id", "partition_key", "known_at", "arrived_at", "load_sequence"])  # fmt: skip
    keys = ", ".join(f'records."{key}"' for key in contract.keys)
    column = unit_column(contract)
    connection.register("files_of_periods", ranks.to_arrow())
    try:
        # The loads once more as constants: row groups without them are then skipped.
        counts = connection.execute(
            f"""
            SELECT load_id, unit_code, count(*) FROM (
                SELECT load_id, {f'records."{column.name}"' if column else "NULL"} AS unit_code
                FROM raw."{contract.dataset}" AS records JOIN files_of_periods AS files USING (load_id)
                WHERE load_id IN ({", ".join("?" * len(several))})
                QUALIFY rank() OVER (
                    PARTITION BY files.partition_key, {keys}
                    ORDER BY files.known_at DESC, files.arrived_at DESC, files.load_sequence DESC
                ) = 1)
            GROUP BY ALL
            """,
            [load.load_id for load in several],
        ).fetchall()
    finally:
        connection.unregister("files_of_periods")
    rows: dict[str, Counter[str]] = {load.load_id: Counter({ALL: 0}) for load in several}
    for load_id, unit_code, count in counts:
        rows[load_id][ALL] += count
        if column:
            rows[load_id][basis.unit_types.get(unit_code, _UNKNOWN_GROUP)] += count
    return [replace(load, rows=rows.get(load.load_id, load.rows)) for load in loads]


def insert_frame(connection: duckdb.DuckDBPyConnection, table: str, rows: pl.DataFrame) -> None:
    """Puts a frame into a table of the ledger."""
    connection.register("volumes_to_insert", rows.to_arrow())
    try:
        connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM volumes_to_insert")
    finally:
        connection.unregister("volumes_to_insert")
