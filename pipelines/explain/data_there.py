"""Of each dataset behind a figure: how much of the period is loaded, what is known of the rest, and how to load it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import duckdb

from pipelines.calendar import Partition
from pipelines.explain.question import Question

_THERE = "there"
# A month stands on its first day. What ops.completeness says of a period holds; of those that it does not name, the
# expected periods tell whether one is owed and due, and one outside of these was never asked for or has not begun.
# A system that not every province has is owed from the first day that it ever told.
_PERIODS = """
    WITH periods AS (
        SELECT dataset, cadence, title_vi, title_en, due_days_after, is_optional, unnest(generate_series(
            $first::DATE, $last::DATE, CASE cadence WHEN 'monthly' THEN INTERVAL 1 MONTH ELSE INTERVAL 1 DAY END
        ))::DATE AS day
        FROM meta.datasets WHERE list_contains($datasets, dataset)
    ),

    keyed AS (SELECT *, left(day::VARCHAR, CASE cadence WHEN 'monthly' THEN 7 ELSE 10 END) AS partition_key FROM periods),

    in_force AS (
        SELECT DISTINCT dataset, partition_key FROM meta.loads WHERE is_in_force AND partition_key NOT LIKE 'baseline%'
    ),

    begun AS (SELECT dataset, min(partition_key) AS first_key FROM in_force GROUP BY dataset),

    last_attempts AS (
        SELECT dataset, partition_key, max_by(outcome, attempted_at) AS outcome, max_by(message, attempted_at) AS message
        FROM meta.attempts GROUP BY ALL
    )

    SELECT dataset, cadence, title_vi, title_en, due_days_after, day, due_at, nullif(message, ''),
        CASE
            WHEN in_force.partition_key IS NOT NULL THEN 'there'
            WHEN completeness.state IN ('late', 'missing', 'never_asked') THEN completeness.state
            WHEN expected_periods.day IS NULL AND day > $measured_at::DATE THEN 'not_begun'
            WHEN expected_periods.day IS NULL AND cadence = 'monthly' AND last_day(day) >= $measured_at::DATE THEN 'not_due'
            WHEN expected_periods.day IS NULL THEN 'never_asked'
            WHEN outcome = 'refused' OR (outcome = 'failed' AND NOT is_owed) THEN 'missing'
            WHEN NOT is_owed THEN 'day_off'
            WHEN NOT is_due THEN 'not_due'
            ELSE 'never_asked'
        END AS state
    FROM keyed
    LEFT JOIN in_force USING (dataset, partition_key)
    LEFT JOIN begun USING (dataset)
    LEFT JOIN last_attempts USING (dataset, partition_key)
    LEFT JOIN meta.expected_periods USING (dataset, day)
    LEFT JOIN (SELECT * FROM meta.completeness WHERE subject_type = 'dataset') AS completeness USING (dataset, day)
    WHERE NOT is_optional OR partition_key >= first_key OR outcome = 'refused'
    ORDER BY dataset, day
"""


class GapState(StrEnum):
    """Why a day or a month of a dataset is not there.

    `LATE` and `MISSING` were asked for and are owed, `MISSING` also what was refused; `NEVER_ASKED` was not asked for;
    `NOT_DUE` and `NOT_BEGUN` as of the newest attempt; of a `DAY_OFF` nothing is loaded, and nothing is owed.
    """

    LATE = "late"
    MISSING = "missing"
    NEVER_ASKED = "never_asked"
    NOT_DUE = "not_due"
    NOT_BEGUN = "not_begun"
    DAY_OFF = "day_off"


TO_LOAD = frozenset({GapState.LATE, GapState.MISSING, GapState.NEVER_ASKED})


@dataclass(frozen=True)
class Gap:
    """A day (a month stands on its first) that is not loaded.

    Attributes:
        due_at: None before the first period that was ever asked for.
        message: What the last attempt said.
    """

    day: date
    state: GapState
    due_at: datetime | None
    message: str | None


@dataclass(frozen=True)
class DatasetThere:
    """A dataset that the indicator is counted from, in the period.

    Attributes:
        loaded_count, period_count: Days (or months) that are loaded, of so many.
        commands: What loads those that came late, were missed or never asked for, days off too.
    """

    dataset: str
    title_vi: str
    title_en: str
    cadence: str
    loaded_count: int
    period_count: int
    gaps: list[Gap]
    commands: list[str]


def measured_at(connection: duckdb.DuckDBPyConnection) -> datetime | None:
    """The newest attempt: what the published file knows of the time, whatever the clock says. None before any."""
    [(moment,)] = connection.execute("SELECT max(attempted_at) FROM meta.attempts").fetchall()
    return moment if isinstance(moment, datetime) else None


def datasets_there(
    connection: duckdb.DuckDBPyConnection, question: Question, datasets: Sequence[str]
) -> list[DatasetThere]:
    """Each dataset with the part of the period that is loaded; one that this province does not have is left out."""
    asked: dict[str, Any] = {
        "datasets": list(datasets), "first": question.first_day, "last": question.last_day,
        "measured_at": measured_at(connection),
    }  # fmt: skip
    gaps: dict[tuple[str, str, str, str, int], list[Gap | None]] = {}
    for dataset, cadence, vi, en, due_days, day, due_at, message, state in connection.execute(
        _PERIODS, asked
    ).fetchall():
        gap = None if state == _THERE else Gap(day, GapState(state), due_at, message)
        gaps.setdefault((dataset, cadence, vi, en, due_days), []).append(gap)
    until = asked["measured_at"].date() if asked["measured_at"] else question.last_day
    return [_there(*named, periods, until) for named, periods in gaps.items()]


def _there(
    dataset: str, cadence: str, vi: str, en: str, due_days: int, periods: list[Gap | None], until: date
) -> DatasetThere:
    found = [gap for gap in periods if gap is not None]
    to_load = [gap.day for gap in found if gap.state in TO_LOAD or _may_be_there(gap, until)]
    return DatasetThere(
        dataset=dataset,
        title_vi=vi,
        title_en=en,
        cadence=cadence,
        loaded_count=len(periods) - len(found),
        period_count=len(periods),
        gaps=found,
        commands=[f"khotinh run {days} --dataset {dataset}" for days in _days_to_run(cadence, due_days, to_load)],
    )


def _may_be_there(gap: Gap, until: date) -> bool:
    """Whether it is a day off, over, of which nobody asked: some systems write a file all the same."""
    return gap.state is GapState.DAY_OFF and gap.message is None and gap.day < until


def _days_to_run(cadence: str, due_days: int, days: list[date]) -> list[str]:
    """A month's file is asked for by the run of the day on which it is due."""
    if not days:
        return []
    if cadence == "monthly":
        return [f"--date {Partition.of_month(day).last_day + timedelta(days=due_days)}" for day in days]
    first, last = days[0], days[-1]
    return [f"--date {first}" if first == last else f"--from {first} --to {last}"]
