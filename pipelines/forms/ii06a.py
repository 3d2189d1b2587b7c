"""Form II.06a/VPCP/KSTT (TT 01/2020/TT-VPCP) of one month: its rows, read from a published file.

Figures are those of `marts.portal_form_ii06a_monthly`; here they are only put into the form's rows. Whether they may be
sent is `ii06a_checks`' matter, the file `ii06a_workbook`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum

import duckdb

from pipelines.calendar import Partition
from pipelines.errors import PermanentError

PROVINCE = "H56"
LEVELS = {"province": "Cấp tỉnh", "district": "Cấp huyện", "commune": "Cấp xã", "": "Chưa rõ cấp"}
NUMERALS = ("I", "II", "III", "IV")
UNKNOWN_FIELD = "Chưa rõ lĩnh vực"
# By the form's own column numbers.
COLUMNS = {
    3: "received_count", 4: "received_online_count", 5: "received_direct_count", 6: "carried_over_count",
    7: "settled_count", 8: "settled_early_count", 9: "settled_on_time_count", 10: "settled_late_count",
    11: "open_count", 12: "open_in_time_count", 13: "open_late_count",
}  # fmt: skip
# What a column cannot be told without.
_KNOWN_BY = dict.fromkeys((3, 6), "is_opening_known") | dict.fromkeys((11, 12, 13), "is_closing_known")
FORM_ROWS, CLOSED_ROWS = "marts.portal_form_ii06a_monthly", "meta.closed_form_rows"
# A unit's newest row in the register says its level; one that was abolished keeps its last.
_OF_SCOPE = """
    levels AS (
        SELECT unit_code, arg_max(administrative_level_code, valid_from) AS level_code
        FROM core.dim_unit GROUP BY unit_code
    ),

    figures AS (
        SELECT form.*, coalesce(levels.level_code, '') AS level_code
        FROM {relation} AS form LEFT JOIN levels USING (unit_code)
        WHERE period = $period AND ($unit IS NULL OR form.unit_code = $unit)
            AND ($level IS NULL OR levels.level_code = $level)
    )
"""
# Nothing to count is 0 where the stock is known, and not known where it is not.
_SUMS = ", ".join(
    f"CASE WHEN (SELECT {known} FROM month) THEN coalesce(sum({name}), 0)::BIGINT END"
    for number, name in COLUMNS.items()
    for known in [_KNOWN_BY.get(number, "true")]
)
_FIGURES = f"""
    WITH {_OF_SCOPE.format(relation=FORM_ROWS)},
    month AS (SELECT is_opening_known, is_closing_known FROM {FORM_ROWS} WHERE period = $period LIMIT 1)
    SELECT level_code, field_name_vi, {_SUMS}, coalesce(sum(received_channel_unreported_count), 0)::BIGINT
    FROM figures
    GROUP BY GROUPING SETS ((level_code, field_name_vi), (level_code), ())
"""
_MONTH = """
    SELECT first_date, last_date, days_covered, days_expected, is_opening_known, is_closing_known, is_complete
    FROM marts.portal_form_ii06a_monthly WHERE period = ? LIMIT 1
"""
_NEEDED = "SELECT count(*) FROM information_schema.tables WHERE table_schema || '.' || table_name IN (?, ?)"
_LAST_WORD = """
    SELECT action, acted_at, version FROM meta.month_closures WHERE period = ? ORDER BY closure_sequence DESC LIMIT 1
"""
_ENDS_ON = "SELECT 1 FROM {relation} WHERE period = ? AND last_date = ? AND is_closing_known LIMIT 1"
_OPEN_AT_END = f"""
    WITH {_OF_SCOPE}
    SELECT level_code, field_name_vi, sum(open_count)::BIGINT FROM figures
    GROUP BY GROUPING SETS ((level_code, field_name_vi), (level_code), ())
"""
# Each row of the form that is not what was closed: by column whether it moved. Where a row is not there it counts 0.
_WHETHER_MOVED = [
    f"CASE WHEN closed.unit_code IS NULL THEN 0 ELSE closed.{name} END"
    f" IS DISTINCT FROM CASE WHEN figures.unit_code IS NULL THEN 0 ELSE figures.{name} END"
    for name in COLUMNS.values()
]
_MOVED = f"""
    WITH {_OF_SCOPE.format(relation=FORM_ROWS)},
    closed AS (WITH {_OF_SCOPE.format(relation=CLOSED_ROWS)} FROM figures)
    SELECT {", ".join(_WHETHER_MOVED)} FROM figures FULL JOIN closed USING (unit_code, field_name_vi)
    WHERE {" OR ".join(_WHETHER_MOVED)}
"""
# Level and field; None for all of them.
_Key = tuple[str | None, str | None]


class Kind(Enum):
    """What a row of the form is."""

    FIELD = "field"
    GROUP = "group"
    TOTAL = "total"


@dataclass(frozen=True)
class Row:
    """One row of the form.

    Attributes:
        number: What stands in column 1.
        label: What stands in column 2.
        figures: Columns 3 to 13 by their number; None is not known, which is not zero.
        unreported: Dossiers of the period whose channel nobody reported: in column 3, in neither 4 nor 5.
        open_before: Column 11 of the period before; None where the file does not know it.
        parts: Places, in the form's rows, of those that add up to this one.
    """

    kind: Kind
    number: str
    label: str
    figures: dict[int, int | None]
    unreported: int
    open_before: int | None
    parts: tuple[int, ...] = ()


@dataclass(frozen=True)
class Scope:
    """Whose form it is: a level, a unit, or neither for the whole province."""

    level: str | None = None
    unit: str | None = None


@dataclass(frozen=True)
class Restated:
    """That the form of a closed month is no longer what was closed.

    Attributes:
        closed_at: When the month was closed.
        version: The published version whose form was closed.
        rows: How many rows moved, by unit and field: two that outweigh each other in a sum moved all the same.
        columns: Which of the form's columns moved.
    """

    closed_at: datetime
    version: str
    rows: int
    columns: tuple[int, ...]


@dataclass(frozen=True)
class Form:
    """The form of one month, as it is counted today.

    Attributes:
        month: The month.
        last_date: The last day that is counted; before the month's end in a month in progress.
        reporter: Who reports, by its name.
        restated: Set where the month is closed and its figures have moved since.
        before_closed_at: When the month before was closed; None where it is open, and its column 11 is today's.
        version: The published version that it was read from.
        rows: Fields in groups of levels, each group's row above its fields, and the total at the end.
    """

    month: Partition
    scope: Scope
    reporter: str
    first_date: date
    last_date: date
    days_covered: int
    days_expected: int
    is_opening_known: bool
    is_closing_known: bool
    is_complete: bool
    restated: Restated | None
    before_closed_at: datetime | None
    version: str
    rows: tuple[Row, ...]


def read_form(connection: duckdb.DuckDBPyConnection, month: Partition, scope: Scope) -> Form:
    """Reads the form of a month.

    Args:
        connection: To a published file.
        month: The month.
        scope: Whose form it is; a unit stands in `core.dim_unit` and is none inside another unit.

    Raises:
        PermanentError: The file holds no day of that month, or is of a release that did not count the form.
    """
    if connection.execute(_NEEDED, [FORM_ROWS, CLOSED_ROWS]).fetchall() != [(2,)]:
        raise PermanentError(
            "The published file is of an earlier release, which did not count the form.",
            "Run khotinh run once; it publishes what the form is read from.",
        )
    found = connection.execute(_MONTH, [_period(month)]).fetchone()
    if found is None:
        raise _without_data(connection, month)
    newest = connection.execute("SELECT max(version) FROM meta.versions").fetchall()[0][0]
    reporter = connection.execute(
        "SELECT arg_max(unit_name_vi, valid_from) FROM core.dim_unit WHERE unit_code = ?", [scope.unit or PROVINCE]
    ).fetchall()[0][0]
    first, last, covered, expected, is_opening_known, is_closing_known, is_complete = found
    return Form(
        month=month,
        scope=scope,
        reporter=reporter or scope.unit or PROVINCE,
        first_date=first,
        last_date=last,
        days_covered=covered,
        days_expected=expected,
        is_opening_known=is_opening_known,
        is_closing_known=is_closing_known,
        is_complete=is_complete,
        restated=_restated(connection, month, scope),
        before_closed_at=before[0] if (before := _closing(connection, _period_before(month))) else None,
        version=newest,
        rows=tuple(_rows(connection, month, scope)),
    )


def _without_data(connection: duckdb.DuckDBPyConnection, month: Partition) -> PermanentError:
    found = connection.execute(f"SELECT DISTINCT period FROM {FORM_ROWS} ORDER BY period").fetchall()
    held = [period for (period,) in found]
    months = ", ".join(f"{period[:4]}-{period[4:]}" for period in held)
    vi = ", ".join(f"{period[4:]}/{period[:4]}" for period in held)
    load = f"khotinh run --from {month.first_day} --to {month.last_day} --dataset portal_dossiers"
    return PermanentError(
        f"The published file holds no dossier day of {month.key}; the months it holds: {months or 'none'}.",
        f"Load the month first: {load}.",
        vi=f"Chưa nạp hồ sơ của tháng {month.first_day:%m/%Y} (kho mới có: {vi or 'chưa tháng nào'}). Chạy: {load}.",
    )


def _closing(connection: duckdb.DuckDBPyConnection, period: str) -> tuple[datetime, str] | None:
    """When a month was closed, and the version that was read then; None where it is open."""
    last = connection.execute(_LAST_WORD, [period]).fetchone()
    return (last[1], last[2]) if last is not None and last[0] == "close" else None


def _restated(connection: duckdb.DuckDBPyConnection, month: Partition, scope: Scope) -> Restated | None:
    closing = _closing(connection, _period(month))
    if closing is None:
        return None
    moved = connection.execute(_MOVED, {"unit": scope.unit, "level": scope.level, "period": _period(month)}).fetchall()
    columns = [number for number, *ones in zip(COLUMNS, *moved, strict=True) if any(ones)]
    return Restated(*closing, len(moved), tuple(columns)) if moved else None


def _rows(connection: duckdb.DuckDBPyConnection, month: Partition, scope: Scope) -> Iterator[Row]:
    """The rows in the form's order."""
    choice = {"unit": scope.unit, "level": scope.level}
    found = connection.execute(_FIGURES, {**choice, "period": _period(month)}).fetchall()
    sums: dict[_Key, tuple[int | None, ...]] = {(level, field): tuple(figures) for level, field, *figures in found}
    before = _open_before(connection, month, choice)

    def row(kind: Kind, number: str, label: str, key: _Key, parts: Iterable[int]) -> Row:
        *figures, unreported = sums[key]
        open_before = None if before is None else before.get(key, 0)
        return Row(
            kind, number, label, dict(zip(COLUMNS, figures, strict=True)), unreported or 0, open_before, tuple(parts)
        )

    is_grouped = scope.unit is None and scope.level is None
    place, parts_of_total = 0, []
    for numeral, level in zip(NUMERALS, [level for level in LEVELS if (level, None) in sums], strict=False):
        fields = sorted((field for of, field in sums if of == level and field), key=_last_if_unknown)
        own = range(place + is_grouped, place + is_grouped + len(fields))
        if is_grouped:
            yield row(Kind.GROUP, numeral, LEVELS[level], (level, None), own)
        for number, (at, field) in enumerate(zip(own, fields, strict=True), start=1):
            yield row(Kind.FIELD, str(number), field, (level, field), ())
            parts_of_total += [] if is_grouped else [at]
        parts_of_total += [place] if is_grouped else []
        place = own.stop
    yield row(Kind.TOTAL, "", "Tổng cộng", (None, None), parts_of_total)


def _open_before(
    connection: duckdb.DuckDBPyConnection, month: Partition, choice: dict[str, str | None]
) -> dict[_Key, int] | None:
    """Column 11 of the period before by level and field; None where the file does not know that period's end.

    Of a period that was closed it is what was closed, and sent: today's count of it is not what the receiver holds.
    """
    period = _period_before(month)
    relation = FORM_ROWS if _closing(connection, period) is None else CLOSED_ROWS
    last_date = month.first_day - timedelta(days=1)
    if connection.execute(_ENDS_ON.format(relation=relation), [period, last_date]).fetchone() is None:
        return None
    found = connection.execute(_OPEN_AT_END.format(relation=relation), {**choice, "period": period}).fetchall()
    return {(level, field): count or 0 for level, field, count in found}


def _last_if_unknown(field: str) -> tuple[bool, str]:
    return field == UNKNOWN_FIELD, field


def _period(month: Partition) -> str:
    return month.key.replace("-", "")


def _period_before(month: Partition) -> str:
    return f"{month.first_day - timedelta(days=1):%Y%m}"
