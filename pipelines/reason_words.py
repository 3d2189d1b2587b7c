"""What the ledger's refusals and quarantine reasons say in Vietnamese, written beside them before each publish.

The published page shows them, and knows nothing of the contracts whose words they are.
"""

from __future__ import annotations

from typing import Final

from pipelines.ingest import Workshop
from pipelines.load.warehouse import open_warehouse, prepare
from pipelines.vietnamese import NO_WORDS, reason_vi, trouble_vi

# Without the units that a reason suggests, as the reason is published.
_REASONS: Final = """
SELECT DISTINCT loads.dataset, split_part(held.reason, '; ', 1)
FROM (SELECT load_id, unnest(reasons) AS reason FROM ops.quarantine) AS held JOIN ops.loads AS loads USING (load_id)
"""
_REFUSALS: Final = "SELECT DISTINCT dataset, refusal_reason FROM ops.loads WHERE refusal_reason IS NOT NULL"


def write_reason_words(workshop: Workshop) -> None:
    """Writes `ops.reason_words` anew: contracts and suites may have other words by now."""
    with open_warehouse(workshop.settings) as connection:
        prepare(connection, ())
        words = {
            (dataset, reason): reason_vi(workshop, dataset, reason)
            for dataset, reason in connection.execute(_REASONS).fetchall()
        }
        for dataset, reason in connection.execute(_REFUSALS).fetchall():
            told = trouble_vi(workshop, dataset, None, reason) if dataset in workshop.contracts else NO_WORDS
            if told != NO_WORDS:
                words[dataset, reason] = told
        connection.execute("BEGIN")
        connection.execute("DELETE FROM ops.reason_words")
        if words:
            connection.execute(
                "INSERT INTO ops.reason_words SELECT unnest(?), unnest(?), unnest(?)",
                [
                    [dataset for dataset, _ in words],
                    [reason for _, reason in words],
                    list(words.values()),
                ],
            )
        connection.execute("COMMIT")
