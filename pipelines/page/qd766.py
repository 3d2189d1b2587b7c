"""QĐ 766: points earned of points that can be measured, part by part; what is missing and why. Never a score of 100."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pipelines.page import formats
from pipelines.page.figures import Cell, Column, Figures, Line, Table
from pipelines.page.published import Published, Row
from pipelines.page.words import COVERAGE, PARTS, word


def chapter(published: Published, figures: Figures) -> dict[str, Any]:
    """What the template `qd766.html` shows: the newest month of the province, and every month's points."""
    scores = published.rows(
        """
        SELECT period, points_earned, points_covered, earned_rate, points_earned_fully_covered, points_fully_covered,
            points_possible, full_part_count, partly_part_count, missing_part_count, is_complete
        FROM marts.qd766_score_monthly WHERE unit_code = ? ORDER BY period DESC""",
        [figures.province],
    )
    if not scores:
        return {"score": None, "groups": None, "history": None}
    score = scores[0]
    rows = published.rows(
        """
        SELECT part.part_code, part.group_number, part.coverage_code, part.piece_code, part.numerator, part.denominator,
            part.rate, part.max_points, part.points_covered, part.points_earned, part.missing_vi, part.missing_en,
            known.group_vi, known.group_en, known.numerator_en, known.legal_source, indicator.name_vi, indicator.name_en
        FROM marts.qd766_monthly AS part JOIN meta.qd766_parts AS known USING (part_code)
        LEFT JOIN meta.indicators AS indicator ON indicator.indicator_code = part.piece_code
        WHERE part.unit_code = ? AND part.period = ? ORDER BY part.group_number, part.part_code""",
        [figures.province, score["period"]],
    )
    return {
        "score": _score(score),
        "groups": None if rows is None else _groups(rows),
        "history": _history(scores) if len(scores) > 1 else None,
    }


def points(value: Decimal | None) -> str:
    """19.3092 as `19,31`, 20.0000 as `20`; empty if there are none."""
    return "" if value is None else formats.number(value, 2)


def _score(row: Row) -> Row:
    return {
        **row,
        "month": formats.month(row["period"]),
        "earned": points(row["points_earned"]),
        "covered": points(row["points_covered"]),
        "earned_full": points(row["points_earned_fully_covered"]),
        "covered_full": points(row["points_fully_covered"]),
        "unmeasured": points(row["points_possible"] - row["points_covered"]),
        "rate": "" if row["earned_rate"] is None else formats.percent(row["earned_rate"]),
    }


def _groups(rows: list[Row]) -> list[dict[str, Any]]:
    groups: dict[int, dict[str, Any]] = {}
    for row in rows:
        group = groups.setdefault(row["group_number"], {"vi": row["group_vi"], "en": row["group_en"], "parts": []})
        group["parts"].append(_part(row))
    return [{"number": number, **group, **_sums(group["parts"])} for number, group in groups.items()]


def _part(row: Row) -> Row:
    earned, whole = row["points_earned"], row["max_points"]
    bar = {"value": f"{100 * (earned or 0) / whole:.2f}"} if row["points_covered"] and whole else None
    return {
        **row,
        "word": word(COVERAGE, row["coverage_code"]),
        "fallback": PARTS.get(row["part_code"], row["numerator_en"]),
        "rate_shown": "" if row["rate"] is None else formats.percent(row["rate"]),
        "of": _of(row),
        "earned": points(earned),
        "covered": points(row["points_covered"]),
        "max": points(whole),
        "bar": bar,
    }


def _of(row: Row) -> str:
    if row["numerator"] is None or row["denominator"] is None:
        return ""
    return f"{formats.number(row['numerator'], 1)} / {formats.number(row['denominator'], 1)}"


def _sums(parts: list[Row]) -> dict[str, Any]:
    earned = sum((part["points_earned"] or Decimal(0) for part in parts), Decimal(0))
    covered = sum((part["points_covered"] for part in parts), Decimal(0))
    whole = sum((part["max_points"] for part in parts), Decimal(0))
    return {
        "earned": points(earned),
        "covered": points(covered),
        "max": points(whole),
        "has_any": covered > 0,
        "bar": {"value": f"{100 * earned / whole:.2f}", "covered": f"{100 * covered / whole:.2f}"},
    }


def _history(scores: list[Row]) -> Table:
    columns = [Column("Điểm đạt", "Earned", "bar", "count"), Column("Điểm đo được", "Measured", "bar", "count")]
    lines = [
        Line(
            formats.month(row["period"]),
            [_points_cell(row["points_earned"]), _points_cell(row["points_covered"])],
            "" if row["is_complete"] else "partial",
        )
        for row in reversed(scores)
    ]
    return Table("qd766-months", "Điểm theo tháng", "Points by month", ("Tháng", "Month"), columns, lines)


def _points_cell(value: Decimal | None) -> Cell:
    return Cell("", "", "absent") if value is None else Cell(points(value), formats.raw(value))
