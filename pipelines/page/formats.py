"""How figures are written: Vietnamese notation (1.234,5 and 12,3 %), dd/mm/yyyy. In both languages, so that none is misread."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

NBSP = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"


def number(value: Decimal | int, places: int = 0) -> str:
    """1234.56 as `1.234,6` with one place; a whole number is written without places."""
    exact = Decimal(value)
    shown = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    text = (
        f"{abs(shown):,.0f}" if shown == shown.to_integral_value() and shown == exact else f"{abs(shown):,.{places}f}"
    )
    return (MINUS if shown < 0 else "") + text.translate(str.maketrans(",.", ".,"))


def percent(share: Decimal) -> str:
    """0.12345 as `12,3 %`. What only rounds to nothing or to everything says so: 0.9996 is `> 99,9 %`."""
    if 0 < share < Decimal("0.0005"):
        return f"<{NBSP}0,1{NBSP}%"
    if Decimal("0.9995") <= share < 1:
        return f">{NBSP}99,9{NBSP}%"
    shown = (share * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f"{MINUS if shown < 0 else ''}{abs(shown):,.1f}{NBSP}%".translate(str.maketrans(",.", ".,"))


def signed(value: Decimal, *, is_share: bool, places: int = 1) -> str:
    """A difference with its sign, of shares in percentage points: `+4,1` of 0.041."""
    text = number(value * 100 if is_share else value, places)
    return f"+{text}" if value > 0 else text


def day(value: date) -> str:
    """08/11/2026."""
    return f"{value:%d/%m/%Y}"


def moment(value: datetime) -> str:
    """22/11/2026 21:56, local time."""
    return f"{value:%d/%m/%Y %H:%M}"


def month(period: str) -> str:
    """202611 as 11/2026."""
    return f"{period[4:]}/{period[:4]}"


def period(text: str) -> str:
    """A day, a month or a partition key as it is stored (2026-11-08, 202611, 2026-11), written as people do."""
    digits = text.replace("-", "")
    if not digits.isdigit():
        return text
    if len(digits) == len("YYYYMMDD"):
        return f"{digits[6:]}/{digits[4:6]}/{digits[:4]}"
    return month(digits) if len(digits) == len("YYYYMM") else text


def raw(value: Decimal | int | None) -> str:
    """The same figure for the program that draws it: 0.732297, no needless zeros; empty where there is none."""
    if value is None:
        return ""
    text = f"{Decimal(value):f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text
