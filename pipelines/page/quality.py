"""Chất lượng số liệu: verdicts, quarantine, the marts' own rules, and how the warehouse agrees with the portal's table."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from pipelines.page import formats
from pipelines.page.figures import ABSENT, DAYS_SHOWN, Cell, Column, Line, Table, cell_of, count_cell
from pipelines.page.published import Published, Row
from pipelines.page.words import RECONCILIATION, VERDICTS, word

MOST_LOADS: Final = 30
MOST_REASONS: Final = 20
MONTHS_SHOWN: Final = 12
_DAY_KEY = "'^[0-9]{4}-[0-9]{2}-[0-9]{2}$'"


def chapter(published: Published) -> dict[str, Any]:
    """What the template `chat-luong.html` shows."""
    return {
        "verdicts": _verdicts(published),
        "troubled": _troubled(published),
        "quarantine": _quarantine(published),
        "reasons": _reasons(published),
        "mart_checks": _mart_checks(published),
        "reconciliation": _reconciliation(published),
        "differences": _differences(published),
        "restatements": published.rows("""
            SELECT period, count(*) AS figures, count(DISTINCT indicator_code) AS indicators, max(last_changed_at) AS changed_at
            FROM marts.indicator_restatement GROUP BY period ORDER BY period DESC"""),
        "closures": published.rows("""
            SELECT period, action, acted_at, note FROM meta.month_closures ORDER BY closure_sequence DESC LIMIT 24"""),
    }


def _verdicts(published: Published) -> dict[str, Any] | None:
    """Loads by dataset and verdict, and the rows of those in force: everything that the file knows."""
    rows = published.rows("""
        SELECT dataset, coalesce(title_vi, dataset) AS title_vi, coalesce(title_en, dataset) AS title_en,
            count(*) FILTER (verdict = 'accepted') AS accepted,
            count(*) FILTER (verdict = 'accepted_with_warnings') AS accepted_with_warnings,
            count(*) FILTER (verdict = 'refused') AS refused,
            coalesce(sum(rows_read) FILTER (is_in_force), 0)::BIGINT AS rows_read,
            coalesce(sum(rows_accepted) FILTER (is_in_force), 0)::BIGINT AS rows_accepted,
            coalesce(sum(rows_quarantined) FILTER (is_in_force), 0)::BIGINT AS rows_quarantined,
            coalesce(sum(rows_duplicate) FILTER (is_in_force), 0)::BIGINT AS rows_duplicate
        FROM meta.loads LEFT JOIN meta.datasets USING (dataset) GROUP BY ALL ORDER BY dataset""")
    if rows is None:
        return None
    return {
        "words": VERDICTS,
        "lines": [{**row, "shown": _numbers(row)} for row in rows],
        "total": _numbers(_sum(rows)),
    }


def _numbers(row: Row) -> dict[str, str]:
    return {key: formats.number(value) for key, value in row.items() if isinstance(value, int)}


def _sum(rows: list[Row]) -> Row:
    keys = [key for row in rows[:1] for key, value in row.items() if isinstance(value, int)]
    return {key: sum(row[key] for row in rows) for key in keys}


def _troubled(published: Published) -> list[Row] | None:
    """The newest loads that were not simply accepted."""
    rows = published.rows(
        """
        SELECT load_id, dataset, title_vi, title_en, partition_key, verdict, rows_read, rows_quarantined, refusal_reason,
            reason_vi, finished_at, file_name, is_in_force
        FROM meta.loads LEFT JOIN meta.datasets USING (dataset)
        LEFT JOIN meta.reason_words AS words ON words.dataset = loads.dataset AND words.reason = refusal_reason
        WHERE verdict <> 'accepted'
        ORDER BY load_sequence DESC LIMIT ?""",
        [MOST_LOADS],
    )
    return None if rows is None else [
        {
            **row,
            "word": word(VERDICTS, row["verdict"]),
            "period": formats.period(row["partition_key"]),
            "at": formats.moment(row["finished_at"]),
            "read": formats.number(row["rows_read"]),
            "set_apart": formats.number(row["rows_quarantined"]),
            "why_vi": row["reason_vi"] or row["refusal_reason"],
            "why_en": row["refusal_reason"],
        }
        for row in rows
    ]  # fmt: skip


def _quarantine(published: Published) -> Table | None:
    """Rows set apart in the loads in force, by the day that they tell of."""
    rows = published.rows(f"""
        SELECT partition_key::DATE AS day, sum(rows_quarantined)::BIGINT AS rows_quarantined, sum(rows_read)::BIGINT AS rows_read
        FROM meta.loads WHERE is_in_force AND regexp_matches(partition_key, {_DAY_KEY})
        GROUP BY day ORDER BY day""")  # noqa: S608  (a pattern of our own)
    if not rows:
        return None
    by_day = {row["day"]: row for row in rows}
    last = max(by_day)
    first = max(min(by_day), last - timedelta(days=DAYS_SHOWN - 1))
    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    lines = [Line(formats.day(day), _quarantine_cells(by_day.get(day))) for day in days]
    columns = [
        Column("Dòng cách ly", "Rows set apart", "bar", "count"),
        Column("Dòng đọc", "Rows read", "", "count"),
        Column("Tỷ lệ cách ly", "Share set apart", "", "share"),
    ]
    return Table("quarantine-days", "Dòng cách ly theo ngày số liệu", "Rows set apart by day of the data", ("Ngày", "Day"), columns, lines)  # fmt: skip


def _quarantine_cells(row: Row | None) -> list[Cell]:
    if row is None:
        return [ABSENT, ABSENT, ABSENT]
    read, apart = row["rows_read"], row["rows_quarantined"]
    share = None if not read else Decimal(apart) / Decimal(read)
    return [count_cell(apart), count_cell(read), cell_of(share, is_share=True)]


def _reasons(published: Published) -> list[Row] | None:
    rows = published.rows(
        """
        SELECT reason, coalesce(reason_vi, reason) AS reason_vi, dataset, title_vi, title_en,
            sum(rows_count)::BIGINT AS rows_count, count(DISTINCT reasons.unit_code) AS units
        FROM meta.quarantine_reasons AS reasons JOIN meta.loads AS loads USING (load_id)
        LEFT JOIN meta.datasets USING (dataset) LEFT JOIN meta.reason_words USING (dataset, reason) WHERE is_in_force
        GROUP BY ALL ORDER BY rows_count DESC, dataset, reason LIMIT ?""",
        [MOST_REASONS],
    )
    return None if rows is None else [
        {**row, "rows_shown": formats.number(row["rows_count"]), "units_shown": formats.number(row["units"])} for row in rows
    ]  # fmt: skip


def _mart_checks(published: Published) -> dict[str, Any] | None:
    rows = published.rows("""
        SELECT mart, check_name, severity, is_success, observed, unexpected_count FROM meta.mart_checks
        ORDER BY mart, check_name""")
    if rows is None:
        return None
    return {"count": len(rows), "failed": [row for row in rows if not row["is_success"]]}


def _reconciliation(published: Published) -> list[dict[str, Any]] | None:
    """Cells of the portal's own table by how they agree with the warehouse, month by month."""
    rows = published.rows(
        """
        SELECT period, count(*) AS cells, coalesce(sum(abs(unexplained_count)), 0)::BIGINT AS unexplained_rows,
            count(*) FILTER (state = 'equal') AS equal, count(*) FILTER (state = 'explained') AS explained,
            count(*) FILTER (state = 'unexplained') AS unexplained,
            count(*) FILTER (state = 'not_comparable') AS not_comparable
        FROM marts.portal_reconciliation GROUP BY period ORDER BY period DESC LIMIT ?""",
        [MONTHS_SHOWN],
    )
    return (
        None
        if rows is None
        else [{**row, "month": formats.month(row["period"]), "shown": _numbers(row)} for row in rows]
    )


def _differences(published: Published) -> list[Row] | None:
    """Why cells differ, or cannot be compared, in the newest month."""
    rows = published.rows("""
        SELECT state, reason_code, coalesce(reason_vi, reason_code) AS reason_vi, coalesce(reason_en, reason_code) AS reason_en,
            count(*) AS cells
        FROM marts.portal_reconciliation LEFT JOIN meta.reconciliation_reasons USING (reason_code)
        WHERE period = (SELECT max(period) FROM marts.portal_reconciliation) AND state <> 'equal'
        GROUP BY ALL ORDER BY cells DESC, state, reason_code""")
    return None if rows is None else [
        {**row, "word": word(RECONCILIATION, row["state"]), "cells_shown": formats.number(row["cells"])} for row in rows
    ]  # fmt: skip
