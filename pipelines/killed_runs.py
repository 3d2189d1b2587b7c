"""Runs of Dagster whose process was killed: they hold the pool's only slot, and would hold it for ever.

Dagster's default launcher does not notice a dead process. A run that was typed holds `run.lock` while it lives, and
`khotinh ui`, under which the daemon's runs live, holds `ui.lock`: whoever gets the lock knows that no such run is
alive. What a run does is not said here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter
from filelock import FileLock, Timeout

from pipelines.errors import TransientError
from pipelines.settings import Settings

TYPED_RUN = {"khotinh/typed": "yes"}
_ALIVE = [DagsterRunStatus.STARTING, DagsterRunStatus.STARTED]


@contextmanager
def only_typed_run(settings: Settings, instance: DagsterInstance) -> Iterator[None]:
    """Lets one typed run at a time through, after the killed ones before it are ended.

    Raises:
        TransientError: Another one is still at work after `lock_seconds`.
    """
    with _turn(settings, "run", "Wait for it to end (khotinh status), then run again."):
        bury_daemon_runs(settings, instance)
        _bury(instance, [run for run in _started(instance) if _is_typed(run)])
        yield


@contextmanager
def only_ui(settings: Settings) -> Iterator[None]:
    """Lets one `khotinh ui` a home through; the daemon's runs of the ones before it are dead.

    Raises:
        TransientError: Another one is up.
    """
    impatient = settings.model_copy(update={"lock_seconds": 0.0})
    with _turn(impatient, "ui", "Use that one, or end it first."):
        with DagsterInstance.get() as instance:
            _bury(instance, [run for run in _started(instance) if not _is_typed(run)])
            bury_typed_runs(settings, instance)
        yield


def bury_typed_runs(settings: Settings, instance: DagsterInstance) -> int:
    """Ends typed runs that were killed, if none is alive; says how many."""
    return _bury_if_free(settings, instance, "run", are_typed=True)


def bury_daemon_runs(settings: Settings, instance: DagsterInstance) -> int:
    """Ends the daemon's runs that were killed with it, if no `khotinh ui` is up; says how many."""
    return _bury_if_free(settings, instance, "ui", are_typed=False)


def _bury_if_free(settings: Settings, instance: DagsterInstance, name: str, *, are_typed: bool) -> int:
    suspects = [run for run in _started(instance) if _is_typed(run) == are_typed]
    if not suspects:
        return 0
    try:
        with FileLock(settings.home / f"{name}.lock", timeout=0):
            return _bury(instance, suspects)
    except Timeout:
        return 0


def _started(instance: DagsterInstance) -> list[DagsterRun]:
    return list(instance.get_runs(RunsFilter(statuses=_ALIVE)))


def _is_typed(run: DagsterRun) -> bool:
    return TYPED_RUN.items() <= run.tags.items()


def _bury(instance: DagsterInstance, runs: list[DagsterRun]) -> int:
    for run in runs:
        instance.report_run_failed(run, "The process of this run was killed.")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    return len(runs)


@contextmanager
def _turn(settings: Settings, name: str, next_step: str) -> Iterator[None]:
    lock = FileLock(settings.home / f"{name}.lock", timeout=settings.lock_seconds)
    try:
        with lock:
            yield
    except Timeout as error:
        raise TransientError(f"Another khotinh {name} is at work in {settings.home}.", next_step) from error
