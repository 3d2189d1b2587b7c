"""The export's one entry: a process of its own for each, so that nothing on the way to a server can hold or end a run.

What goes into that process, by its standard input, is the task with the password; what comes back is the outcome or one of
this project's errors. How the marts are written is `copy`'s matter.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from pipelines.errors import KhoTinhError, PermanentError, SettingError, TransientError, UnforeseenError
from pipelines.postgres.copy import Exported
from pipelines.settings import PROJECT, Settings

LIMIT_SECONDS = 900
"""An export that takes longer is ended; the demo province's marts, 112 thousand rows, take two seconds."""
_CATCHES_UP = "Its readers keep the version before; the next publish catches up."


def is_switched_on(settings: Settings) -> bool:
    """Whether there is a server to export to."""
    return settings.postgres_url is not None and bool(settings.postgres_url.get_secret_value())


def export_marts(published: Path, settings: Settings) -> Exported | None:
    """Brings the marts of a published file to the PostgreSQL server of the settings, if one is set.

    To be called once the pointers have moved: nothing of the published folder is written, and nothing of the server read.
    The same version again is no work; an older one (after a rollback) replaces the newer.

    Args:
        published: A finished published file, or the pointer to it.
        settings: `postgres_url` switches it on; `postgres_reader` names a role that may read.

    Returns:
        What stands on the server; None if no server is set.

    Raises:
        SettingError: The address cannot be read, or DuckDB's extension is not installed.
        TransientError: The server is down, or something on it held us up; the next publish catches up.
        PermanentError: The server refuses, or a column has a type that PostgreSQL has not.
        UnforeseenError: A fault of the program.
    """
    if settings.postgres_url is None or not is_switched_on(settings):
        return None
    task = {
        "published": str(published.absolute()),
        "url": settings.postgres_url.get_secret_value(),
        "reader": settings.postgres_reader,
    }
    command = [sys.executable, "-m", "pipelines.postgres"]
    try:
        done = subprocess.run(  # noqa: S603  (our own interpreter and module)
            command, input=orjson.dumps(task), capture_output=True, cwd=PROJECT, timeout=LIMIT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise TransientError(
            f"The export to PostgreSQL was not done in {LIMIT_SECONDS // 60} minutes and was ended.", _CATCHES_UP
        ) from None
    if done.returncode < 0:
        raise TransientError("The connection to PostgreSQL was cut in the middle of the export.", _CATCHES_UP)
    if done.returncode > 0:
        raise UnforeseenError(
            f"The export to PostgreSQL ended with {done.returncode} and said nothing.", "Report it as a fault."
        )
    told = orjson.loads(done.stdout)
    if "error" in told:
        raise _error(told)
    return Exported(**told)


def _error(told: Mapping[str, Any]) -> KhoTinhError:
    what, next_step, setting = told["what"], told["next_step"], told["setting"]
    if told["error"] == SettingError.__name__:
        return SettingError(setting, what.removeprefix(f"{setting}: "), next_step)
    kinds = {kind.__name__: kind for kind in (TransientError, PermanentError, UnforeseenError)}
    return kinds[told["error"]](what, next_step)
