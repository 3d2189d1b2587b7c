"""A published figure with all that is known of it: what it means, what it was before, what it was made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import duckdb

from pipelines.errors import NothingPublishedError, PermanentError
from pipelines.explain.absence import Absence, AbsenceReason, Known, why_absent
from pipelines.explain.data_there import DatasetThere, datasets_there, measured_at
from pipelines.explain.evidence import (
    LoadBehind,
    RecordsAre,
    SetApart,
    datasets_of,
    loads_behind,
    records_are,
    rows_set_apart,
)
from pipelines.explain.question import Question, ask
from pipelines.publish.publish import POINTER
from pipelines.settings import Settings

_DAILY = """
    SELECT numerator::DOUBLE, denominator::DOUBLE, "value"::DOUBLE, NULL, NULL, NULL FROM marts.indicator_daily
    WHERE indicator_code = ? AND unit_code = ? AND period = ?::DATE
"""
_MONTHLY = """
    SELECT numerator::DOUBLE, denominator::DOUBLE, "value"::DOUBLE, days_covered, days_expected, is_complete
    FROM marts.indicator_monthly WHERE indicator_code = ? AND unit_code = ? AND period = ?
"""
_HISTORY = """
    SELECT numerator::DOUBLE, denominator::DOUBLE, "value"::DOUBLE, known_from, known_until, version_from
    FROM marts.indicator_history
    WHERE grain = $grain AND indicator_code = $indicator AND unit_code = $unit AND period = $period
    ORDER BY known_from
"""
_CLOSINGS = """
    SELECT action, acted_at, note, version FROM meta.month_closures WHERE period = ? ORDER BY closure_sequence
"""
_RESTATEMENT = """
    SELECT closed_value::DOUBLE, restated_numerator::DOUBLE, restated_denominator::DOUBLE, restated_value::DOUBLE,
        difference::DOUBLE, change_code, cause_code, first_changed_at, last_changed_at
    FROM marts.indicator_restatement WHERE indicator_code = $indicator AND unit_code = $unit AND period = $month
"""
_CAUSES = """
    SELECT load_id, event_code, happened_at, rows_count, is_of_unit, file_name, left(file_sha256, 12), arrived_at
    FROM marts.indicator_restatement_cause
    WHERE indicator_code = $indicator AND unit_code = $unit AND period = $month
    ORDER BY happened_at NULLS LAST, load_id
"""


@dataclass(frozen=True)
class Figure:
    """What is published now.

    Attributes:
        days_covered, days_expected, is_complete: Of a month that stands on days; else None.
    """

    numerator: float
    denominator: float | None
    value: float | None
    days_covered: int | None
    days_expected: int | None
    is_complete: bool | None


@dataclass(frozen=True)
class Published:
    """One value and the stretch of time in which it was the published one; `known_until` None is still."""

    numerator: float | None
    denominator: float | None
    value: float | None
    known_from: datetime
    known_until: datetime | None
    version_from: str


@dataclass(frozen=True)
class Closing:
    """A closing or a re-opening of the figure's month."""

    action: str
    acted_at: datetime
    note: str | None
    version: str


@dataclass(frozen=True)
class Cause:
    """A load that came into force after the closing (`came`), or is in force no more (`left`)."""

    load_id: str
    event_code: str
    happened_at: datetime | None
    rows: int
    is_of_unit: bool
    file_name: str
    file_sha256: str
    arrived_at: datetime


@dataclass(frozen=True)
class Restatement:
    """What today's data tells of a closed figure."""

    closed_value: float | None
    restated_numerator: float | None
    restated_denominator: float | None
    restated_value: float | None
    difference: float | None
    change_code: str
    cause_code: str
    first_changed_at: datetime | None
    last_changed_at: datetime | None
    causes: list[Cause]


@dataclass(frozen=True)
class Explanation:
    """All of it.

    Attributes:
        version: The published version that was asked.
        definition: The indicator's row in the registry.
        figure: None where there is none; then `absent` says why.
        absent: Every reason for which there is no figure.
        measured_at: The newest attempt to get data; what is due, late or not begun is so as of then.
        is_closed: Whether the month is closed. A daily figure of a closed month still moves.
        restatement: Of the monthly figure, where the month is closed and today's data tells otherwise.
        datasets: What the indicator is counted from, how much of it is there, and what is not.
        is_data_complete: Whether all of it is there, and every day of it is covered.
        records_are: What the numbers of records in `loads` are.
    """

    version: str
    indicator_code: str
    definition: dict[str, Any]
    unit_code: str
    unit_name_vi: str
    grain: str
    period: str
    first_day: date
    last_day: date
    figure: Figure | None
    absent: list[Absence]
    measured_at: datetime | None
    history: list[Published]
    is_closed: bool
    closings: list[Closing]
    restatement: Restatement | None
    datasets: list[DatasetThere]
    is_data_complete: bool
    loads: list[LoadBehind]
    records_are: RecordsAre | None
    set_apart: list[SetApart]


def explain(settings: Settings, indicator: str, unit: str, period: str) -> Explanation:
    """Explains a figure of the version that is published now.

    Args:
        settings: Where the published file is.
        indicator: Its code or its Vietnamese name.
        unit: The unit's code or name.
        period: `YYYY-MM-DD`, `YYYY-MM` or `YYYYMM`.

    Raises:
        AskedWronglyError: Nothing of that name exists.
        PermanentError: Nothing is published, or not by this program.
    """
    pointer = settings.published_folder / POINTER
    if not pointer.exists():
        raise NothingPublishedError(settings.published_folder)
    file = pointer.resolve()
    version = file.stem.removeprefix("warehouse-")
    try:
        with duckdb.connect(str(file), read_only=True) as connection:
            return _explain(connection, ask(connection, indicator, unit, period), version)
    except duckdb.CatalogException as error:
        raise PermanentError(
            f"Version {version} was published by an earlier program and lacks what explain reads.",
            "Run khotinh run first.",
        ) from error


def _explain(connection: duckdb.DuckDBPyConnection, question: Question, version: str) -> Explanation:
    month = f"{question.first_day:%Y%m}"
    closings = [Closing(*row) for row in connection.execute(_CLOSINGS, [month]).fetchall()]
    is_closed = bool(closings) and closings[-1].action == "close"
    names = datasets_of(connection, question)
    datasets = datasets_there(connection, question, names)
    figure = _figure(connection, question)
    restatement = _restatement(connection, question) if question.grain == "monthly" else None
    known = Known(datasets, measured_at(connection), is_closed_without=is_closed and restatement is not None)
    absent = [] if figure else why_absent(connection, question, known)
    loads = loads_behind(connection, question, names)
    return Explanation(
        version=version,
        indicator_code=question.indicator_code,
        definition=question.definition,
        unit_code=question.unit_code,
        unit_name_vi=question.unit_name_vi,
        grain=question.grain,
        period=question.period,
        first_day=question.first_day,
        last_day=question.last_day,
        figure=figure,
        absent=absent,
        measured_at=known.measured_at,
        history=_history(connection, question),
        is_closed=is_closed,
        closings=closings,
        restatement=restatement,
        datasets=datasets,
        is_data_complete=_is_complete(datasets, figure, absent),
        loads=loads,
        records_are=records_are(question.indicator_code, loads, _counted(figure)),
        set_apart=rows_set_apart(connection, question, names),
    )


def _figure(connection: duckdb.DuckDBPyConnection, question: Question) -> Figure | None:
    query = _MONTHLY if question.grain == "monthly" else _DAILY
    found = connection.execute(query, [question.indicator_code, question.unit_code, question.period]).fetchone()
    return Figure(*found) if found else None


def _is_complete(datasets: list[DatasetThere], figure: Figure | None, absent: list[Absence]) -> bool:
    """Whether every file is there, and no day is left out for want of something else: a baseline, a system."""
    is_left_out = any(one.reason is AbsenceReason.STOCK_UNKNOWN for one in absent)
    if figure is not None:
        is_left_out = figure.is_complete is False
    return bool(datasets) and not any(one.gaps for one in datasets) and not is_left_out


def _counted(figure: Figure | None) -> float | None:
    """How many records a figure says that it counts: of a share, those that it divides by."""
    if figure is None:
        return None
    return figure.numerator if figure.denominator is None else figure.denominator


def _history(connection: duckdb.DuckDBPyConnection, question: Question) -> list[Published]:
    named = {name: question.parameters()[name] for name in ("grain", "indicator", "unit", "period")}
    return [Published(*row) for row in connection.execute(_HISTORY, named).fetchall()]


def _restatement(connection: duckdb.DuckDBPyConnection, question: Question) -> Restatement | None:
    named = {"indicator": question.indicator_code, "unit": question.unit_code, "month": question.period}
    found = connection.execute(_RESTATEMENT, named).fetchone()
    causes = [Cause(*row) for row in connection.execute(_CAUSES, named).fetchall()]
    return Restatement(*(*found, causes)) if found else None
