"""Why there is no figure: every reason that holds, each of a kind, in both languages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import duckdb

from pipelines.explain.data_there import TO_LOAD, DatasetThere, GapState
from pipelines.explain.question import PROVINCE, Question

_MOST_UNITS = 12
_VALIDITIES = "SELECT valid_from, valid_to FROM core.dim_unit WHERE unit_code = ? ORDER BY valid_from"
# The crosswalk leads to the units of today. A district that ended has no successor; its communes have.
_BECAME = """
    SELECT DISTINCT to_unit_code, unit_name_vi
    FROM core.unit_crosswalk JOIN core.dim_unit ON to_unit_code = unit_code AND is_latest
    WHERE from_unit_code = $unit AND from_valid_to = $ended AND to_unit_code <> $unit ORDER BY ALL
"""
_COMMUNES_BECAME = """
    SELECT DISTINCT to_unit_code, today.unit_name_vi
    FROM core.dim_unit AS commune
    JOIN core.unit_crosswalk ON from_unit_code = commune.unit_code AND from_valid_from = commune.valid_from
    JOIN core.dim_unit AS today ON to_unit_code = today.unit_code AND today.is_latest
    WHERE commune.parent_unit_code = $unit AND commune.unit_type = 'commune' AND commune.valid_to = $ended ORDER BY ALL
"""
_CAME_FROM = """
    SELECT DISTINCT from_unit_code, unit_name_vi
    FROM core.unit_crosswalk JOIN core.dim_unit ON from_unit_code = unit_code AND is_latest
    WHERE to_unit_code = $unit AND from_unit_code <> $unit ORDER BY ALL
"""
_IS_BY_UNIT = """
    SELECT bool_or(unit_code <> $province) FROM (
        SELECT indicator_code, unit_code FROM marts.indicator_daily
        UNION ALL SELECT indicator_code, unit_code FROM marts.indicator_monthly
    ) WHERE indicator_code = $indicator
"""
_COVERED = "SELECT report_date FROM core.day_coverage WHERE coverage_code = ? AND report_date BETWEEN ? AND ?"


class AbsenceReason(StrEnum):
    """Why a figure is not there. Several may hold."""

    PERIOD_NOT_BEGUN = "period_not_begun"
    PERIOD_NOT_OVER = "period_not_over"
    BEFORE_VALIDITY = "before_validity"
    AFTER_VALIDITY = "after_validity"
    UNIT_NOT_YET = "unit_not_yet"
    UNIT_ENDED = "unit_ended"
    NO_FIGURES_BY_UNIT = "no_figures_by_unit"
    DATA_NOT_LOADED = "data_not_loaded"
    DATA_NOT_DUE = "data_not_due"
    DAY_OFF = "day_off"
    STOCK_UNKNOWN = "stock_unknown"
    CLOSED_WITHOUT = "closed_without"
    NO_DATASET = "no_dataset"
    NOTHING_COUNTED = "nothing_counted"


NEVER = frozenset({
    AbsenceReason.BEFORE_VALIDITY, AbsenceReason.AFTER_VALIDITY, AbsenceReason.UNIT_NOT_YET, AbsenceReason.UNIT_ENDED,
    AbsenceReason.NO_FIGURES_BY_UNIT,
})  # fmt: skip
"""Reasons for which there will be no figure, whatever is loaded."""


@dataclass(frozen=True)
class NamedUnit:
    """A unit that a reason speaks of."""

    unit_code: str
    unit_name_vi: str


@dataclass(frozen=True)
class Absence:
    """One reason.

    Attributes:
        dataset: Whose data it is about; else None.
        units: What the unit became, or came from.
    """

    reason: AbsenceReason
    vi: str
    en: str
    dataset: str | None = None
    units: list[NamedUnit] = field(default_factory=list)


@dataclass(frozen=True)
class Known:
    """What was found of the period before its absence is explained.

    Attributes:
        measured_at: The newest attempt; a period's state is as of then.
        is_closed_without: Whether the month was closed when there was no such figure, and today's data has one.
    """

    data: Sequence[DatasetThere]
    measured_at: datetime | None
    is_closed_without: bool


def why_absent(connection: duckdb.DuckDBPyConnection, question: Question, known: Known) -> list[Absence]:
    """Every reason that holds, never none: where nothing else is the reason, nothing was counted."""
    found = [
        *_of_period(question, known.measured_at), *_of_validity(question), *_of_unit(connection, question),
        *_of_units_at_all(connection, question),
    ]  # fmt: skip
    is_outside = any(one.reason in {*NEVER, AbsenceReason.PERIOD_NOT_BEGUN} for one in found)
    found += _of_data(known.data)
    if known.is_closed_without:
        found.append(Absence(
            AbsenceReason.CLOSED_WITHOUT,
            "Khi chốt tháng chưa có chỉ tiêu hoặc số này; số theo dữ liệu nay xem ở dưới.",
            "The month was closed when there was no such indicator or figure; what today's data tells stands below.",
        ))  # fmt: skip
    elif not is_outside:
        found += _of_counting(connection, question, known.data)
    return found


def _of_period(question: Question, measured: datetime | None) -> Iterable[Absence]:
    if measured is None:
        return
    as_of_vi = f"tính đến lần lấy dữ liệu gần nhất {measured:%d/%m/%Y %H:%M}"
    as_of_en = f"as of the newest attempt to get data, {measured:%d/%m/%Y %H:%M}"
    if question.first_day > measured.date():
        yield Absence(
            AbsenceReason.PERIOD_NOT_BEGUN, f"Kỳ chưa bắt đầu ({as_of_vi}).", f"The period has not begun ({as_of_en})."
        )
    elif question.last_day >= measured.date():
        yield Absence(
            AbsenceReason.PERIOD_NOT_OVER, f"Kỳ chưa kết thúc ({as_of_vi}).", f"The period is not over ({as_of_en})."
        )


def _of_validity(question: Question) -> Iterable[Absence]:
    begins, ends = question.definition.get("valid_from"), question.definition.get("valid_to")
    if isinstance(begins, date) and question.last_day < begins:
        yield Absence(
            AbsenceReason.BEFORE_VALIDITY,
            f"Chỉ tiêu chỉ có từ ngày {begins:%d/%m/%Y}.",
            f"The indicator begins on {begins:%d/%m/%Y}.",
        )
    if isinstance(ends, date) and question.first_day > ends:
        yield Absence(
            AbsenceReason.AFTER_VALIDITY,
            f"Chỉ tiêu đã hết hiệu lực từ sau ngày {ends:%d/%m/%Y}.",
            f"The indicator ended on {ends:%d/%m/%Y}.",
        )


def _of_unit(connection: duckdb.DuckDBPyConnection, question: Question) -> Iterable[Absence]:
    validities = connection.execute(_VALIDITIES, [question.unit_code]).fetchall()
    if any(
        begun <= question.last_day and (ended is None or ended >= question.first_day) for begun, ended in validities
    ):
        return
    if before := [ended for _, ended in validities if ended is not None and ended < question.first_day]:
        yield _unit_ended(connection, question.unit_code, max(before))
    if after := [begun for begun, _ in validities if begun > question.last_day]:
        units = _units(connection, _CAME_FROM, {"unit": question.unit_code})
        vi, en = (f" Lập từ: {_listed(units)}.", f" It came from: {_listed(units)}.") if units else ("", "")
        yield Absence(
            AbsenceReason.UNIT_NOT_YET,
            f"Đơn vị chỉ có từ ngày {min(after):%d/%m/%Y}.{vi}",
            f"The unit begins on {min(after):%d/%m/%Y}.{en}",
            units=units,
        )


def _unit_ended(connection: duckdb.DuckDBPyConnection, unit: str, ended: date) -> Absence:
    asked = {"unit": unit, "ended": ended}
    if units := _units(connection, _BECAME, asked):
        vi, en = f" Nay là: {_listed(units)}.", f" Today it is: {_listed(units)}."
    elif units := _units(connection, _COMMUNES_BECAME, asked):
        vi = f" Không đơn vị nào kế thừa; các xã của đơn vị nay là: {_listed(units)}."
        en = f" No unit took its place; its communes are today: {_listed(units)}."
    else:
        vi, en = " Không đơn vị nào kế thừa.", " No unit took its place."
    return Absence(
        AbsenceReason.UNIT_ENDED,
        f"Đơn vị đã kết thúc ngày {ended:%d/%m/%Y}.{vi}",
        f"The unit ended on {ended:%d/%m/%Y}.{en}",
        units=units,
    )


def _of_units_at_all(connection: duckdb.DuckDBPyConnection, question: Question) -> Iterable[Absence]:
    if question.unit_code == PROVINCE:
        return
    asked = {"indicator": question.indicator_code, "province": PROVINCE}
    # None where nothing at all is published of the indicator: then it is not known.
    if connection.execute(_IS_BY_UNIT, asked).fetchone() == (False,):
        yield Absence(
            AbsenceReason.NO_FIGURES_BY_UNIT,
            f"Chỉ tiêu này không có số theo đơn vị, chỉ có số toàn tỉnh ({PROVINCE}).",
            f"This indicator has no figures by unit, only the province's ({PROVINCE}).",
        )


def _of_data(data: Iterable[DatasetThere]) -> Iterable[Absence]:
    for one in data:
        unit_vi, unit_en = ("tháng", "month") if one.cadence == "monthly" else ("ngày", "day")
        amount_vi = f"có {one.loaded_count}/{one.period_count} {unit_vi}"
        amount_en = f"{one.loaded_count} of {one.period_count} {unit_en}{'s' if one.period_count > 1 else ''}"
        if to_load := sum(gap.state in TO_LOAD for gap in one.gaps):
            yield Absence(
                AbsenceReason.DATA_NOT_LOADED,
                f"Thiếu {to_load} {unit_vi} số liệu “{one.title_vi}” ({one.dataset}): mới {amount_vi}.",
                f"{to_load} {unit_en}{'s' if to_load > 1 else ''} of {one.dataset} not loaded: {amount_en} there.",
                dataset=one.dataset,
            )
        due = [gap.due_at for gap in one.gaps if gap.state is GapState.NOT_DUE]
        if due:
            when = min((moment for moment in due if moment is not None), default=None)
            vi, en = (f", hạn {when:%d/%m/%Y %H:%M}", f": {when:%d/%m/%Y %H:%M}") if when else ("", "")
            yield Absence(
                AbsenceReason.DATA_NOT_DUE,
                f"Số liệu “{one.title_vi}” ({one.dataset}) chưa đến hạn{vi}; mới {amount_vi}.",
                f"{one.dataset} is not due yet{en}; {amount_en} there.",
                dataset=one.dataset,
            )
        if one.gaps and all(gap.state is GapState.DAY_OFF for gap in one.gaps) and not one.loaded_count:
            yield Absence(
                AbsenceReason.DAY_OFF,
                f"Ngày nghỉ: chưa nạp tệp nào của “{one.title_vi}” ({one.dataset}), và không bắt buộc có.",
                f"A day off: no file of {one.dataset} is loaded, and none is owed.",
                dataset=one.dataset,
            )


def _of_counting(
    connection: duckdb.DuckDBPyConnection, question: Question, data: Sequence[DatasetThere]
) -> Iterable[Absence]:
    """Of the days that are there: whether they may be counted, and then that nothing was."""
    if not data:
        yield Absence(
            AbsenceReason.NO_DATASET,
            "Không thấy bộ dữ liệu nào đứng sau chỉ tiêu này: hệ thống chưa kết nối, hoặc chưa khai.",
            "No dataset is known to stand behind this indicator: its system is not connected, or not declared.",
        )
    if not data or not all(one.loaded_count for one in data):
        return
    if question.coverage_code is not None:
        asked = [question.coverage_code, question.first_day, question.last_day]
        covered = {day for (day,) in connection.execute(_COVERED, asked).fetchall()}
        if not covered:
            yield Absence(
                AbsenceReason.STOCK_UNKNOWN,
                "Đã có tệp nhưng chưa biết số tồn: thiếu tồn đầu kỳ, hoặc thiếu một ngày trước đó.",
                "The files are there, but the stock is not known: a baseline, or a day before, is missing.",
            )
            return
        if not covered - {gap.day for one in data for gap in one.gaps}:
            return
    is_partial = any(one.gaps for one in data)
    where_vi, where_en = (" của những ngày đã có", " of the days that are there") if is_partial else ("", "")
    if question.definition.get("measure") == "share":
        vi, en = f"Mẫu số{where_vi} bằng 0: không có gì để chia.", f"The denominator{where_en} is zero."
    else:
        vi = f"Số liệu{where_vi} không có bản ghi nào để đếm cho đơn vị này."
        en = f"In the data{where_en} there is nothing to count for this unit."
    yield Absence(AbsenceReason.NOTHING_COUNTED, vi, en)


def _units(connection: duckdb.DuckDBPyConnection, query: str, asked: dict[str, Any]) -> list[NamedUnit]:
    return [NamedUnit(*row) for row in connection.execute(query, asked).fetchall()]


def _listed(units: Sequence[NamedUnit]) -> str:
    told = ", ".join(f"{unit.unit_code} {unit.unit_name_vi}" for unit in units[:_MOST_UNITS])
    return told if len(units) <= _MOST_UNITS else f"{told}, … (+{len(units) - _MOST_UNITS})"
