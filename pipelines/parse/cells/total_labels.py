"""What total rows are usually called. A contract names its own; one that it does not name must not pass for a record."""

from __future__ import annotations

import polars as pl

TOTAL_LABELS = ("Tổng", "Tổng cộng", "Tổng số", "Toàn tỉnh", "Cộng", "Cộng chung", "Tổng cộng chung")
_SPELT = [
    f"{spelt}{end}"
    for label in TOTAL_LABELS
    for spelt in (label, label.upper(), label.lower(), label.title())
    for end in ("", ":", " :", ".")
]


def names_total(text: pl.Series) -> pl.Series:
    """Whether a cell says that its row is a sum of others, which would then be counted twice."""
    return text.is_in(_SPELT).fill_null(value=False)
