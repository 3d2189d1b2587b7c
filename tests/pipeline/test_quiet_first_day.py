"""A home whose first day is a quiet one publishes: little came, it is all told, and nothing in it is counted yet."""

# ruff: noqa: DTZ001  (the warehouse keeps naive local times)

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

from pipelines.build import run_dbt
from pipelines.errors import PermanentError
from pipelines.ingest import Workshop
from pipelines.load.load import load
from pipelines.load.warehouse import open_warehouse, prepare
from pipelines.parse.typed_rows import TypedRows
from pipelines.publish.mart_checks import require_sound_marts
from pipelines.settings import Settings
from tests.load.load_help import arrival, ask, judged, settings_in

SUNDAY, AT = "2026-11-08", datetime(2026, 11, 9, 5, 30)
# Just submitted and received by nobody; the last status of a document that was sent on the Friday before; an account
# that was locked; a month in which nothing was issued.
ROWS = {
    ("portal_dossiers", SUNDAY): {
        "dossier_key": "0" * 32, "procedure_code": "1.000001", "unit_code": "H56.12", "status_code": "1",
        "submitted_at": datetime(2026, 11, 8, 9), "updated_at": datetime(2026, 11, 8, 9), "supplement_request_count": 0,
    },
    ("document_exchanges", SUNDAY): {
        "document_id": "H56.12;06/11/2026;1/QĐ", "recipient_unit_code": "H56.10", "sender_unit_code": "H56.12",
        "packet_id": "1", "status_code": "06", "status_at": datetime(2026, 11, 8, 9), "document_symbol": "1/QĐ",
        "business_type_code": "0",
    },
    ("document_signing", "2026-10"): {
        "unit_code": "H56.12", "issued_count": 0, "signed_by_person_count": 0, "signed_by_organisation_count": 0,
    },
    ("platform_accounts", "2026-10"): {
        "account_key": "1" * 32, "unit_code": "H56.12", "platform_code": "portal", "issued_date": date(2026, 1, 1),
        "is_locked": True,
    },
}  # fmt: skip


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    settings = settings_in(tmp_path, pseudonym_key="a key of the tests, no secret")
    workshop = Workshop(settings)
    with open_warehouse(settings) as connection:
        prepare(connection, workshop.contracts.values())
        for (dataset, key), row in ROWS.items():
            rows = pl.DataFrame({"row_number": [1], **{name: [value] for name, value in row.items()}})
            came = replace(arrival(dataset, key), dataset=dataset, arrived_at=AT)
            content = replace(judged((), (), 0), rows=TypedRows.of_frame(rows), rows_read=1)
            load(connection, workshop.contracts[dataset], came, content, AT, AT, "rules", workshop.volume_basis)
    run_dbt(settings, ["build", "--exclude-resource-type", "unit_test"])
    return settings


def test_a_quiet_first_day_passes_the_gate_and_a_lost_mart_does_not(settings: Settings) -> None:
    assert ask(settings, "SELECT count(*) FROM core.fct_dossier") == [(1,)]
    assert ask(settings, "SELECT count(*) FROM marts.portal_unit_daily") == [(0,)]
    suites = Workshop(settings).mart_suites
    require_sound_marts(settings, suites)
    with open_warehouse(settings) as connection:
        connection.execute("UPDATE core.fct_dossier SET is_received_local = true, received_date = DATE '2026-11-08'")
    with pytest.raises(PermanentError, match="portal_unit_daily: table_is_not_empty"):
        require_sound_marts(settings, suites)
