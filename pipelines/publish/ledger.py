"""What a manifest tells of the ledger: loads, their files and verdicts, and the contracts that they were read by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

_COUNTS = """
SELECT count(*) FILTER (verdict <> 'refused'), count(*) FILTER (verdict = 'refused'), max_by(load_id, load_sequence)
FROM ops.loads
"""
_LOADS = """
SELECT loads.load_id, arrivals.file_sha256
FROM ops.loads JOIN ops.arrivals USING (arrival_id)
WHERE loads.load_id IN (SELECT load_id FROM staging.stg_loads_in_force)
ORDER BY ALL
"""
_VERDICTS = "SELECT verdict, count(*) FROM ops.loads GROUP BY ALL ORDER BY ALL"
_CONTRACTS = "SELECT dataset, contract_version FROM ops.datasets ORDER BY ALL"


def ledger_facts(build: Path) -> dict[str, Any]:
    """The manifest's fields that come from the ledger, by name."""
    with duckdb.connect(str(build), read_only=True) as connection:
        accepted, refused, newest = connection.execute(_COUNTS).fetchall()[0]
        return {
            "loads_accepted": accepted,
            "loads_refused": refused,
            "newest_load_id": newest,
            "loads": dict(connection.execute(_LOADS).fetchall()),
            "verdicts": dict(connection.execute(_VERDICTS).fetchall()),
            "contract_versions": dict(connection.execute(_CONTRACTS).fetchall()),
        }
