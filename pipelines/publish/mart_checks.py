"""The last gate before publishing: every mart is judged by its suite, on the warehouse as dbt has left it.

dbt's own tests say whether a model is built as it was meant; the suites say what a reader would notice, and an analyst
edits them. Only the verdict on the whole is made here; how a suite is run is the runner's matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import duckdb

from pipelines.calendar import now
from pipelines.errors import ContractError, PermanentError
from pipelines.load.warehouse import open_warehouse, prepare, writer_turn
from pipelines.settings import Settings
from pipelines.validate.suites import MARTS_FOLDER, MartSuite

# As long as the page that shows them is kept.
KEPT = timedelta(days=60)


def require_sound_marts(settings: Settings, suites: Mapping[str, MartSuite]) -> None:
    """Judges every mart and records the results in `ops.mart_checks`.

    Args:
        settings: Where the warehouse is.
        suites: By the mart's name.

    Raises:
        ContractError: A rule could not be run; that says nothing of the marts, and nothing is recorded.
        PermanentError: A critical rule fails: what readers have must not be replaced by this.
    """
    from pipelines.validate.great_expectations_runner import run_mart_suites  # noqa: PLC0415  (seconds to import)

    with writer_turn(settings):
        results = run_mart_suites(settings.warehouse_file, list(suites.values()))
    told = [(mart, result) for mart, ones in results.items() for result in ones]
    if broken := [(mart, result) for mart, result in told if result.broken_because]:
        mart, result = broken[0]
        raise ContractError(
            f"Rule {result.rule.name} of expectations/{MARTS_FOLDER}/{mart}.yaml cannot be run: {result.broken_because}",
            "Mend the rule; the mart was not judged, and readers keep the version before.",
        )
    checked_at = now()
    with open_warehouse(settings) as connection:
        prepare(connection, ())
        _record(
            connection,
            [
                (mart, result.rule.name, result.rule.severity, result.is_success, result.observed,
                 result.unexpected_count, checked_at)
                for mart, result in told
            ],
        )  # fmt: skip
        connection.execute("DELETE FROM ops.mart_checks WHERE checked_at < ?", [checked_at - KEPT])
    if failed := [
        (mart, result) for mart, result in told if not result.is_success and result.rule.severity == "critical"
    ]:
        named = "; ".join(f"{mart}: {result.rule.name} ({result.rule.says.en})" for mart, result in failed)
        raise PermanentError(
            f"The marts do not hold: {named} Readers keep the version before.",
            "Look at Data Docs and at the model; then run khotinh run, or the job build_and_publish.",
        )


def _record(connection: duckdb.DuckDBPyConnection, lines: list[tuple[object, ...]]) -> None:
    if lines:
        connection.executemany("INSERT INTO ops.mart_checks VALUES (?, ?, ?, ?, ?, ?, ?)", lines)
