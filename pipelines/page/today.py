"""Hôm nay: what came, what is missing, how fresh each dataset is, and the figures that people ask for first."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from pipelines.page import formats
from pipelines.page.figures import Figures
from pipelines.page.published import Published, Row
from pipelines.page.words import COMPLETENESS, FRESHNESS, NOT_COME, VERDICTS, word

DAYS_OF_MATRIX: Final = 21
MOST_MISSING: Final = 12
_HEADLINES: Final = (
    "portal_received", "portal_settled_on_time_local", "portal_online", "portal_open_late",
    "document_sent", "document_received", "videoconference_online", "videoconference_participation",
)  # fmt: skip

_STATES: Final = {**COMPLETENESS, "not_come": NOT_COME}


def chapter(published: Published, figures: Figures) -> dict[str, Any]:
    """What the template `index.html` shows."""
    _, published_at = published.version()
    datasets = _datasets(published)
    arrived = published.rows(
        """
        SELECT verdict, count(*) AS loads, sum(rows_read)::BIGINT AS rows_read, sum(rows_quarantined)::BIGINT AS rows_quarantined
        FROM meta.loads WHERE finished_at::DATE = ? GROUP BY verdict ORDER BY verdict""",
        [published_at.date()],
    )
    return {
        "cards": figures.cards(_HEADLINES),
        "newest_day": _shown_day(published.day("SELECT max(report_date) FROM core.day_coverage")),
        "arrived": None if arrived is None else [{**row, "word": word(VERDICTS, row["verdict"])} for row in arrived],
        "datasets": datasets,
        "late_count": None if datasets is None else sum(row["state"] == "late" for row in datasets),
        "matrix": _matrix(published),
        "missing": _missing(published),
        "subjects": _subjects(published),
    }


def _datasets(published: Published) -> list[Row] | None:
    rows = published.rows("""
        SELECT dataset, title_vi, title_en, owner, cadence, is_optional, newest_period_date, expected_period_date, state,
            late_since_at, missing_period_count, newest.partition_key, newest.verdict, newest.finished_at
        FROM meta.datasets LEFT JOIN meta.freshness USING (dataset)
        LEFT JOIN (
            FROM meta.loads QUALIFY row_number() OVER (PARTITION BY dataset ORDER BY load_sequence DESC) = 1
        ) AS newest USING (dataset)
        ORDER BY coalesce(state, 'unused') = 'unused', coalesce(state, '') <> 'late', cadence, dataset""")
    if rows is None:
        return None
    return [
        {
            **row,
            "freshness": word(FRESHNESS, row["state"] or "unused"),
            "newest": _period(row["newest_period_date"], row["cadence"]),
            "expected": _period(row["expected_period_date"], row["cadence"]),
            "verdict": None if row["verdict"] is None else word(VERDICTS, row["verdict"]),
            "last_load": "" if row["partition_key"] is None else formats.period(row["partition_key"]),
            "last_load_at": "" if row["finished_at"] is None else formats.moment(row["finished_at"]),
            "late_since": "" if row["late_since_at"] is None else formats.moment(row["late_since_at"]),
        }
        for row in rows
    ]


def _matrix(published: Published) -> dict[str, Any] | None:
    """Daily datasets that are in use, by day: the DAYS_OF_MATRIX days up to the last one that is due."""
    rows = published.rows(
        """
        SELECT dataset, title_vi, title_en, periods.day, CASE WHEN is_owed AND is_due THEN 'not_come' END AS owed, completeness.state
        FROM meta.expected_periods AS periods JOIN meta.datasets USING (dataset) JOIN meta.freshness USING (dataset)
        LEFT JOIN (FROM meta.completeness WHERE subject_type = 'dataset') AS completeness USING (dataset, day)
        WHERE cadence = 'daily' AND periods.day > (
            SELECT max(day) FROM meta.expected_periods WHERE is_owed AND is_due AND day = last_day) - ?::INTEGER
        AND periods.day <= (SELECT max(day) FROM meta.expected_periods WHERE is_owed AND is_due AND day = last_day)
        ORDER BY dataset, periods.day""",
        [DAYS_OF_MATRIX],
    )
    if not rows:
        return None
    days = sorted({row["day"] for row in rows})
    lines: dict[str, dict[str, Any]] = {}
    for row in rows:
        line = lines.setdefault(row["dataset"], {"vi": row["title_vi"], "en": row["title_en"], "states": {}})
        line["states"][row["day"]] = word(_STATES, row["state"] or row["owed"]) if row["state"] or row["owed"] else None
    heads = [(f"{one:%d/%m}", formats.day(one)) for one in days]
    table = [
        {"vi": line["vi"], "en": line["en"], "cells": [line["states"].get(one) for one in days]}
        for line in lines.values()
    ]
    return {"days": heads, "lines": table, "legend": list(_STATES.values())}


def _missing(published: Published) -> dict[str, Any] | None:
    """Periods that are owed and due and of which no load is in force, by dataset; datasets that are not in use owe nothing."""
    rows = published.rows("""
        WITH missing AS (
            SELECT dataset, day FROM meta.expected_periods JOIN meta.freshness USING (dataset)
            WHERE is_owed AND is_due AND (dataset, left(day::VARCHAR, CASE WHEN day = last_day THEN 10 ELSE 7 END))
                NOT IN (SELECT (dataset, partition_key) FROM meta.loads WHERE is_in_force)
        )
        SELECT dataset, title_vi, title_en, owner, cadence, count(*) AS periods, list(day ORDER BY day DESC) AS days
        FROM missing JOIN meta.datasets USING (dataset) GROUP BY ALL ORDER BY periods DESC, dataset""")
    if rows is None:
        return None
    lines = [
        {
            **row,
            "shown": [_period(day, row["cadence"]) for day in row["days"][:MOST_MISSING]],
            "more": max(row["periods"] - MOST_MISSING, 0),
        }
        for row in rows
    ]
    return {"lines": lines, "count": sum(row["periods"] for row in rows)}


def _subjects(published: Published) -> list[Row] | None:
    """How many units or endpoints stand how on the newest day of each dataset that tells them."""
    rows = published.rows("""
        SELECT dataset, title_vi, title_en, subject_type, day, state, count(*) AS subjects
        FROM (
            FROM meta.completeness WHERE subject_type <> 'dataset'
            QUALIFY day = max(day) OVER (PARTITION BY dataset, subject_type)
        ) JOIN meta.datasets USING (dataset)
        GROUP BY ALL ORDER BY dataset, subject_type, state""")
    return None if rows is None else [
        {**row, "shown_day": formats.day(row["day"]), "word": word(COMPLETENESS, row["state"])} for row in rows
    ]  # fmt: skip


def _period(day: date | None, cadence: str) -> str:
    if day is None:
        return ""
    return formats.day(day) if cadence == "daily" else f"{day:%m/%Y}"


def _shown_day(day: date | None) -> str:
    return "" if day is None else formats.day(day)
