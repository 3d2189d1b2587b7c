"""How a text becomes a number: separators, marks of zero, minus signs and percent signs as the contract declares them.

`1.234` says nothing on its own, nor does a bare `0.955` or `95.5` in a column of percentages: what is not declared is
unreadable. Digits are ASCII's; full-width and Arabic ones are a reason.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

import polars as pl

from pipelines.contracts import Column, Format

# A zero in front of more than seven digits is a telephone or an ID number in the wrong column, not a figure.
INTEGER = r"^-?(?:0[0-9]{0,7}|[1-9][0-9]{0,17})$"
AMOUNT = r"^-?(?:0[0-9]{0,7}|[1-9][0-9]{0,15})(?:\.[0-9]{1,2})?$"
DECIMAL = r"^-?(?:0[0-9]{0,7}|[1-9][0-9]{0,13})(?:\.[0-9]{1,4})?$"
# A workbook holds a share with all the digits of a binary fraction: a third is 0.333333333333333.
_PERCENTAGE = re.compile(r"(-?(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,17})?)(?:(%)|[ \u00a0\u2009\u202f](%))?")
_SHARE = Decimal("0.000001")
_TYPOGRAPHIC_MINUS = "\u2212"
# A space that parts thousands is typed as one of these, all of which look alike.
_SPACES = " \u00a0\u2009\u202f"


def read_number(text: pl.Expr, column: Column, layout: Format, pattern: str, dtype: pl.DataType) -> pl.Expr:
    """A number of ASCII digits; null where the text is not spelt as declared.

    Args:
        text: Cleaned text.
        column: Its contract.
        layout: Separators and marks of zero that hold where the column has none of its own.
        pattern: What the number looks like once it is spelt with a decimal point alone.
        dtype: What it becomes.
    """
    plain = _plain(text, column, layout)
    return pl.when(plain.str.contains(pattern)).then(plain).cast(dtype, strict=False)


def read_percentage(text: pl.Expr, texts: Sequence[str | None], column: Column, layout: Format) -> pl.Expr:
    """A percentage as a share, rounded half up to six decimals: `95.5%` is 0.955.

    Args:
        text: Cleaned text.
        texts: The same texts; each distinct one is read once.
        column: Its contract; says what a figure without a percent sign is.
        layout: As in `read_number`.
    """
    distinct = pl.DataFrame({"text": pl.Series(sorted({one for one in texts if one is not None}), dtype=pl.String)})
    plain = distinct.select(_plain(pl.col("text"), column, layout)).to_series()
    shares = {
        came: _share(spelt, column) for came, spelt in zip(distinct.get_column("text"), plain, strict=True) if spelt
    }
    zero = None if "" not in layout.zero_marks else "0"
    if not shares:
        return pl.lit(zero, dtype=pl.String).cast(pl.Decimal(18, 6))
    read = text.replace_strict(list(shares), list(shares.values()), default=None, return_dtype=pl.String)
    return pl.when(text.is_null()).then(pl.lit(zero, dtype=pl.String)).otherwise(read).cast(pl.Decimal(18, 6))


def _share(spelt: str, column: Column) -> str | None:
    found = _PERCENTAGE.fullmatch(spelt)
    if found is None:
        return None
    has_sign = bool(found[2] or found[3])
    if not has_sign and column.percent_as == "sign" and Decimal(found[1]):
        return None
    is_share = not has_sign and column.percent_as == "share"
    figure = Decimal(found[1]) if is_share else Decimal(found[1]) / 100
    return str(figure.quantize(_SHARE, ROUND_HALF_UP))


def _plain(text: pl.Expr, column: Column, layout: Format) -> pl.Expr:
    """The text spelt with an ASCII minus, no thousands mark and a decimal point."""
    thousands = layout.thousands if column.thousands is None else column.thousands
    decimal = column.decimal or layout.decimal
    if layout.zero_marks:
        text = text.replace(dict.fromkeys(layout.zero_marks, "0"))
        text = text.fill_null("0") if "" in layout.zero_marks else text
    text = text.str.replace(_TYPOGRAPHIC_MINUS, "-", literal=True)
    if column.parentheses == "negative":
        text = text.str.replace(r"^\(([^-].*)\)$", "-$1")
    if thousands:
        is_space = thousands in _SPACES
        mark = f"[{_SPACES}]" if is_space else re.escape(thousands)
        grouped = rf"^-?[1-9][0-9]{{0,2}}(?:{mark}[0-9]{{3}})+(?:{re.escape(decimal)}[0-9]+)?(?:\s?%)?$"
        joined = text.str.replace_all(mark if is_space else thousands, "", literal=not is_space)
        text = pl.when(text.str.contains(grouped)).then(joined).otherwise(text)
    if decimal != ".":
        # A point that is neither a thousands mark nor the decimal mark makes the number unreadable.
        text = pl.when(~text.str.contains(".", literal=True)).then(text.str.replace(decimal, ".", literal=True))
    return text
