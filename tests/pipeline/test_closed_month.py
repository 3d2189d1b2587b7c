"""A closed month over the real commands: a correction moves no figure, is told beside it, and counts once re-opened."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.explain.explanation import explain
from pipelines.settings import Settings
from tests.pipeline.conftest import Home, Ran

FILE = "document_exchanges/2026-11-03/"
_DELIVERY = f"""
    SELECT document_id, sender_unit_code, recipient_unit_code FROM core.fct_document_delivery
    WHERE load_id = '{FILE}r1' AND sent_date = '2026-11-03' AND sender_unit_code <> 'H56' AND recipient_unit_code <> 'H56'
        AND sender_unit_code <> recipient_unit_code
    ORDER BY ALL LIMIT 1
"""
# The source sends the day once more, without one delivery; it is judged in 2027.
_SENT_AGAIN = f"""
    INSERT INTO ops.arrivals
    SELECT * REPLACE ('again' AS arrival_id, 'again' AS file_sha256, 'again.csv' AS file_name,
        TIMESTAMP '2027-01-01 05:30:00' AS arrived_at, TIMESTAMP '2027-01-01 05:30:00' AS source_modified_at)
    FROM ops.arrivals WHERE arrival_id = (SELECT arrival_id FROM ops.loads WHERE load_id = '{FILE}r1');
    INSERT INTO ops.loads
    SELECT loads.* REPLACE ('{FILE}r2' AS load_id, (SELECT max(load_sequence) + 1 FROM ops.loads) AS load_sequence,
        'again' AS arrival_id, rows_read - lost AS rows_read, rows_accepted - lost AS rows_accepted,
        TIMESTAMP '2027-01-01 05:31:00' AS finished_at)
    FROM ops.loads, (SELECT count(*) AS lost FROM raw.document_exchanges WHERE load_id = '{FILE}r1'
        AND document_id = $document AND recipient_unit_code = $recipient)
    WHERE load_id = '{FILE}r1';
    INSERT INTO raw.document_exchanges SELECT * REPLACE ('{FILE}r2' AS load_id) FROM raw.document_exchanges
    WHERE load_id = '{FILE}r1' AND NOT (document_id = $document AND recipient_unit_code = $recipient);
"""
_MONTH = """
    SELECT indicator_code, unit_code, numerator::INT, denominator::INT, is_closed FROM marts.indicator_monthly
    WHERE period = '202611' ORDER BY ALL
"""


def _copy(ran: Ran, folder: Path) -> Home:
    shutil.copytree(
        ran.home.folder,
        folder / "data",
        symlinks=True,
        ignore=shutil.ignore_patterns("archive", "data_docs", "dagster"),
    )
    return replace(ran.home, folder=folder / "data")


def _command(home: Home, *arguments: str) -> dict[str, Any]:
    done = home.khotinh("close", *arguments, "--json")
    assert done.returncode == 0, done.stderr + done.stdout
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_a_month_without_its_days_is_not_closed_by_a_slip(usual_week: Ran) -> None:
    october = usual_week.home.khotinh("close", "202610")
    assert october.returncode == 1
    assert "chưa nạp ngày nào của document_exchanges, document_registers, portal_dossiers" in october.stderr
    ahead = usual_week.home.khotinh("close", "2027-05", "--accept-incomplete")
    assert ahead.returncode == 1
    assert "không có gì để chốt" in ahead.stderr
    assert json.loads(usual_week.home.khotinh("close", "--list", "--json").stdout) == []


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_correction_of_a_closed_month_is_a_restatement_with_its_files(usual_week: Ran, tmp_path: Path) -> None:
    home = _copy(usual_week, tmp_path)
    settings = Settings(_env_file=None, home=home.folder)  # type: ignore[call-arg]
    before = home.query(_MONTH)
    open_month = home.khotinh("close", "2026-11")
    assert open_month.returncode == 1
    assert "has 7 of 30 days" in open_month.stderr
    closed = _command(home, "2026-11", "--accept-incomplete", "--note", "họp giao ban", "--no-publish")
    assert closed["closure"]["figures"] == len(before)

    with duckdb.connect(str(settings.warehouse_file)) as connection:
        document, sender, recipient = connection.execute(_DELIVERY).fetchall()[0]
        for statement in _SENT_AGAIN.strip().split(";\n"):
            named = {"document": document, "recipient": recipient}
            connection.execute(statement, {key: value for key, value in named.items() if f"${key}" in statement})
    # October is closed too, though only its monthly files came: that builds and publishes.
    assert _command(home, "202610", "--accept-incomplete")["published_version"]

    stands = home.query(_MONTH)
    assert stands["is_closed"].all()
    assert stands.drop("is_closed").equals(before.drop("is_closed"))
    units = {
        "document_sent": sender,
        "document_resent": recipient,
        "document_received": recipient,
        "document_completed": recipient,
    }
    restated = home.query(
        """
        SELECT indicator_code, unit_code, coalesce(closed_denominator, closed_numerator)::INT
            - coalesce(restated_denominator, restated_numerator, 0)::INT, cause_code, load_count
        FROM marts.indicator_restatement ORDER BY ALL
        """
    ).rows()
    assert restated == sorted(
        (indicator, unit, 1, "loads", 2) for indicator, owner in units.items() for unit in (owner, "H56")
    )
    causes = home.query(
        "SELECT DISTINCT load_id, event_code, happened_at::VARCHAR, is_of_unit FROM marts.indicator_restatement_cause ORDER BY ALL"
    ).rows()
    judged = "2027-01-01 05:31:00"
    assert causes == [(f"{FILE}r1", "left", judged, True), (f"{FILE}r2", "came", judged, True)]

    assert "Đã chốt | Closed: 10/2026, 11/2026 (8 số nay khác số đã chốt)" in home.khotinh("status").stdout

    told = explain(settings, "document_sent", sender, "2026-11")
    assert told.is_closed
    assert [closing.note for closing in told.closings] == ["họp giao ban"]
    assert told.restatement is not None
    assert told.figure is not None
    assert told.restatement.difference == -1
    assert told.restatement.closed_value == told.figure.value
    assert [(cause.file_name, cause.event_code) for cause in told.restatement.causes] == [
        ("exchange-20261103.csv", "left"), ("again.csv", "came"),
    ]  # fmt: skip
    # The day still moves, and its former value can be read as of the first publish.
    day = explain(settings, "document_sent", sender, "2026-11-03")
    was, now = day.history[0], day.history[-1]
    assert (was.value or 0) - (now.value or 0 if now is not was else 0) == 1
    assert home.query(
        f"""
        SELECT "value"::DOUBLE FROM marts.indicator_as_of(TIMESTAMP '{was.known_from}')
        WHERE indicator_code = 'document_sent' AND unit_code = '{sender}' AND period = '2026-11-03'
        """
    ).item() == was.value  # fmt: skip

    opened = _command(home, "--reopen", "2026-11", "--note", "số mới đã duyệt")
    assert opened["published_version"]
    moved = home.query(_MONTH)
    assert not moved["is_closed"].any()
    assert home.query("FROM marts.indicator_restatement").is_empty()
    sent = {(row[0], row[1]): row[2] for row in moved.rows()}
    sent_before = {(row[0], row[1]): row[2] for row in before.rows()}
    assert sent["document_sent", "H56"] == sent_before["document_sent", "H56"] - 1
    listed = json.loads(home.khotinh("close", "--list", "--json").stdout)
    assert [(line["period"], line["action"], line["figures"] > 0) for line in listed] == [
        ("202611", "close", True), ("202610", "close", True), ("202611", "reopen", False),
    ]  # fmt: skip
    assert "họp giao ban" in home.khotinh("close", "--list").stdout
