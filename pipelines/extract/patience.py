"""How often a transient failure is tried again, and how long the waits are: one rule for every kind of source.

Only `TransientError` is ever tried again; what counts as one is decided where a source is asked. Each new try is
logged by its error's own sentence: stamina's ready-made hooks print to the standard output where structlog is
installed, and would break `--json`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

import stamina
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from pipelines.errors import TransientError
from pipelines.settings import Settings

Result = TypeVar("Result")

_FIRST_WAIT_SECONDS = 0.2
_WAIT_FACTOR = 3
_LONGEST_WAIT_SECONDS = 30.0
_log = logging.getLogger(__name__)


def patiently(settings: Settings, ask: Callable[[], Result]) -> Result:
    """Calls `ask`, again after each TransientError, with waits that grow threefold and jitter.

    At the default settings: 0.2, 0.6, 1.8, 5.4 and 16 s, so a hiccup costs little and a restart is outlasted. All
    waits together fit into `settings.retry_seconds`; 0 means again at once.

    Raises:
        TransientError: The last one, after `settings.retry_attempts` calls or `settings.retry_seconds`.
    """
    first_wait = min(_FIRST_WAIT_SECONDS, settings.retry_seconds / _WAIT_FACTOR ** (settings.retry_attempts - 1))
    caller = stamina.RetryingCaller(
        attempts=settings.retry_attempts,
        timeout=settings.retry_seconds or None,
        wait_initial=first_wait,
        wait_jitter=first_wait,
        wait_max=_LONGEST_WAIT_SECONDS,
        wait_exp_base=_WAIT_FACTOR,
    )
    return caller(TransientError, ask)


def _log_retry(details: RetryDetails) -> None:
    if isinstance(details.caused_by, TransientError):
        _log.warning("%s Try %d follows in %.1f s.", details.caused_by.what, details.retry_num + 1, details.wait_for)


set_on_retry_hooks([_log_retry])
