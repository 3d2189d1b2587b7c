"""What dbt needs to build the warehouse: its environment and an up-to-date manifest. The models say the rest."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import duckdb

from pipelines.errors import PermanentError
from pipelines.load.ledger import ledger_state
from pipelines.load.warehouse import open_warehouse
from pipelines.settings import DBT_PROJECT, ENDPOINTS_FILE, Settings

_PARSED = (".sql", ".yml", ".yaml", ".md", ".csv")


def dbt_executable() -> Path:
    """Dbt of this environment, never another one's."""
    return Path(sys.executable).parent / "dbt"


def dbt_environment(settings: Settings) -> dict[str, str]:
    """Environment variables under which dbt finds the warehouse and writes below KHOTINH_HOME; telemetry is off."""
    target = settings.dbt_target_folder.resolve()
    return {
        "KHOTINH_WAREHOUSE": str(settings.warehouse_file.resolve()),
        "DBT_PROJECT_DIR": str(DBT_PROJECT),
        "DBT_PROFILES_DIR": str(DBT_PROJECT),
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(target / "logs"),
        # Nine megabytes of debugging a build, an eighth of its time; what dbt says of its nodes goes to its output, and
        # the SQL of each lies in `target`.
        "DBT_LOG_LEVEL_FILE": "none",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_VERSION_CHECK": "false",
        "KHOTINH_MACROS_SHA256": _fingerprint(DBT_PROJECT / "macros"),
    }


def manifest_file(settings: Settings) -> Path:
    """Dbt's manifest, made again if the project changed since it was written.

    Raises:
        PermanentError: The project does not parse.
    """
    target = settings.dbt_target_folder
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    manifest, stamp = target / "manifest.json", target / "manifest.sha256"
    fingerprint = _fingerprint(DBT_PROJECT, ENDPOINTS_FILE.parent)
    if manifest.exists() and stamp.exists() and stamp.read_text() == fingerprint:
        return manifest
    run_dbt(settings, ["parse"])
    stamp.write_text(fingerprint)
    return manifest


def begin_build(settings: Settings) -> str:
    """Takes note that the warehouse is being built: until `finish_build`, nothing of it may be published.

    Returns:
        The state of the ledger that it is built from. Whoever calls has the turn and keeps it until the build ends.
    """
    _stamp(settings).unlink(missing_ok=True)
    with duckdb.connect(str(settings.warehouse_file), read_only=True) as connection:
        return ledger_state(connection)


def finish_build(settings: Settings, built_from: str) -> None:
    """Takes note of the state of the ledger that the warehouse was built from, all of it."""
    _stamp(settings).write_text(built_from)


def require_whole_build(settings: Settings) -> str:
    """Makes sure that what would be published was built to its end, from every load and today's verdicts.

    Returns:
        The state of the ledger, for `publish` to hold on to.

    Raises:
        PermanentError: The last build failed, was cut short, left models out, or the ledger changed since it began.
    """
    stamp = _stamp(settings)
    # To open a file that is not there would make an empty one.
    if stamp.exists() and settings.warehouse_file.exists():
        with open_warehouse(settings) as connection:
            state = ledger_state(connection)
        if stamp.read_text() == state:
            return state
    raise PermanentError(
        "The warehouse was not built to its end as the ledger stands now; readers keep the version before.",
        "Run khotinh run, or the job build_and_publish.",
        vi="Kho chưa được dựng xong theo đúng số liệu đã nạp; người đọc vẫn dùng bản trước. Hãy chạy: khotinh run",
    )


def _stamp(settings: Settings) -> Path:
    return settings.dbt_target_folder / "built_from_load"


def run_dbt(settings: Settings, arguments: list[str]) -> None:
    """Runs dbt by itself, outside Dagster.

    Raises:
        PermanentError: dbt failed; its last lines are in the message.
    """
    done = subprocess.run(  # noqa: S603  (our own executable, arguments from this code)
        [str(dbt_executable()), "--no-use-colors", *arguments],
        env={**os.environ, **dbt_environment(settings)},
        cwd=DBT_PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-12:])
        raise PermanentError(f"dbt {' '.join(arguments)} failed:\n{last}", "Mend the model that it names.")


def _fingerprint(*folders: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(file for folder in folders for file in folder.rglob("*")):
        if file.suffix in _PARSED and not {"target", "logs"} & set(file.parts):
            digest.update(str(file.relative_to(DBT_PROJECT.parent)).encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()
