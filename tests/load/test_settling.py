"""Verdicts by volume in a real warehouse: they follow the set of loads, whatever order the loads came in."""

# ruff: noqa: DTZ001  (the warehouse keeps naive local times)

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.contracts import Contract, read_contract
from pipelines.load.ledger import Attempt, JudgedBefore, Outcome, accepted_partitions, load_with_same_bytes
from pipelines.load.load import load
from pipelines.load.volumes import settle_changed
from pipelines.load.warehouse import open_warehouse, prepare
from pipelines.parse.typed_rows import TypedRows
from pipelines.settings import SOURCES, Settings
from pipelines.validate.verdict import Check
from tests.load.load_help import BASIS, arrival, ask, judged, settings_in

EXCHANGES = read_contract(SOURCES / "document" / "document_exchanges.yaml")
DOSSIERS = read_contract(SOURCES / "portal" / "portal_dossiers.yaml")
# Six working days, and the one after them.
DAYS = ["2026-10-05", "2026-10-06", "2026-10-07", "2026-10-08", "2026-10-09", "2026-10-12"]
NEXT = "2026-10-13"
ROWS = {"portal_dossiers": ("unit_code", "dossier_key"), "document_exchanges": ("recipient_unit_code", "document_id")}
VERDICTS = "SELECT load_id, verdict, refusal_reason FROM ops.loads ORDER BY load_id"


@dataclass(frozen=True)
class Came:
    """One file: its day, its rows by unit, and when the source wrote it; `first` is the first record that it tells of."""

    key: str
    rows: int
    hour: int = 19
    content: str = ""
    unit: str = "H56.12"
    is_refused: bool = False
    first: int | None = None


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


def put(settings: Settings, *files: Came, contract: Contract = EXCHANGES, at: datetime | None = None) -> list[Attempt]:
    """Loads the files in this order, each a minute after the one before."""
    unit, name = ROWS[contract.dataset]
    attempts = []
    with open_warehouse(settings) as connection:
        prepare(connection, [contract])
        for minute, file in enumerate(files):
            modified_at = datetime.fromisoformat(file.key) + timedelta(hours=file.hour)
            moment = (at or datetime(2026, 11, 1, 5, 30)) + timedelta(minutes=minute)
            sha256 = file.content or f"{file.key} {file.hour} {file.rows}"
            came = replace(
                arrival(sha256, file.key, modified_at), dataset=contract.dataset, arrived_at=moment
            )  # fmt: skip
            rows = pl.DataFrame({"row_number": range(file.rows)}, schema={"row_number": pl.Int64()}).with_columns(
                pl.lit(file.unit).alias(unit),
                (pl.lit(sha256) if file.first is None else (pl.col("row_number") + file.first).cast(pl.String)).alias(
                    name
                ),
            )
            checks = (Check("export_is_not_empty", "critical", is_success=not file.is_refused),)
            content = replace(
                judged((), (), 0, refused=file.is_refused),
                rows=TypedRows.of_frame(rows),
                rows_read=file.rows,
                checks=checks,
            )
            attempts.append(load(connection, contract, came, content, moment, moment, "rules", BASIS))
    return attempts


def usual(days: Iterable[str] = DAYS) -> list[Came]:
    return [Came(day, 100) for day in days]


def test_a_halved_day_is_refused_in_its_own_transaction_and_its_rows_wait_in_raw(settings: Settings) -> None:
    *before, halved = put(settings, *usual(), Came(NEXT, 50))
    assert {attempt.outcome for attempt in before} == {Outcome.LOADED}
    reason = "volume_is_in_band: 50 rows, expected 75 to 133 (median 100 of 6 earlier working days)"
    assert (halved.outcome, halved.verdict, halved.message) == (Outcome.REFUSED, "refused", reason)
    assert ask(settings, f"SELECT verdict, content_verdict, refusal_reason FROM ops.loads WHERE partition_key = '{NEXT}'") == [
        ("refused", "accepted_with_warnings", reason)
    ]  # fmt: skip
    assert ask(settings, f"SELECT count(*) FROM raw.document_exchanges WHERE load_id = '{halved.load_id}'") == [(50,)]
    assert ask(settings, "SELECT check_name, severity FROM ops.checks WHERE NOT is_success ORDER BY ALL") == [
        ("unit_groups_are_in_band", "warning"), ("volume_is_in_band", "critical"),
    ]  # fmt: skip
    assert ask(settings, f"SELECT * FROM ops.volumes WHERE partition_key = '{NEXT}' ORDER BY unit_group") == [
        ("document_exchanges", NEXT, "all", "working_day", 50, 6, 100, 75, 133, "below"),
        ("document_exchanges", NEXT, "department", "working_day", 50, 6, 100, 75, 133, "below"),
    ]
    with open_warehouse(settings) as connection:
        assert ("document_exchanges", NEXT) not in accepted_partitions(connection)
        came = replace(arrival(f"{NEXT} 19 50", NEXT), dataset="document_exchanges")
        assert load_with_same_bytes(connection, came, "rules") == JudgedBefore(halved.load_id or "", "refused", reason)


def test_a_day_is_held_once_the_earlier_days_are_known_and_free_again_when_they_were_thin_too(
    settings: Settings,
) -> None:
    (halved,) = put(settings, Came(NEXT, 50), at=datetime(2026, 11, 1))
    assert halved.outcome is Outcome.LOADED
    attempts = put(settings, *usual(), at=datetime(2026, 11, 2))
    turned = [(one.partition_key, one.outcome, one.verdict) for attempt in attempts for one in attempt.turned]
    assert turned == [(NEXT, Outcome.REFUSED, "refused")]
    held = "volume_is_in_band: Held since the band of earlier periods is known: 50 rows, expected 75 to 133"
    told = (
        "SELECT outcome, message, attempted_at FROM ops.attempts WHERE partition_key = ? ORDER BY attempted_at".replace(
            "?", f"'{NEXT}'"
        )
    )
    lines = ask(settings, told)
    assert [outcome for outcome, *_ in lines] == ["loaded", "refused"]
    # The fifth of the earlier days made the band.
    assert lines[1][1] == f"{held} (median 100 of 5 earlier working days)"
    assert lines[1][2] == datetime(2026, 11, 2, 0, 4, 0, 1)
    assert ask(settings, f"SELECT verdict FROM ops.loads WHERE load_id = '{halved.load_id}'") == [("refused",)]
    # The source says that most of those days were thin too: their corrections are held, but they are what it says now.
    put(settings, *(replace(file, rows=60, hour=20) for file in usual(DAYS[:4])), at=datetime(2026, 11, 3))
    last = ask(settings, told)[-1]
    assert last[0] == "loaded"
    assert last[1].startswith("volume_is_in_band: Free again, as the loads around it are now: 50 rows, expected ")
    assert ask(settings, f"SELECT verdict, refusal_reason FROM ops.loads WHERE load_id = '{halved.load_id}'") == [
        ("accepted_with_warnings", None)
    ]
    assert ask(settings, f"SELECT count(*) FROM ops.checks WHERE load_id = '{halved.load_id}' AND NOT is_success") == [
        (0,)
    ]


@pytest.mark.parametrize("files", [(100, 50), (50, 100)], ids=["in order", "the halved one first"])
def test_a_halved_revision_is_held_and_its_predecessor_stays(files: Sequence[int], settings: Settings) -> None:
    hours = {100: 19, 50: 21}
    first, second = put(settings, *(Came(NEXT, rows, hours[rows]) for rows in files))
    verdicts = dict(ask(settings, "SELECT rows_accepted, verdict FROM ops.loads"))
    assert verdicts == {100: "accepted_with_warnings", 50: "refused"}
    assert first.outcome is Outcome.LOADED
    assert second.outcome is (Outcome.REFUSED if files[1] == 50 else Outcome.LOADED)
    # The last word on the day is the held one, and its check names the Vietnamese for it.
    (last,) = ask(settings, "SELECT max_by(outcome, attempted_at), max_by(message, attempted_at) FROM ops.attempts")
    assert last[0] == "refused"
    assert last[1].startswith("revision_keeps_most_rows: ")


def test_the_parts_of_a_day_are_held_until_the_other_part_came(settings: Settings) -> None:
    put(settings, *usual(), contract=DOSSIERS)
    (part,) = put(settings, Came(NEXT, 50, content="a"), contract=DOSSIERS)
    assert part.outcome is Outcome.REFUSED
    (other,) = put(settings, Came(NEXT, 50, content="b"), contract=DOSSIERS, at=datetime(2026, 11, 2))
    assert other.outcome is Outcome.LOADED
    assert ask(settings, f"SELECT DISTINCT verdict FROM ops.loads WHERE partition_key = '{NEXT}'") == [
        ("accepted_with_warnings",)
    ]
    assert ask(settings, f"SELECT outcome FROM ops.attempts WHERE partition_key = '{NEXT}' ORDER BY attempted_at") == [
        ("refused",), ("loaded",), ("loaded",),
    ]  # fmt: skip


def test_the_same_half_in_other_bytes_is_not_the_other_half(settings: Settings) -> None:
    put(settings, *usual(), contract=DOSSIERS)
    half = Came(NEXT, 50, content="a", first=0)
    put(settings, half, replace(half, content="b", hour=20), contract=DOSSIERS)
    verdicts = f"SELECT DISTINCT verdict FROM ops.loads WHERE partition_key = '{NEXT}'"
    assert ask(settings, verdicts) == [("refused",)]
    counted = f"SELECT rows_count FROM ops.volumes WHERE partition_key = '{NEXT}' AND unit_group = 'all'"
    assert ask(settings, counted) == [(50,)]
    # Ten of it once more, and what was missing.
    put(settings, replace(half, content="c", hour=21, first=40, rows=60), contract=DOSSIERS, at=datetime(2026, 11, 2))
    assert (ask(settings, verdicts), ask(settings, counted)) == ([("accepted_with_warnings",)], [(100,)])


def test_days_that_were_pulled_again_do_not_widen_the_band(settings: Settings) -> None:
    days = [replace(file, first=0) for file in usual()]
    again = [replace(file, hour=22, content=f"{file.key} again", first=2) for file in days]
    put(settings, *days, *again, contract=DOSSIERS)
    (day,) = put(settings, Came(NEXT, 100), contract=DOSSIERS, at=datetime(2026, 11, 2))
    assert day.outcome is Outcome.LOADED
    band = f"SELECT median_count FROM ops.volumes WHERE partition_key = '{NEXT}' AND unit_group = 'all'"
    assert ask(settings, band) == [(102,)]


def test_what_the_content_refused_stays_refused_and_is_nobodys_measure(settings: Settings) -> None:
    refused = [replace(file, rows=9, is_refused=True) for file in usual()]
    put(settings, *refused, Came(NEXT, 50), *(replace(file, hour=20) for file in usual(DAYS[:4])))
    assert ask(settings, f"SELECT verdict FROM ops.loads WHERE partition_key = '{NEXT}'") == [
        ("accepted_with_warnings",)
    ]
    assert ask(settings, "SELECT DISTINCT refusal_reason FROM ops.loads WHERE verdict = 'refused'") == [
        ("export_is_not_empty: nothing came",)
    ]
    assert ask(settings, "SELECT count(*) FROM ops.load_volumes WHERE unit_group = 'all'") == [(5,)]


def test_a_day_that_is_excused_later_is_free_and_held_again_when_the_line_goes(settings: Settings) -> None:
    put(settings, *usual(), Came(NEXT, 50))
    verdict = f"SELECT verdict FROM ops.loads WHERE partition_key = '{NEXT}'"
    for basis, expected in (
        (replace(BASIS, excused=frozenset({("document_exchanges", NEXT)})), "accepted_with_warnings"),
        (BASIS, "refused"),
    ):
        with open_warehouse(settings) as connection:
            prepare(connection, [EXCHANGES])
            settle_changed(connection, [EXCHANGES], basis, datetime(2026, 11, 9))
        assert ask(settings, verdict) == [(expected,)]
    assert ask(settings, "SELECT outcome FROM ops.attempts WHERE attempted_at >= TIMESTAMP '2026-11-09'") == [
        ("loaded",), ("refused",),
    ]  # fmt: skip


def test_a_mended_contract_is_settled_at_the_start_of_the_next_run(settings: Settings) -> None:
    put(settings, *usual(), Came(NEXT, 50))
    lenient = EXCHANGES.model_copy(update={"volume": EXCHANGES.volume.model_copy(update={"below_band": "warn"})})
    with open_warehouse(settings) as connection:
        settle_changed(connection, [lenient], BASIS, datetime(2026, 11, 9))
    assert ask(settings, f"SELECT verdict, refusal_reason FROM ops.loads WHERE partition_key = '{NEXT}'") == [
        ("accepted_with_warnings", None)
    ]


def test_a_home_from_before_is_counted_and_settled(settings: Settings) -> None:
    put(settings, *usual(), Came(NEXT, 50))
    before = (
        ask(settings, VERDICTS),
        ask(settings, "FROM ops.volumes ORDER BY ALL"),
        ask(settings, "FROM ops.load_volumes ORDER BY ALL"),
    )
    with open_warehouse(settings) as connection:
        connection.execute("UPDATE ops.loads SET verdict = content_verdict, refusal_reason = NULL")
        connection.execute("ALTER TABLE ops.loads DROP COLUMN content_verdict")
        for table in ("load_volumes", "volumes", "volume_rules"):
            connection.execute(f"DROP TABLE ops.{table}")
    with open_warehouse(settings) as connection:
        prepare(connection, [EXCHANGES])
        settle_changed(connection, [EXCHANGES], BASIS, datetime(2026, 11, 9))
    after = (
        ask(settings, VERDICTS),
        ask(settings, "FROM ops.volumes ORDER BY ALL"),
        ask(settings, "FROM ops.load_volumes ORDER BY ALL"),
    )
    assert after == before
    assert ask(settings, "SELECT count(*) FROM ops.checks WHERE check_name = 'volume_is_in_band'") == [(7,)]


def test_a_failure_while_settling_leaves_nothing_of_the_load(settings: Settings) -> None:
    put(settings, *usual())
    with open_warehouse(settings) as connection:
        connection.execute("ALTER TABLE ops.volumes DROP COLUMN state")
    with pytest.raises(Exception, match="state"):
        put(settings, Came(NEXT, 50))
    assert ask(settings, f"SELECT count(*) FROM ops.loads WHERE partition_key = '{NEXT}'") == [(0,)]
    assert ask(settings, "SELECT count(*) FROM raw.document_exchanges") == [(600,)]


def _files(contract: Contract) -> list[Came]:
    """Eight days, one thin, some revised or in parts, one refused by its content."""
    days = [*DAYS, NEXT, "2026-10-14"]
    files = [Came(day, 100 + number) for number, day in enumerate(days)]
    files += [Came(days[2], 60, 21), Came(days[6], 45, 22), Came(days[7], 95, 23), Came(days[7], 20, 20)]
    files += [Came(days[5], 3, 23, is_refused=True), Came(days[6], 30, 23, unit="H56")]
    return files if contract is EXCHANGES else [*files[:6], *files[8:]]


@pytest.mark.parametrize("contract", [EXCHANGES, DOSSIERS], ids=["snapshot", "changes"])
def test_any_order_of_the_same_files_ends_in_the_same_verdicts(contract: Contract, tmp_path: Path) -> None:
    answers: set[tuple[Any, ...]] = set()
    verdicts = """
        SELECT partition_key, file_sha256, verdict, content_verdict, list_sort(list(check_name || is_success || observed))
        FROM ops.loads JOIN ops.arrivals USING (arrival_id)
        JOIN ops.checks USING (load_id) GROUP BY ALL ORDER BY ALL
    """.replace("partition_key,", "loads.partition_key,")
    shuffled = random.Random(56)  # noqa: S311  (which orders are tried, no secret)
    for number in range(8):
        files = _files(contract)
        shuffled.shuffle(files)
        settings = settings_in(tmp_path / str(number))
        put(settings, *files, contract=contract)
        answers.add((repr(ask(settings, verdicts)), repr(ask(settings, "FROM ops.volumes ORDER BY ALL"))))
    assert len(answers) == 1
    assert "refused" in str(answers)
