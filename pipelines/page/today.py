"""Hôm nay: what came, what is missing, how fresh each dataset is, and the figures that people ask for first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from pipelines.page import formats
from pipelines.page.figures import Figures
from pipelines.page.published import Published, Row
from pipelines.page.words import COMPLETENESS, FRESHNESS, VERDICTS, word

DAYS_OF_MATRIX: Final = 14
MOST_MISSING: Final = 40
_HEADLINES: Final = (
    "portal_received", "portal_settled_on_time_local", "portal_online", "portal_open_late",
    "document_sent", "document_received", "videoconference_online", "videoconference_participation",
)  # fmt: skip


def chapter(published: Published, figures: Figures) -> dict[str, Any]:
    """What the template `index.html` shows."""
    _, published_at = published.version()
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
        "datasets": _datasets(published),
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
    """Daily datasets by day, the last DAYS_OF_MATRIX days of which anything is known."""
    last = published.day("SELECT max(day) FROM meta.completeness WHERE subject_type = 'dataset'")
    if last is None:
        return None
    first = last - timedelta(days=DAYS_OF_MATRIX - 1)
    rows = published.rows(
        """
        SELECT dataset, title_vi, title_en, day, state FROM meta.completeness JOIN meta.datasets USING (dataset)
        WHERE subject_type = 'dataset' AND cadence = 'daily' AND day >= ? ORDER BY dataset, day""",
        [first],
    )
    days = sorted({row["day"] for row in rows or ()})
    lines: dict[str, dict[str, Any]] = {}
    for row in rows or ():
        line = lines.setdefault(row["dataset"], {"vi": row["title_vi"], "en": row["title_en"], "states": {}})
        line["states"][row["day"]] = word(COMPLETENESS, row["state"])
    heads = [(f"{one:%d/%m}", formats.day(one)) for one in days]
    table = [
        {"vi": line["vi"], "en": line["en"], "cells": [line["states"].get(one) for one in days]} for line in lines.values()
    ]
    return {"days": heads, "lines": table, "legend": list(COMPLETENESS.values())}


def _missing(published: Published) -> dict[str, Any] | None:
    rows = published.rows("""
        SELECT dataset, title_vi, title_en, owner, cadence, day, state FROM meta.completeness JOIN meta.datasets USING (dataset)
        WHERE subject_type = 'dataset' AND state IN ('late', 'missing') ORDER BY day DESC, dataset""")
    if rows is None:
        return None
    lines = [
        {**row, "period": _period(row["day"], row["cadence"]), "word": word(COMPLETENESS, row["state"])}
        for row in rows[:MOST_MISSING]
    ]
    return {"lines": lines, "count": len(rows)}


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


def _period(day: Any, cadence: str) -> str:
    if day is None:
        return ""
    return formats.day(day) if cadence == "daily" else f"{day:%m/%Y}"


def _shown_day(day: Any) -> str:
    return "" if day is None else formats.day(day)
