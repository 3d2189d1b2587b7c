"""One judged file in one transaction: rows, checks, quarantine and ledger together, or nothing of them."""

# ruff: noqa: DTZ001  (the warehouse keeps naive local times)

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from pipelines.contracts import Column
from pipelines.load.ledger import (
    Attempt,
    JudgedBefore,
    Outcome,
    accepted_partitions,
    load_with_same_bytes,
    needs_baseline,
    record_attempt,
)  # fmt: skip
from pipelines.load.load import load
from pipelines.load.warehouse import open_warehouse, prepare
from pipelines.parse.typed_rows import TypedRows
from pipelines.settings import Settings
from pipelines.validate.verdict import Check
from tests.load.load_help import (
    BASIS,
    CONTRACT,
    FINISHED,
    STARTED,
    arrival,
    ask,
    judged,
    put,
    rejects,
    rows,
    settings_in,
)

A, B = "a" * 64, "b" * 64
MORNING, NOON, EVENING = (datetime(2026, 7, 2, hour) for hour in (5, 12, 18))
TABLES = ("ops.arrivals", "ops.loads", "ops.checks", "ops.quarantine", "ops.attempts", 'raw."platform_accounts"')


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


def _counts(settings: Settings) -> dict[str, int]:
    return {table: ask(settings, f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}


def _known(settings: Settings, digest: str, modified_at: datetime | None = None, version: int = 1) -> str | None:
    with open_warehouse(settings) as connection:
        found = load_with_same_bytes(connection, arrival(digest, modified_at=modified_at), f"rules {version}")
    return found.load_id if found else None


def test_an_accepted_load_leaves_its_rows_checks_quarantine_and_ledger_row(settings: Settings) -> None:
    attempt = put(settings, arrival(modified_at=MORNING))
    assert attempt == Attempt(
        "platform_accounts", "2026-06", Outcome.LOADED, "", "platform_accounts/2026-06/r1", "accepted_with_warnings",
        rows_read=4, rows_accepted=2, rows_quarantined=1, rows_duplicate=1,
    )  # fmt: skip
    assert ask(settings, "SELECT * EXCLUDE (arrival_id, code_version) FROM ops.loads") == [(
        "platform_accounts/2026-06/r1", 1, "platform_accounts", "2026-06", "accepted_with_warnings", 4, 2, 1, 1, 1, None,
        STARTED, FINISHED, "rules 1", "accepted_with_warnings",
    )]  # fmt: skip
    assert ask(settings, "SELECT * EXCLUDE (arrival_id) FROM ops.arrivals WHERE arrival_id = (SELECT arrival_id FROM ops.loads)") == [
        ("platform_accounts", "2026-06", A, "a.csv", 77, "sftp://host/a.csv", MORNING, STARTED)
    ]  # fmt: skip
    assert ask(settings, "SELECT load_id, row_number, account_key FROM raw.platform_accounts ORDER BY ALL") == [
        ("platform_accounts/2026-06/r1", 2, f"{2:032x}"), ("platform_accounts/2026-06/r1", 3, f"{3:032x}"),
    ]  # fmt: skip
    assert ask(settings, "SELECT * FROM ops.checks ORDER BY check_name") == [
        ("platform_accounts/2026-06/r1", "export_is_not_empty", "critical", True, "2", None),
        ("platform_accounts/2026-06/r1", "no_row_is_set_apart", "warning", False, "", 1),
        ("platform_accounts/2026-06/r1", "volume_is_in_band", "warning", True, "2 rows; only 0 earlier months to learn from", None),
    ]  # fmt: skip
    assert ask(settings, "SELECT * FROM ops.quarantine") == [(
        "platform_accounts/2026-06/r1", 4, "", '{"unit_code":"H99"}', ["unit_code: unknown", "is_locked: empty"], None, A, 1,
    )]  # fmt: skip
    assert ask(settings, "SELECT outcome, attempted_at FROM ops.attempts") == [("loaded", FINISHED)]


def test_a_refused_load_leaves_its_verdict_and_its_rejects_and_no_row(settings: Settings) -> None:
    attempt = put(settings, arrival(), judged(accepted=(2, 3, 5), refused=True))
    assert (attempt.outcome, attempt.message) == (Outcome.REFUSED, "export_is_not_empty: nothing came")
    assert _counts(settings) == dict(zip(TABLES, (1, 1, 2, 1, 1, 0), strict=True))
    assert ask(settings, "SELECT verdict, refusal_reason, rows_read FROM ops.loads") == [
        ("refused", "export_is_not_empty: nothing came", 5)
    ]


def test_a_refusal_leaves_the_last_good_load_in_force(settings: Settings) -> None:
    put(settings, arrival(A))
    put(settings, arrival(B), judged(refused=True))
    assert ask(settings, "SELECT DISTINCT load_id FROM raw.platform_accounts") == [("platform_accounts/2026-06/r1",)]
    with open_warehouse(settings) as connection:
        assert accepted_partitions(connection) == {("platform_accounts", "2026-06")}


def test_a_partition_that_was_only_refused_is_not_accepted(settings: Settings) -> None:
    put(settings, arrival(A), judged(refused=True))
    with open_warehouse(settings) as connection:
        assert accepted_partitions(connection) == set()
        assert needs_baseline(connection, "platform_accounts")


def test_revisions_count_within_a_partition_and_the_sequence_through_all(settings: Settings) -> None:
    for digest, key in ((A, "2026-06"), (B, "2026-06"), (A, "2026-07"), (A, "2026-06")):
        put(settings, arrival(digest, key))
    assert ask(settings, "SELECT load_id, load_sequence FROM ops.loads ORDER BY load_sequence") == [
        ("platform_accounts/2026-06/r1", 1),
        ("platform_accounts/2026-06/r2", 2),
        ("platform_accounts/2026-07/r1", 3),
        ("platform_accounts/2026-06/r3", 4),
    ]
    assert ask(settings, "SELECT load_id, count(*) FROM raw.platform_accounts GROUP BY ALL ORDER BY ALL") == [
        (f"platform_accounts/{name}", 2) for name in ("2026-06/r1", "2026-06/r2", "2026-06/r3", "2026-07/r1")
    ]


def test_the_same_bytes_are_known_and_others_are_not(settings: Settings) -> None:
    put(settings, arrival(A, modified_at=MORNING))
    assert _known(settings, A, MORNING) == "platform_accounts/2026-06/r1"
    assert _known(settings, A) == "platform_accounts/2026-06/r1"
    assert _known(settings, B, MORNING) is None
    with open_warehouse(settings) as connection:
        assert load_with_same_bytes(connection, arrival(A, "2026-07"), "rules 1") is None


def test_the_same_bytes_under_a_mended_contract_are_judged_again(settings: Settings) -> None:
    put(settings, arrival(A))
    assert _known(settings, A, version=2) is None
    put(settings, arrival(A), contract=CONTRACT.model_copy(update={"version": 2}), rules="rules 2")
    assert _known(settings, A, version=2) == "platform_accounts/2026-06/r2"
    # Rules that were taken back judge again too: what is in force was judged by the others.
    assert _known(settings, A, version=1) is None


def test_the_same_bytes_of_a_refused_load_are_known_with_their_verdict(settings: Settings) -> None:
    put(settings, arrival(A), judged(refused=True))
    with open_warehouse(settings) as connection:
        known = load_with_same_bytes(connection, arrival(A), "rules 1")
    assert known == JudgedBefore("platform_accounts/2026-06/r1", "refused", "export_is_not_empty: nothing came")


def test_a_source_that_goes_back_to_what_it_said_is_believed(settings: Settings) -> None:
    put(settings, arrival(A, modified_at=MORNING))
    put(settings, arrival(B, modified_at=NOON))
    assert _known(settings, A, EVENING) is None  # said again in the evening: news
    assert _known(settings, A, MORNING) == "platform_accounts/2026-06/r1"  # the morning's file came once more: no news
    assert _known(settings, B, MORNING) == "platform_accounts/2026-06/r2"


def test_the_same_bytes_with_a_later_date_are_news(settings: Settings) -> None:
    put(settings, arrival(A, modified_at=MORNING))
    assert _known(settings, A, EVENING) is None  # else a file dated at noon would take over if it came after this one
    put(settings, arrival(A, modified_at=EVENING))
    put(settings, arrival(B, modified_at=NOON))
    assert _known(settings, A, NOON) == "platform_accounts/2026-06/r2"


def test_a_source_without_times_that_goes_back_is_believed_too(settings: Settings) -> None:
    put(settings, arrival(A))
    put(settings, arrival(B))
    assert _known(settings, A) is None
    assert _known(settings, B) == "platform_accounts/2026-06/r2"


def test_an_old_file_that_was_judged_again_is_not_what_the_source_said_last(settings: Settings) -> None:
    old, new = arrival(A), replace(arrival(B), arrived_at=MORNING + timedelta(days=1))
    put(settings, old)
    put(settings, new)
    put(settings, old, rules="rules 2")
    put(settings, new, rules="rules 2")
    put(settings, old, rules="rules 3")
    # The source goes back to the old file: it came before the new one, which stays in force unless this is news.
    with open_warehouse(settings) as connection:
        assert load_with_same_bytes(connection, arrival(A), "rules 3") is None
        known = load_with_same_bytes(connection, arrival(B), "rules 2")
    assert known is not None
    assert known.load_id == "platform_accounts/2026-06/r4"


@pytest.mark.parametrize(
    "broken",
    [
        replace(judged(), quarantine=rejects(4).with_columns(row_text=None)),
        replace(judged(), checks=(Check("fine", "warning", is_success=True), Check("odd", "warning", is_success=None))),  # type: ignore[arg-type]
        replace(judged(), rows=TypedRows.of_frame(rows(2, 3).rename({"unit_code": "no_such_column"}))),
        replace(judged(), rows_read=None),  # type: ignore[arg-type]
    ],
    ids=["quarantine", "checks", "rows", "ledger"],
)
def test_a_failure_in_the_middle_leaves_nothing(broken: object, settings: Settings) -> None:
    put(settings, arrival(A))
    before = _counts(settings)
    with pytest.raises(duckdb.Error):
        put(settings, arrival(B), broken)  # type: ignore[arg-type]
    assert _counts(settings) == before
    assert put(settings, arrival(B)).load_id == "platform_accounts/2026-06/r2"


def test_the_same_connection_goes_on_after_a_failure(settings: Settings) -> None:
    with open_warehouse(settings) as connection:
        prepare(connection, [CONTRACT])
        with pytest.raises(duckdb.Error):
            load(
                connection,
                CONTRACT,
                arrival(),
                replace(judged(), quarantine=rejects(1).with_columns(row_text=None)),
                STARTED,
                FINISHED,
                "rules 1",
                BASIS,
            )
        load(connection, CONTRACT, arrival(), judged(), STARTED, FINISHED, "rules 1", BASIS)
    assert _counts(settings) == dict(zip(TABLES, (1, 1, 3, 1, 1, 2), strict=True))


def test_a_load_of_no_rows_at_all_is_a_load(settings: Settings) -> None:
    attempt = put(settings, arrival(), judged(accepted=(), rejected=(), duplicates=0))
    assert (attempt.outcome, attempt.rows_read) == (Outcome.LOADED, 0)
    assert _counts(settings) == dict(zip(TABLES, (1, 1, 3, 0, 1, 0), strict=True))


def test_a_newer_contract_adds_its_column_and_the_old_rows_lack_it(settings: Settings) -> None:
    put(settings, arrival(A))
    column = Column(
        name="position_vi", type="text", pattern="[A-Z0-9.]+", headings=("ChucVu",), vi="Chức vụ", en="Position"
    )
    newer = CONTRACT.model_copy(update={"version": 2, "columns": (*CONTRACT.columns, column)})
    more = replace(
        judged(),
        rows=TypedRows.of_frame(rows(2).with_columns(position_vi=rows(2).get_column("unit_code"))),
    )
    put(settings, arrival(B), more, newer)
    assert ask(settings, "SELECT load_id, position_vi FROM raw.platform_accounts ORDER BY ALL") == [
        ("platform_accounts/2026-06/r1", None), ("platform_accounts/2026-06/r1", None),
        ("platform_accounts/2026-06/r2", "H56.12"),
    ]  # fmt: skip
    assert ask(settings, "SELECT contract_version FROM ops.datasets") == [(2,)]
    put(settings, arrival(A, "2026-07"))  # an older checkout still loads
    assert ask(settings, "SELECT count(*) FROM raw.platform_accounts") == [(5,)]


def test_preparing_twice_changes_nothing_and_no_personal_column_is_made(settings: Settings) -> None:
    put(settings, arrival())
    with open_warehouse(settings) as connection:
        prepare(connection, [CONTRACT])
        prepare(connection, [CONTRACT])
    assert _counts(settings)['raw."platform_accounts"'] == 2
    columns = ask(settings, "SELECT column_name FROM duckdb_columns() WHERE schema_name = 'raw' ORDER BY column_index")
    assert [name for (name,) in columns] == [
        *(c.name for c in CONTRACT.columns if c.personal != "name"),
        "load_id",
        "row_number",
    ]
    assert ask(settings, "SELECT dataset, mode, cadence, due_days_after, has_baseline FROM ops.datasets") == [
        ("platform_accounts", "snapshot", "monthly", 2, False)
    ]


def test_an_attempt_that_brought_nothing_is_written_down(settings: Settings) -> None:
    with open_warehouse(settings) as connection:
        prepare(connection, [CONTRACT])
        record_attempt(connection, Attempt("platform_accounts", "2026-06", Outcome.NOT_THERE, "No file."), FINISHED)
    assert ask(settings, "SELECT * FROM ops.attempts") == [
        ("platform_accounts", "2026-06", "not_there", "No file.", FINISHED)
    ]
    assert ask(settings, "SELECT count(*) FROM ops.loads") == [(0,)]


def test_the_warehouse_is_closed_with_its_log_folded_in(settings: Settings) -> None:
    put(settings, arrival())
    assert [file.name for file in settings.home.iterdir() if file.suffix == ".wal"] == []
