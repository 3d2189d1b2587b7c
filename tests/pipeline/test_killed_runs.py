"""A run of Dagster that was killed does not hold the morning up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster import DagsterInstance, DagsterRunStatus, job, op
from filelock import FileLock

from pipelines.errors import TransientError
from pipelines.killed_runs import TYPED_RUN, bury_daemon_runs, bury_typed_runs, only_typed_run
from pipelines.settings import Settings


@op
def nothing() -> None:
    """Does nothing."""


@job
def idle() -> None:
    """A job that is never run."""
    nothing()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, lock_seconds=0)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[DagsterInstance]:
    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        yield instance


def _started(instance: DagsterInstance, tags: dict[str, str]) -> str:
    return instance.create_run_for_job(idle, status=DagsterRunStatus.STARTED, tags=tags).run_id


def _status(instance: DagsterInstance, run_id: str) -> DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


def test_a_typed_run_that_was_killed_is_ended(settings: Settings, instance: DagsterInstance) -> None:
    killed = _started(instance, dict(TYPED_RUN))
    daemon = _started(instance, {})
    assert bury_typed_runs(settings, instance) == 1
    assert _status(instance, killed) is DagsterRunStatus.FAILURE
    assert _status(instance, daemon) is DagsterRunStatus.STARTED


def test_a_typed_run_that_lives_is_left_alone(settings: Settings, instance: DagsterInstance) -> None:
    alive = _started(instance, dict(TYPED_RUN))
    with FileLock(settings.home / "run.lock"):
        assert bury_typed_runs(settings, instance) == 0
    assert _status(instance, alive) is DagsterRunStatus.STARTED


def test_a_run_of_a_daemon_that_died_is_ended_before_a_typed_one(settings: Settings, instance: DagsterInstance) -> None:
    killed = _started(instance, {})
    with only_typed_run(settings, instance):
        assert _status(instance, killed) is DagsterRunStatus.FAILURE


def test_a_run_of_a_daemon_that_is_up_is_left_alone(settings: Settings, instance: DagsterInstance) -> None:
    alive = _started(instance, {})
    with FileLock(settings.home / "ui.lock"):
        assert bury_daemon_runs(settings, instance) == 0
    assert _status(instance, alive) is DagsterRunStatus.STARTED


def test_a_second_typed_run_says_that_another_is_at_work(settings: Settings, instance: DagsterInstance) -> None:
    with FileLock(settings.home / "run.lock"), pytest.raises(TransientError, match="Another khotinh run is at work"):  # noqa: SIM117
        with only_typed_run(settings, instance):
            pytest.fail("it must not get in")
