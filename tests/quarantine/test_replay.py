"""After the rules were mended: what passes now is loaded, the rest stays, nothing is counted twice or taken away."""

# ruff: noqa: DTZ001  (the warehouse keeps naive local times)

from __future__ import annotations

from datetime import datetime

import pytest

from pipelines import archive
from pipelines.errors import PermanentError
from pipelines.quarantine.held import Choice, open_quarantine, save_rows
from pipelines.replay import replay
from tests.quarantine.quarantine_help import CHANGES, SNAPSHOT, Home, line

FIVE, NINE = datetime(2026, 11, 5, 5), datetime(2026, 11, 5, 9)
# Two kinds that the list does not know: 8 will be put in, 9 never.
MIXED = [line(1), line(2), line(3, kind="2"), line(4, kind="8"), line(5, kind="8"), line(6, kind="9")]


def _held(home: Home) -> int:
    with open_quarantine(home.settings) as connection:
        return save_rows(connection, Choice(), home.folder / "rows.parquet")


def _ledger(home: Home) -> list[tuple[object, ...]]:
    return home.ask(
        "SELECT load_id, verdict, rows_read, rows_accepted, rows_quarantined FROM ops.loads ORDER BY load_sequence"
    )


@pytest.mark.parametrize("dataset", [SNAPSHOT, CHANGES])
def test_rows_that_pass_now_are_loaded_once_and_the_rest_stays(home: Home, dataset: str) -> None:
    home.bring(MIXED, dataset=dataset)
    home.mend_codes("8")
    (done,) = replay(home.workshop).replayed
    assert (done.rows_now_pass, done.rows_stay, done.rows_newly_apart) == (2, 1, 0)
    assert (done.before.verdict, done.verdict) == ("accepted_with_warnings", "accepted_with_warnings")
    assert home.counted(dataset) == ["1", "2", "3", "4", "5"]
    assert home.in_force(dataset) == [f"{dataset}/2026-11-04/r2"]
    assert _held(home) == 1


def test_rows_are_conserved_and_the_earlier_load_stays_in_the_ledger(home: Home) -> None:
    home.bring([*MIXED, MIXED[0]])
    home.mend_codes("8")
    replay(home.workshop)
    assert home.is_conserved()
    assert _ledger(home) == [
        ("letters/2026-11-04/r1", "accepted_with_warnings", 7, 3, 3),
        ("letters/2026-11-04/r2", "accepted_with_warnings", 7, 5, 1),
    ]


def test_the_file_came_once_and_keeps_its_arrival(home: Home) -> None:
    home.bring(MIXED, came=FIVE, modified=datetime(2026, 11, 5, 4), declared=6)
    home.mend_codes("8")
    replay(home.workshop)
    assert home.ask("SELECT arrived_at, source_modified_at FROM ops.arrivals") == [(FIVE, datetime(2026, 11, 5, 4))]
    assert home.ask("SELECT count(DISTINCT arrival_id), count(*) FROM ops.loads") == [(1, 2)]
    # What the source declared is held against the file again.
    assert home.ask("SELECT count(*) FROM ops.checks WHERE check_name = 'declared_total_is_met' AND is_success") == [
        (2,)
    ]


def test_without_mending_nothing_happens(home: Home) -> None:
    home.bring(MIXED)
    before = _ledger(home)
    done = replay(home.workshop)
    assert (done.replayed, done.unchanged) == ((), ("letters/2026-11-04/r1",))
    assert _ledger(home) == before


def test_a_second_replay_does_nothing(home: Home) -> None:
    home.bring(MIXED)
    home.mend_codes("8")
    replay(home.workshop)
    before = _ledger(home)
    assert replay(home.workshop).replayed == ()
    assert _ledger(home) == before


def test_rules_that_are_taken_back_are_replayed_too(home: Home) -> None:
    home.bring(MIXED, dataset=CHANGES)
    home.mend_codes("8")
    replay(home.workshop)
    home.mend_codes()
    (done,) = replay(home.workshop).replayed
    assert (done.rows_now_pass, done.rows_stay, done.rows_newly_apart) == (0, 1, 2)
    assert home.counted(CHANGES) == ["1", "2", "3"]


def test_rules_that_set_more_rows_apart_take_them_out_however_many(home: Home) -> None:
    home.mend_codes("8")
    home.bring(MIXED)
    home.mend_codes()
    (done,) = replay(home.workshop).replayed
    # 3 rows in place of 5: the same bytes under other rules are no revision that lacks rows.
    assert (done.verdict, done.rows_now_pass, done.rows_stay) == ("accepted_with_warnings", 0, 1)
    assert home.counted() == ["1", "2", "3"]


@pytest.mark.parametrize("dataset", [SNAPSHOT, CHANGES])
def test_a_refused_file_is_loaded_when_it_passes_now(home: Home, dataset: str) -> None:
    assert home.bring([line(1), line(2, kind="8"), line(3, kind="8")], dataset=dataset).verdict == "refused"
    assert home.counted(dataset) == []
    home.mend_codes("8")
    (done,) = replay(home.workshop).replayed
    assert (done.before.verdict, done.verdict, done.rows_now_pass, done.rows_stay) == ("refused", "accepted", 3, 0)
    assert home.counted(dataset) == ["1", "2", "3"]
    assert home.ask("SELECT outcome FROM ops.attempts") == [("refused",), ("loaded",)]


def test_a_file_that_could_not_be_read_is_read_by_the_mended_contract(home: Home) -> None:
    semicolons = {"kind": "csv", "delimiter": ";", "encoding": "utf-8-sig"}
    home.mend_contract(SNAPSHOT, format={**semicolons, "delimiter": ","})
    assert home.bring(MIXED).verdict == "refused"
    home.mend_contract(SNAPSHOT, format=semicolons)
    (done,) = replay(home.workshop).replayed
    assert (done.rows_now_pass, done.rows_quarantined) == (3, 3)
    assert home.counted() == ["1", "2", "3"]


def test_an_older_file_that_is_replayed_does_not_outrank_a_newer_correction(home: Home) -> None:
    # The correction came first to the ledger and was refused; the older file came late and is in force.
    correction = [line(1), line(2, kind="8"), line(3, kind="8"), line(4, kind="8")]
    assert home.bring(correction, came=NINE).verdict == "refused"
    home.bring([line(7), line(8), line(9, kind="8")], came=FIVE)
    assert home.counted() == ["7", "8"]
    home.mend_codes("8")
    assert len(replay(home.workshop).replayed) == 2
    assert home.counted() == ["1", "2", "3", "4"]
    # Once more with the older file alone: its load is the newest of the ledger, and still not in force.
    home.bring([line(7), line(8), line(9, kind="8")], came=FIVE)
    assert home.counted() == ["1", "2", "3", "4"]


@pytest.mark.parametrize("dataset", [SNAPSHOT, CHANGES])
def test_rules_that_refuse_the_file_now_take_no_figure_away(home: Home, dataset: str) -> None:
    home.bring(MIXED, dataset=dataset)
    home.mend_contract(dataset, max_quarantine_share=0.1)
    (done,) = replay(home.workshop).replayed
    assert (done.verdict, done.rows_now_pass, done.rows_stay) == ("refused", 0, 3)
    assert home.counted(dataset) == ["1", "2", "3"]
    assert home.in_force(dataset) == [f"{dataset}/2026-11-04/r1"]
    # Its rows stand in quarantine once, by their last judgement, and there is nothing more to do.
    assert _held(home) == 3
    assert replay(home.workshop).replayed == ()


def test_only_the_asked_dataset_and_period_are_judged_again(home: Home) -> None:
    home.bring(MIXED, "2026-11-03")
    home.bring(MIXED, "2026-11-04")
    home.bring(MIXED, "2026-11-04", dataset=CHANGES)
    home.mend_codes("8")
    (done,) = replay(home.workshop, SNAPSHOT, "2026-11-04").replayed
    assert done.load_id == "letters/2026-11-04/r2"
    assert [item.before.load_id for item in replay(home.workshop).replayed] == [
        "letter_changes/2026-11-04/r1",
        "letters/2026-11-03/r1",
    ]


def test_a_file_that_is_gone_or_was_changed_keeps_its_load_and_the_others_go_on(home: Home) -> None:
    gone, changed = [*MIXED, line(7)], [*MIXED, line(8)]
    home.bring(gone, "2026-11-02")
    home.bring(changed, "2026-11-03")
    home.bring(MIXED, "2026-11-04")
    digests = [digest for (digest,) in home.ask("SELECT file_sha256 FROM ops.arrivals ORDER BY partition_key")]
    files = [home.settings.archive_folder / digest[:2] / f"{digest}.csv" for digest in digests]
    files[0].unlink()
    files[1].chmod(0o600)
    files[1].write_text("tampered")
    home.mend_codes("8")
    first, second, third = replay(home.workshop).replayed
    assert first.failure is not None
    assert "no longer in" in first.failure
    assert second.failure is not None
    assert "its hash differs" in second.failure
    assert (third.failure, third.rows_now_pass) == (None, 2)
    assert home.in_force() == ["letters/2026-11-02/r1", "letters/2026-11-03/r1", "letters/2026-11-04/r2"]


def test_the_archive_gives_an_arrival_back_as_it_was_stored(home: Home) -> None:
    home.bring(MIXED, came=FIVE, modified=datetime(2026, 11, 5, 4), declared=6)
    home.bring(MIXED, came=NINE)
    digest = home.ask("SELECT file_sha256 FROM ops.arrivals")[0][0]
    came = archive.fetch(SNAPSHOT, "2026-11-04", digest, FIVE, home.settings.archive_folder)
    assert (came.arrived_at, came.source_modified_at, came.declared_rows) == (FIVE, datetime(2026, 11, 5, 4), 6)
    assert came.file.read_text(encoding="utf-8-sig").splitlines()[1:] == MIXED
    assert archive.fetch(SNAPSHOT, "2026-11-04", digest, NINE, home.settings.archive_folder).declared_rows is None
    with pytest.raises(PermanentError, match="no longer in"):
        archive.fetch(SNAPSHOT, "2026-11-05", digest, FIVE, home.settings.archive_folder)
