"""Errors are types: what is asked again, what is waited for, what is not, and what Dagster makes of each.

Everything is asked of the demo province's own servers; the portal's log says what they were asked.
"""

from __future__ import annotations

import pytest
from dagster import DagsterEventType, DagsterInstance, ExecuteInProcessResult, ResourceDefinition, materialize

from pipelines.assets.datasets import dataset_asset, dataset_key
from pipelines.calendar import Partition
from pipelines.errors import SettingError, TransientError
from pipelines.ingest import ingest
from pipelines.load.ledger import Outcome
from tests.faults.conftest import MakePlace, Place

DOSSIERS, DOSSIER_PATH, TOKEN_PATH = "portal_dossiers", "/api/v1/dossiers", "/oauth/token"
DAY = "2026-11-05"


def statuses(there: Place, path: str = DOSSIER_PATH) -> list[int]:
    return [status for _, status in there.portal_log(path)]


def of_the_day(there: Place) -> list[tuple[str, int]]:
    return [(query, status) for query, status in there.portal_log(DOSSIER_PATH) if f"changed_since={DAY}" in query]


def test_a_token_that_ends_midway_is_renewed_and_the_same_page_asked_again(place: MakePlace) -> None:
    there = place(["token_expired_midway"], scale=0.08, http_connections=1)
    assert there.bring_in(DOSSIERS, DAY).outcome is Outcome.LOADED
    log = there.portal_log(DOSSIER_PATH)
    refused = [number for number, (_, status) in enumerate(log) if status == 401]
    assert len(refused) == 1
    assert log[refused[0] - 1][1] == 200, "it ended in the middle, not at the start"
    assert log[refused[0] + 1] == (log[refused[0]][0], 200)
    # One token for the baseline, its renewal, and one for the day.
    assert statuses(there, TOKEN_PATH) == [200, 200, 200]


def test_a_rate_limit_is_waited_for_as_it_says_and_is_no_failure(place: MakePlace) -> None:
    there = place(["rate_limited:3"], retry_attempts=1)
    assert there.bring_in(DOSSIERS, DAY).outcome is Outcome.LOADED
    assert statuses(there)[:4] == [429, 429, 429, 200]
    assert there.waits == [1.0, 1.0, 1.0]


def test_what_is_not_there_is_asked_for_once(place: MakePlace) -> None:
    there = place([f"not_found:{DAY}"])
    attempt = there.bring_in(DOSSIERS, DAY)
    assert attempt.outcome is Outcome.NOT_THERE
    assert attempt.message.startswith("export_is_there: ")
    assert [status for _, status in of_the_day(there)] == [404]


def test_a_streak_of_500_is_asked_again_until_it_ends(place: MakePlace) -> None:
    there = place(["http_500_streak:3"])
    assert there.bring_in(DOSSIERS, DAY).outcome is Outcome.LOADED
    assert statuses(there)[:4] == [500, 500, 500, 200]


def test_a_streak_longer_than_our_patience_is_transient_and_nothing_is_loaded(place: MakePlace) -> None:
    there = place(["http_500_streak:3"], retry_attempts=3)
    with pytest.raises(TransientError, match="answered 500"):
        ingest(there.workshop, DOSSIERS, Partition.parse(DAY))
    assert statuses(there) == [500, 500, 500]
    assert there.query("SELECT count(*) FROM ops.loads") == [(0,)]
    # The next run finds the portal well, and the dataset starts as if nothing had been.
    assert [attempt.outcome for attempt in ingest(there.workshop, DOSSIERS, Partition.parse(DAY))] == ["loaded"] * 2


def test_wrong_credentials_are_asked_for_once_and_name_their_setting(place: MakePlace) -> None:
    there = place([], portal_client_secret="sai")
    with pytest.raises(SettingError, match="KHOTINH_PORTAL_CLIENT_SECRET"):
        ingest(there.workshop, DOSSIERS, Partition.parse(DAY))
    assert statuses(there, TOKEN_PATH) == [401]


@pytest.mark.parametrize(
    ("fault", "dataset", "settings", "retries", "outcome"),
    [
        ("portal_down", DOSSIERS, {"retry_attempts": 1}, 2, Outcome.FAILED),
        ("http_500_streak:2", DOSSIERS, {"retry_attempts": 1}, 2, Outcome.LOADED),
        (f"not_found:{DAY}", DOSSIERS, {}, 0, Outcome.NOT_THERE),
        ("", DOSSIERS, {"portal_client_secret": "sai"}, 0, Outcome.FAILED),
        (f"cut_csv:{DAY}", "document_exchanges", {}, 0, Outcome.REFUSED),
        (f"missing_file:{DAY}", "document_exchanges", {}, 0, Outcome.NOT_THERE),
    ],
    ids=["down", "streak", "404", "setting", "refused", "missing"],
)
def test_dagster_runs_a_step_again_for_a_transient_error_and_no_other(
    place: MakePlace, fault: str, dataset: str, settings: dict[str, object], retries: int, outcome: Outcome
) -> None:
    there = place([fault] if fault else [], rerun_attempts=2, rerun_wait_seconds=0, **settings)
    done = materialized(there, dataset)
    assert done.success, "a day that could not be had does not hold the others back"
    again = [event for event in done.all_events if event.event_type is DagsterEventType.STEP_UP_FOR_RETRY]
    assert len(again) == retries
    last = there.query(
        "SELECT outcome FROM ops.attempts WHERE dataset = ? AND partition_key = ? ORDER BY attempted_at DESC",
        dataset,
        DAY,
    )
    assert last == [(outcome.value,)]
    failed_checks = {check.check_name for check in done.get_asset_check_evaluations() if not check.passed}
    assert (
        failed_checks
        == {
            Outcome.LOADED: set(),
            Outcome.REFUSED: {"load_accepted"},
            Outcome.FAILED: {"export_arrived"},
            Outcome.NOT_THERE: {"export_arrived"},
        }[outcome]
    )


def materialized(there: Place, dataset: str) -> ExecuteInProcessResult:
    """One dataset's asset, run by Dagster as its schedule would."""
    with DagsterInstance.ephemeral() as instance:
        return materialize(
            [dataset_asset(there.workshop.contracts[dataset])],
            selection=[dataset_key(dataset)],
            partition_key=DAY,
            resources={"workshop": ResourceDefinition.hardcoded_resource(there.workshop)},
            instance=instance,
            raise_on_error=False,
        )
