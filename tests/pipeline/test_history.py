"""What increments make of corrections of every kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from tests.pipeline.conftest import rows_that_differ
from tests.pipeline.yard import Yard

RECORDS = ("dossier", "document_delivery", "document_registration", "conference_leg", "account")


def test_increments_of_every_kind_of_correction_equal_a_rebuild(yard: Yard, tmp_path: Path) -> None:
    file = yard.copy(tmp_path / "home")

    with duckdb.connect(str(file)) as connection:
        delivery = connection.execute(
            """
            SELECT document_id, recipient_unit_code, sent_date, sender_unit_code FROM core.fct_document_delivery
            WHERE load_id = 'document_exchanges/2026-11-03/r1' AND sent_date = '2026-11-03'
            ORDER BY document_id, recipient_unit_code LIMIT 1
            """
        ).fetchone()
        assert delivery is not None
        document_id, recipient, sent_date, sender = delivery
        sent = "SELECT sum(sent_count) FROM marts.document_unit_daily WHERE unit_code = ? AND report_date = ?"
        sent_before = _one(connection, sent, sender, sent_date)
        vanished = f"document_id = '{document_id}' AND recipient_unit_code = '{recipient}'"
        _again(connection, "document_exchanges/2026-11-03/r1", "r2", "2027-01-01 05:30:00", without=vanished)
    assert yard.dbt(file, "run")
    history = (
        f"SELECT known_until::VARCHAR, is_gone FROM core.document_delivery_history WHERE {vanished} ORDER BY known_from"
    )
    gone_at = "2027-01-01 05:30:00"
    with duckdb.connect(str(file)) as connection:
        # Shown as gone, with what was last known of it; in no fact and in no mart.
        assert connection.execute(history).fetchall()[-2:] == [(gone_at, False), (None, True)]
        assert _one(connection, f"SELECT count(*) FROM core.fct_document_delivery WHERE {vanished}") == 0
        assert _one(connection, sent, sender, sent_date) == sent_before - 1
        # An older file of that day comes late: it holds the delivery, and changes nothing.
        _again(connection, "document_exchanges/2026-11-03/r1", "r3", "2027-01-02 05:30:00", modified="2026-01-01")
        # A day's dossiers are judged again: one is rejected now.
        dossier = _one(
            connection,
            """
            SELECT dossier_key FROM raw.portal_dossiers GROUP BY ALL
            HAVING count(*) = 1 AND max(load_id) = 'portal_dossiers/2026-11-05/r1' ORDER BY 1 LIMIT 1
            """,
        )
        rejected = f"dossier_key = '{dossier}'"
        _again(
            connection,
            "portal_dossiers/2026-11-05/r1",
            "r2",
            "2027-01-02 05:31:00",
            without=rejected,
            is_same_file=True,
        )
    assert yard.dbt(file, "run")
    with duckdb.connect(str(file)) as connection:
        assert connection.execute(history).fetchall()[-2:] == [(gone_at, False), (None, True)]
        assert _one(connection, "SELECT count(*) FROM core.load_history WHERE load_id LIKE '%2026-11-03/r3'") == 0
        assert connection.execute(
            f"SELECT known_until::VARCHAR, is_gone FROM core.dossier_history WHERE {rejected} ORDER BY known_from"
        ).fetchall() == [("2027-01-02 05:31:00", False), (None, True)]
        assert _one(connection, f"SELECT count(*) FROM core.fct_dossier WHERE {rejected}") == 0
        # Files that are in force no more are refused after the fact.
        connection.execute(
            "UPDATE ops.loads SET verdict = 'refused' WHERE load_id IN (?, ?)",
            ["document_exchanges/2026-11-03/r1", "portal_dossiers/2026-11-05/r1"],
        )
    assert yard.dbt(file, "run")
    assert yard.dbt(file, "test", "--select", "history_ends_in_the_facts", "gone_records_are_not_counted")
    rebuilt = yard.copy(tmp_path / "rebuilt", file)
    assert yard.dbt(rebuilt, "run", "--full-refresh", "--select", *(f"{record}_history" for record in RECORDS))
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"ATTACH '{file}' AS increments (READ_ONLY)")
        connection.execute(f"ATTACH '{rebuilt}' AS rebuilt (READ_ONLY)")
        for record in RECORDS:
            table = f"core.{record}_history"
            assert rows_that_differ(connection, f"FROM increments.{table}", f"FROM rebuilt.{table}") == 0, record
        # What only the refused files had told was never known.
        for table, record in (("document_delivery", vanished), ("dossier", rejected)):
            assert _one(connection, f"SELECT count(*) FROM rebuilt.core.{table}_history WHERE {record}") == 0


def _one(connection: duckdb.DuckDBPyConnection, query: str, *values: object) -> Any:
    found = connection.execute(query, list(values)).fetchone()
    assert found is not None, query
    return found[0]


def _again(
    connection: duckdb.DuckDBPyConnection, load_id: str, revision: str, at: str, *, without: str = "false",
    modified: str | None = None, is_same_file: bool = False,
) -> None:  # fmt: skip
    """Loads a file once more as `revision`, arrived and judged `at`, without some of its rows."""
    table = load_id.split("/", maxsplit=1)[0]
    again = f"{load_id.rsplit('/', 1)[0]}/{revision}"
    connection.execute(
        """
        INSERT INTO ops.arrivals
        SELECT * REPLACE (
            ? AS arrival_id, CASE WHEN ? THEN file_sha256 ELSE ? END AS file_sha256, ?::TIMESTAMP AS arrived_at,
            coalesce(?::TIMESTAMP, ?::TIMESTAMP) AS source_modified_at)
        FROM ops.arrivals WHERE arrival_id = (SELECT arrival_id FROM ops.loads WHERE load_id = ?)
        """,
        [again, is_same_file, again, at, modified, at, load_id],
    )
    connection.execute(
        """
        INSERT INTO ops.loads
        SELECT * REPLACE (
            ? AS load_id, (SELECT max(load_sequence) + 1 FROM ops.loads) AS load_sequence, ? AS arrival_id,
            ?::TIMESTAMP AS finished_at)
        FROM ops.loads WHERE load_id = ?
        """,
        [again, again, at, load_id],
    )
    connection.execute(
        f"INSERT INTO raw.{table} SELECT * REPLACE (? AS load_id) FROM raw.{table} WHERE load_id = ? AND NOT ({without})",
        [again, load_id],
    )
