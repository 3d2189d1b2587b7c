"""Runs Dagster's jobs from this process, so that a run typed by hand and a scheduled one share a graph and a history."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from dagster import BetaWarning, DagsterEvent, DagsterInstance, ExecuteInProcessResult
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG

from pipelines import calendar
from pipelines.assets.datasets import dataset_key
from pipelines.assets.postgres import POSTGRES
from pipelines.automation import DAILY_JOB, MONTHLY_JOB, PUBLISH_JOB
from pipelines.calendar import Partition
from pipelines.definitions import build_definitions
from pipelines.errors import PermanentError, TransientError
from pipelines.ingest import Workshop, waiting
from pipelines.killed_runs import TYPED_RUN, only_typed_run
from pipelines.load.ledger import Attempt, accepted_partitions
from pipelines.load.warehouse import open_warehouse, prepare
from pipelines.settings import Settings

_DAGSTER_YAML = """\
# Written by khotinh; it is the same for every province.
telemetry:
  enabled: false
concurrency:
  pools:
    default_limit: 1
  runs:
    max_concurrent_runs: 1
run_monitoring:
  enabled: true
  free_slots_after_run_end_seconds: 30
  max_runtime_seconds: 7200
"""
# A monthly export that is not there on its day is asked for again this long.
MONTHLY_PATIENCE = timedelta(days=31)


# The story of a run is told by the command; Dagster keeps its own in its history.
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class RunResult:
    """What a run did.

    Attributes:
        attempts: One a dataset and partition, in the order in which they ended.
        is_built: Whether every model was built and the file published.
        failure: What stopped the run, if anything did.
        run_ids: Dagster's runs.
    """

    attempts: tuple[Attempt, ...]
    is_built: bool
    failure: str | None
    run_ids: tuple[str, ...]


def dagster_home(settings: Settings) -> Path:
    """Dagster's folder below KHOTINH_HOME with its configuration; the environment points at it afterwards."""
    folder = settings.dagster_folder.resolve()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "dagster.yaml").write_text(_DAGSTER_YAML, encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(folder)
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "yes"
    return folder


def run_days(
    workshop: Workshop, first: date, last: date, datasets: Sequence[str], on_attempt: Callable[[Attempt], None]
) -> RunResult:
    """Pulls the days and the monthly exports that are due, then builds and publishes once.

    Args:
        workshop: Settings, contracts, suites.
        first: First day.
        last: Last day.
        datasets: Datasets to pull; empty for all.
        on_attempt: Is told of each attempt as it ends.
    """
    attempts: list[Attempt] = []

    def report(attempt: Attempt) -> None:
        attempts.append(attempt)
        on_attempt(attempt)

    workshop = replace(workshop, report=report)
    home = dagster_home(workshop.settings)
    warnings.simplefilter("ignore", BetaWarning)
    definitions = build_definitions(workshop)
    daily = [name for name, contract in workshop.asked(datasets).items() if contract.cadence == "daily"]
    run_ids: list[str] = []
    failures: list[str] = []
    # dbt's own words go to a file: the command tells the story.
    with (
        DagsterInstance.get() as instance,
        only_typed_run(workshop.settings, instance),
        (home / "last_run.log").open("w") as log,
        redirect_stdout(log),
    ):
        for month, names in months_due(workshop, first, last, datasets).items():
            done = definitions.resolve_job_def(MONTHLY_JOB).execute_in_process(
                instance=instance, partition_key=month, asset_selection=[dataset_key(name) for name in names],
                raise_on_error=False, run_config=_QUIET, tags=TYPED_RUN,
            )  # fmt: skip
            run_ids.append(done.run_id)
            failures += _failures(done.all_events)
        if daily:
            done = definitions.resolve_job_def(DAILY_JOB).execute_in_process(
                instance=instance, partition_key=first.isoformat() if first == last else None, tags=_tags(first, last),
                asset_selection=[dataset_key(name) for name in daily], raise_on_error=False, run_config=_QUIET,
            )  # fmt: skip
            run_ids.append(done.run_id)
            failures += _failures(done.all_events)
        # By itself: what comes after the datasets has no days, and would be planned for each. And one dataset that broke
        # in a way that nobody foresaw does not keep the others from being published.
        done = definitions.resolve_job_def(PUBLISH_JOB).execute_in_process(
            instance=instance, raise_on_error=False, run_config=_QUIET, tags=TYPED_RUN
        )
        run_ids.append(done.run_id)
        failures += _failures(done.all_events)
    return RunResult(
        tuple(attempts), is_built=_is_published(done), failure="\n".join(failures) or None, run_ids=tuple(run_ids)
    )


def build_and_publish(workshop: Workshop) -> RunResult:
    """Builds and publishes what the warehouse holds, without asking any source."""
    home = dagster_home(workshop.settings)
    warnings.simplefilter("ignore", BetaWarning)
    job = build_definitions(workshop).resolve_job_def(PUBLISH_JOB)
    with (
        DagsterInstance.get() as instance,
        only_typed_run(workshop.settings, instance),
        (home / "last_run.log").open("w") as log,
        redirect_stdout(log),
    ):
        done = job.execute_in_process(instance=instance, raise_on_error=False, run_config=_QUIET, tags=TYPED_RUN)
    failure = "\n".join(_failures(done.all_events)) or None
    return RunResult((), is_built=_is_published(done), failure=failure, run_ids=(done.run_id,))


def months_due(workshop: Workshop, first: date, last: date, datasets: Sequence[str]) -> dict[str, list[str]]:
    """Monthly datasets to pull by month: due by the day after `last`, and not yet accepted unless asked for by name.

    If `last` is yesterday, also the months of files that were dropped late.
    """
    monthly = {name: contract for name, contract in workshop.asked(datasets).items() if contract.cadence == "monthly"}
    if not monthly:
        return {}
    with open_warehouse(workshop.settings) as connection:
        prepare(connection, workshop.contracts.values())
        accepted = accepted_partitions(connection)
    due: dict[str, list[str]] = {}
    for month in _months(first - MONTHLY_PATIENCE, last):
        for name, contract in monthly.items():
            falls_due = month.last_day + timedelta(days=contract.due.days_after)
            is_time = first - MONTHLY_PATIENCE <= falls_due <= last + timedelta(days=1)
            if is_time and (name in datasets or (name, month.key) not in accepted):
                due.setdefault(month.key, []).append(name)
    if last == calendar.today() - timedelta(days=1):
        for name in monthly:
            for month in _waiting(workshop, name):
                if name not in due.setdefault(month.key, []):
                    due[month.key].append(name)
    return dict(sorted(due.items()))


def _waiting(workshop: Workshop, dataset: str) -> list[Partition]:
    """Months that were dropped late; a folder that cannot be looked into says so when it is pulled."""
    try:
        return waiting(workshop, dataset)
    except (TransientError, PermanentError):
        return []


def _months(first: date, last: date) -> list[Partition]:
    months = {Partition.of_month(first + timedelta(days=offset)).key for offset in range((last - first).days + 1)}
    return [Partition.parse(key) for key in sorted(months)]


def _tags(first: date, last: date) -> dict[str, str]:
    """Several days are one run: its fixed cost is paid once."""
    if first == last:
        return TYPED_RUN
    return TYPED_RUN | {
        ASSET_PARTITION_RANGE_START_TAG: first.isoformat(),
        ASSET_PARTITION_RANGE_END_TAG: last.isoformat(),
    }


def _is_published(done: ExecuteInProcessResult) -> bool:
    """Whether readers have the file; a copy of it that failed is told, and takes nothing from them."""
    return done.success or set(_failed_steps(done.all_events)) == {POSTGRES.to_python_identifier()}


def _failed_steps(events: Sequence[DagsterEvent]) -> list[str]:
    return [event.step_key or "" for event in events if event.is_step_failure]


def _failures(events: Sequence[DagsterEvent]) -> list[str]:
    """What made steps fail, in their own words."""
    told = []
    for event in events:
        if event.is_step_failure and event.step_failure_data.error:
            error = event.step_failure_data.error
            told.append(f"{event.step_key}: {(error.cause or error).message.strip()}")
    return told
