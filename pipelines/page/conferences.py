"""Hội nghị truyền hình: the endpoints day by day as a grid, how many were online and took part, and the conferences."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from pipelines.page import formats
from pipelines.page.figures import DAYS_SHOWN, Column, Figures
from pipelines.page.published import Published, Row

MOST_CONFERENCES: Final = 30
_CARDS = (
    "videoconference_online", "videoconference_participation", "videoconference_conferences",
    "videoconference_failed_joins", "videoconference_packet_loss", "videoconference_endpoint_seconds",
)  # fmt: skip
_SHARES = (
    ("videoconference_online", Column("Trực tuyến", "Online")),
    ("videoconference_participation", Column("Dự họp", "Took part")),
    ("videoconference_failed_joins", Column("Không vào được", "Failed joins")),
)
NO_POLL, NOT_ASKED, OFFLINE, ONLINE, TOOK_PART, OFFLINE_YET_TOOK_PART, UNASKED_YET_TOOK_PART = (
    ".",
    "?",
    "0",
    "1",
    "2",
    "3",
    "4",
)


def chapter(published: Published, figures: Figures) -> dict[str, Any]:
    """What the template `hoi-nghi.html` shows; the grid is a data file of its own."""
    tables = [
        figures.by_day("video-days", "Điểm cầu theo ngày", "Endpoints by day", _SHARES),
        figures.by_month("video-months", "Điểm cầu theo tháng", "Endpoints by month", _SHARES),
    ]
    return {
        "cards": figures.cards(_CARDS),
        "tables": [table for table in tables if table is not None],
        "grid": _grid(published),
        "conferences": _conferences(published),
        "records": _records(published),
    }


def _grid(published: Published) -> dict[str, Any] | None:
    """One line an endpoint, one character a day: what the poll said, and whether the endpoint took part."""
    last = published.day("SELECT max(report_date) FROM marts.videoconference_endpoint_daily")
    if last is None:
        return None
    first = last - timedelta(days=DAYS_SHOWN - 1)
    rows = published.rows(
        """
        SELECT endpoint_code, report_date, was_asked, is_online, is_participant FROM marts.videoconference_endpoint_daily
        WHERE report_date >= ? ORDER BY endpoint_code, report_date""",
        [first],
    )
    names = published.rows(
        """
        SELECT endpoint_code, endpoint_name_vi, unit_code, coalesce(unit_name_vi, unit_code) AS unit_name_vi
        FROM core.dim_endpoint AS endpoint LEFT JOIN core.dim_unit AS unit USING (unit_code)
        WHERE ? BETWEEN endpoint.valid_from AND coalesce(endpoint.valid_to, DATE '9999-12-31')
            AND (unit.unit_code IS NULL OR unit.is_latest)
        ORDER BY endpoint_code""",
        [last],
    )
    seen: dict[str, dict[date, str]] = {}
    for row in rows or ():
        seen.setdefault(row["endpoint_code"], {})[row["report_date"]] = _state(row)
    told = {row["endpoint_code"]: [row["endpoint_name_vi"], row["unit_name_vi"]] for row in names or ()}
    first = min((day for states in seen.values() for day in states), default=last)
    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    endpoints = sorted(seen.keys() | told.keys())
    return {
        "days": [f"{day:%Y-%m-%d}" for day in days],
        "endpoints": [[code, *told.get(code, [code, ""])] for code in endpoints],
        "cells": ["".join(seen.get(code, {}).get(day, NO_POLL) for day in days) for code in endpoints],
    }


def _state(row: Row) -> str:
    if row["is_participant"]:
        if not row["was_asked"]:
            return UNASKED_YET_TOOK_PART
        return TOOK_PART if row["is_online"] else OFFLINE_YET_TOOK_PART
    if row["was_asked"] is None:
        return NO_POLL
    if not row["was_asked"]:
        return NOT_ASKED
    return ONLINE if row["is_online"] else OFFLINE


def _conferences(published: Published) -> list[Row] | None:
    rows = published.rows(
        """
        SELECT call_id, started_at, duration_seconds, connected_endpoint_count, participant_endpoint_count, guest_leg_count,
            has_start_record AND has_end_record AS is_whole
        FROM marts.videoconference_conference ORDER BY started_at DESC, call_id LIMIT ?""",
        [MOST_CONFERENCES],
    )
    return None if rows is None else [
        {
            **row,
            "at": "" if row["started_at"] is None else formats.moment(row["started_at"]),
            "minutes": "" if row["duration_seconds"] is None else formats.number(row["duration_seconds"] // 60),
        }
        for row in rows
    ]  # fmt: skip


def _records(published: Published) -> Row | None:
    """Call records that are known to be missing in the days shown."""
    found = published.rows(
        """
        SELECT count(*) AS days, coalesce(sum(missing_record_count), 0)::BIGINT AS missing FROM (
            FROM marts.videoconference_record_daily ORDER BY report_date DESC LIMIT ?)""",
        [DAYS_SHOWN],
    )
    return found[0] if found else None
