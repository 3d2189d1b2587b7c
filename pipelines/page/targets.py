"""Bảng mục tiêu: value, target, gap and pace needed of each target; what cannot be compared, and why."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from pipelines.page import formats
from pipelines.page.published import Published, Row
from pipelines.page.words import SCOPES, TARGETS, word

_ORDER: Final = ("overdue", "below", "in_progress", "met", "not_measured", "not_in_force", "void")


def chapter(published: Published) -> dict[str, Any]:
    """What the template `muc-tieu.html` shows: targets by what is to be done about them."""
    rows = published.rows("""
        SELECT target_code, indicator_code, target_name_vi, target_name_en, scope_code, due_year, unit_of_count, target_value,
            legal_source, is_comparable, void_reason, period, numerator, denominator, value, is_complete, gap,
            months_remaining, pace_needed, state_code
        FROM marts.target_progress ORDER BY due_year NULLS LAST, target_code""")
    if rows is None:
        return {"targets": None}
    known = [code for code in _ORDER if any(row["state_code"] == code for row in rows)]
    others = sorted({row["state_code"] for row in rows} - set(_ORDER))
    groups = [
        {
            "word": word(TARGETS, code),
            "code": code,
            "targets": [_shown(row) for row in rows if row["state_code"] == code],
        }
        for code in [*known, *others]
    ]
    return {"targets": groups}


def _shown(row: Row) -> Row:
    is_share = row["unit_of_count"] == "share"
    vi, _, en = (row["void_reason"] or "").partition(" | ")
    return {
        **row,
        "is_share": is_share,
        "scope": word(SCOPES, row["scope_code"]),
        "shown_value": _value(row["value"], is_share=is_share),
        "shown_target": _value(row["target_value"], is_share=is_share),
        "shown_gap": "" if row["gap"] is None else formats.signed(row["gap"], is_share=is_share),
        "shown_pace": ""
        if row["pace_needed"] is None
        else formats.signed(row["pace_needed"], is_share=is_share, places=2),
        "of": _of(row),
        "shown_period": "" if row["period"] is None else formats.month(row["period"]),
        "why_vi": vi,
        "why_en": en or vi,
        "bar": _bar(row) if is_share and row["is_comparable"] else None,
    }


def _value(value: Decimal | None, *, is_share: bool) -> str:
    if value is None:
        return ""
    return formats.percent(value) if is_share else formats.number(value, 1)


def _of(row: Row) -> str:
    if row["numerator"] is None or row["denominator"] is None:
        return ""
    return f"{formats.number(row['numerator'], 1)} / {formats.number(row['denominator'], 1)}"


def _bar(row: Row) -> dict[str, str] | None:
    """Value and target on a scale that reaches from nothing to the larger of them, or to everything."""
    value, target = row["value"], row["target_value"]
    if value is None:
        return None
    whole = max(value, target) if max(value, target) < Decimal("0.1") else max(value, target, Decimal(1))
    return {"value": f"{100 * value / whole:.2f}", "target": f"{100 * target / whole:.2f}"}
