"""Dagster's side: the graph, the schedule's partitions, and a backfill asked for over the page's own API."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.error import URLError
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from dagster import (
    AssetKey,
    DagsterEventType,
    DagsterInstance,
    Definitions,
    JobDefinition,
    RunRequest,
    SkipReason,
    build_run_status_sensor_context,
    build_schedule_context,
    job,
    op,
)
from pydantic import SecretStr

from pipelines.automation import DAILY_JOB, MONTHLY_JOB
from pipelines.definitions import build_definitions
from pipelines.ingest import Workshop
from pipelines.killed_runs import TYPED_RUN
from pipelines.settings import PROJECT, Settings
from tests.pipeline.conftest import QUICK, Home, differences, home_with

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
BACKFILL = """
mutation($parameters: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $parameters) {
    __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message }
  }
}
"""
STATE = "query($id: String!) { partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status } } }"


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> Definitions:
    settings = Settings(home=tmp_path_factory.mktemp("graph"), pseudonym_key=SecretStr("sixteen letters or more"))
    return build_definitions(Workshop(settings))


def test_nothing_is_built_before_every_dataset_was_pulled(definitions: Definitions) -> None:
    """Otherwise rows of a dataset that no model reads yet would come after the build that counts its days."""
    graph = definitions.resolve_asset_graph()
    above = {key.to_user_string() for key in graph.get(AssetKey(["staging", "stg_loads_in_force"])).parent_keys}
    assert {key.to_user_string() for key in graph.get_all_asset_keys() if key.path[0] == "raw"} <= above


def test_the_graph_holds_every_dataset_model_and_the_published_file(definitions: Definitions) -> None:
    keys = {key.to_user_string() for key in definitions.resolve_all_asset_keys()}
    assert {
        "raw/portal_dossiers",
        "raw/officer_forms",
        "core/fct_dossier",
        "marts/indicator_daily",
        "ops/completeness",
        "published_warehouse",
    } <= keys
    assert sum(key.startswith("raw/") for key in keys) == 12
    Definitions.validate_loadable(definitions)


def test_the_tick_of_2_june_runs_the_partition_of_1_june(definitions: Definitions) -> None:
    schedule = definitions.resolve_schedule_def(f"{DAILY_JOB}_schedule")
    assert schedule.cron_schedule == "30 5 * * *"
    assert schedule.execution_timezone == "Asia/Ho_Chi_Minh"
    context = build_schedule_context(scheduled_execution_time=datetime(2026, 6, 2, 5, 30, tzinfo=HANOI))
    requests = schedule.evaluate_tick(context).run_requests
    assert requests is not None
    assert [request.partition_key for request in requests] == ["2026-06-01"]


def test_the_month_before_is_asked_for_from_the_2nd_on(definitions: Definitions) -> None:
    schedule = definitions.resolve_schedule_def("monthly_schedule")
    repository = definitions.get_repository_def()
    context = build_schedule_context(
        scheduled_execution_time=datetime(2026, 1, 2, 4, 30, tzinfo=HANOI), repository_def=repository
    )
    requests: list[RunRequest] = list(schedule.evaluate_tick(context).run_requests or [])
    assert [request.partition_key for request in requests] == ["2025-12"]
    assert schedule.job_name == MONTHLY_JOB


@op(name="raw__broken_dataset")
def broken_dataset() -> None:
    """Breaks as a dataset's step would."""
    raise ZeroDivisionError("a bug that nobody foresaw")


@op(name="models")
def broken_build() -> None:
    """Breaks as the build would."""
    raise ZeroDivisionError("a bug that nobody foresaw")


@job
def dataset_breaks() -> None:
    """A run whose dataset breaks."""
    broken_dataset()


@job
def build_breaks() -> None:
    """A run whose build breaks."""
    broken_build()


@pytest.mark.parametrize(
    ("broken", "tags", "is_asked"),
    [(dataset_breaks, {}, True), (build_breaks, {}, False), (dataset_breaks, dict(TYPED_RUN), False)],
    ids=["dataset", "build", "typed"],
)
def test_the_rest_is_published_after_a_dataset_broke_in_the_daemon(
    definitions: Definitions, broken: JobDefinition, tags: dict[str, str], *, is_asked: bool
) -> None:
    with DagsterInstance.ephemeral() as instance:
        done = broken.execute_in_process(instance=instance, raise_on_error=False, tags=tags)
        failure = next(event for event in done.all_events if event.event_type is DagsterEventType.RUN_FAILURE)
        context = build_run_status_sensor_context(
            "publish_the_rest", failure, instance, done.dagster_run
        ).for_run_failure()
        found = definitions.resolve_sensor_def("publish_the_rest")(context)
    assert isinstance(found, RunRequest if is_asked else SkipReason)


@pytest.mark.long
def test_a_backfill_from_the_page_runs_in_the_daemon_and_publishes(tmp_path: Path) -> None:
    first, last = date(2026, 11, 4), date(2026, 11, 5)
    with home_with(tmp_path, [], first, last, scale=0.01) as home, _ui(home) as ask:
        selector = {
            "partitionSetName": f"{DAILY_JOB}_partition_set",
            "repositorySelector": {"repositoryName": "__repository__", "repositoryLocationName": "khotinh"},
        }
        answer = ask(BACKFILL, {"parameters": {"selector": selector, "partitionNames": [str(first), str(last)]}})
        launched = answer["data"]["launchPartitionBackfill"]
        assert launched["__typename"] == "LaunchBackfillSuccess", launched
        _wait_for(lambda: _state(ask, launched["backfillId"]) in ("COMPLETED_SUCCESS", "COMPLETED_FAILED"), 600)
        assert _state(ask, launched["backfillId"]) == "COMPLETED_SUCCESS"
        # The monthly exports are another job's; this backfill does not bring them.
        monthly = pl.col("indicator_code").str.contains("^(officer_|accounts_|document_signed)")
        assert differences(home).filter(~monthly).is_empty()


def _state(ask: Callable[..., Any], backfill: str) -> str:
    return str(ask(STATE, {"id": backfill})["data"]["partitionBackfillOrError"].get("status"))


@contextmanager
def _ui(home: Home) -> Iterator[Callable[..., Any]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, **home.environment, **QUICK, "KHOTINH_HOME": str(home.folder)}
    command = [str(Path(sys.executable).parent / "khotinh"), "ui", "--port", str(port)]
    process = subprocess.Popen(
        command, env=environment, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )

    def ask(query: str, variables: dict[str, Any] | None = None) -> Any:
        body = json.dumps({"query": query, "variables": variables or {}}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{port}/graphql", body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)

    def is_up() -> bool:
        with suppress(URLError, ConnectionError, TimeoutError):
            found = ask("{ repositoriesOrError { ... on RepositoryConnection { nodes { name } } } }")
            return bool(found["data"]["repositoriesOrError"].get("nodes"))
        return False

    try:
        _wait_for(is_up, 600)
        yield ask
    finally:
        process.terminate()
        process.wait(60)


def _wait_for(is_so: Callable[[], bool], seconds: float) -> None:
    """Asks until it is so; the seconds only end a hang, however busy the machine is.

    Each question waits a little on a socket that nobody answers.
    """
    deadline = datetime.now(HANOI).timestamp() + seconds
    while not is_so():
        assert datetime.now(HANOI).timestamp() < deadline, "it did not happen in time"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as quiet, suppress(TimeoutError):
            quiet.bind(("127.0.0.1", 0))
            quiet.settimeout(0.5)
            quiet.recv(1)
