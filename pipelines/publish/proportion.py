"""The gate of proportion: what would take away or change too much of what readers have waits for a person.

New figures are never out of proportion. What is, and why these bounds:

- A monthly figure of a closed month that moved or vanished, be it one: closed months stand.
- More than half of an indicator's daily figures that could be read moved or vanished, and more than a thousand of them.
  A correction touches days, a merge a few units, a replay the rows that were set apart: none comes near half of a
  history. A changed definition does, and a source that was misread from its first day on. Below a thousand a home is
  some weeks old, and a corrected day is a large part of it.
- A table of `core` or `marts` that lost more than half of its rows, and more than a thousand. A table that no model
  builds any more was taken away on purpose.

Figures of months that still run move every day and are not counted; those of a day stand once the day is over, but for
corrections. Whoever publishes all the same says why, and the manifest keeps it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import duckdb

from pipelines.errors import PermanentError
from pipelines.publish.versions import Version

MOST_OF_AN_INDICATOR: Final = 0.5
MOST_OF_A_TABLE: Final = 0.5
NEVER_BELOW: Final = 1_000
_CLOSED = """
SELECT moved.period, count(*) FROM moved
WHERE moved.grain = 'monthly' AND moved.was_known AND moved.period IN (
        SELECT period FROM marts.indicator_monthly WHERE is_closed)
    AND (NOT moved.stands OR (moved.indicator_code, moved.unit_code, moved.period) IN (
        SELECT (indicator_code, unit_code, period) FROM marts.indicator_monthly WHERE is_closed))
GROUP BY ALL ORDER BY ALL
"""
_INDICATORS = """
WITH changed AS (
    SELECT indicator_code, count(*) FILTER (was_known) AS upset, count(*) FILTER (NOT was_known) AS came,
        count(*) FILTER (NOT stands) AS gone
    FROM moved WHERE grain = 'daily' GROUP BY indicator_code HAVING upset > $least
),

standing AS (
    SELECT indicator_code, count(*) AS figures FROM marts.indicator_daily SEMI JOIN changed USING (indicator_code)
    GROUP BY indicator_code
)

SELECT indicator_code, upset, coalesce(figures, 0) - came + gone AS known
FROM changed LEFT JOIN standing USING (indicator_code)
WHERE upset > $share * (coalesce(figures, 0) - came + gone)
ORDER BY ALL
"""


@dataclass(frozen=True)
class Reason:
    """Why a publish waits, in both languages."""

    vi: str
    en: str


class OutOfProportionError(PermanentError):
    """The difference from what readers have is out of all proportion; they keep it until a person decides.

    Args:
        reasons: What is.
    """

    check = "difference_is_in_proportion"

    def __init__(self, reasons: Sequence[Reason]) -> None:
        told = "; ".join(reason.en for reason in reasons)
        told_vi = "; ".join(reason.vi for reason in reasons)
        super().__init__(
            f"Not published, the difference is out of proportion: {told}. Readers keep the version before.",
            'Look at what was loaded or changed; if it is right: khotinh publish --accept "why".',
            vi=f"Chưa công bố vì khác bản trước quá nhiều: {told_vi}. Người đọc vẫn dùng bản trước. Hãy xem lại số liệu mới "
            'nạp hoặc quy tắc vừa đổi; nếu đúng: khotinh publish --accept "lý do".',
        )
        self.reasons = tuple(reasons)


def out_of_proportion(connection: duckdb.DuckDBPyConnection, before: Version | None) -> list[Reason]:
    """What is out of proportion in the figures that were just appended to the history, and in the tables.

    Args:
        connection: The build file, as `append_to_history` left it.
        before: What readers have; None before the first publish, which has no proportion to keep.
    """
    return [] if before is None else [*_closed(connection), *_indicators(connection), *_tables(connection, before)]


def _closed(connection: duckdb.DuckDBPyConnection) -> list[Reason]:
    return [
        Reason(
            f"{figures} số liệu của tháng đã chốt {period} thay đổi", f"{figures} figures of closed month {period} move"
        )
        for period, figures in connection.execute(_CLOSED).fetchall()
    ]


def _indicators(connection: duckdb.DuckDBPyConnection) -> list[Reason]:
    bounds = {"least": NEVER_BELOW, "share": MOST_OF_AN_INDICATOR}
    return [
        Reason(
            f"{upset} trong {known} số liệu ngày đã công bố của {code} đổi hoặc mất",
            f"{upset} of {known} published daily figures of {code} moved or vanished",
        )
        for code, upset, known in connection.execute(_INDICATORS, bounds).fetchall()
    ]


def _tables(connection: duckdb.DuckDBPyConnection, before: Version) -> list[Reason]:
    there: list[tuple[str, str]] = connection.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE schema_name IN ('core', 'marts') ORDER BY ALL"
    ).fetchall()
    reasons = []
    for schema, table in there:
        had = before.table_rows.get(f"{schema}.{table}", 0)
        has = int(connection.execute(f'SELECT count(*) FROM "{schema}"."{table}"').fetchall()[0][0])
        if had - has > max(NEVER_BELOW, MOST_OF_A_TABLE * had):
            reasons.append(
                Reason(
                    f"{schema}.{table} từ {had} dòng còn {has} dòng",
                    f"{schema}.{table} shrank from {had} to {has} rows",
                )
            )
    return reasons
