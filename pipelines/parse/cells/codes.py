"""How a text becomes a code of a list, and how a code that lost its leading zeros gets them back where that is proved.

Excel turns `01` into 1 and `000123` into 123. With the width that the contract declares, the longer code is the one
that was meant if the list has it and has not the shorter one; if it has both, nothing is proved.
"""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from pipelines.contracts import Column
from pipelines.reference import Reference


def read_code(text: pl.Expr, codes: Collection[str], width: int | None) -> pl.Expr:
    """A code of the list; null where the text is none, or may be two."""
    if width is None:
        return pl.when(text.is_in(sorted(codes))).then(text)
    meant = {code: code for code in codes if code not in _shortened(codes, width)} | _mended(codes, width)
    return text.replace_strict(list(meant), list(meant.values()), default=None, return_dtype=pl.String)


def count_mended(column: Column, texts: pl.Series, values: pl.Series, reference: Reference) -> int:
    """How many cells of a column got their leading zeros back."""
    if column.width is None:
        return 0
    shorter = list(_mended(reference.codes[column.code_list or ""], column.width))
    return int((texts.is_in(shorter) & values.is_not_null()).sum())


def _mended(codes: Collection[str], width: int) -> dict[str, str]:
    """The codes that Excel may have shortened and that cannot be another code of the list."""
    return {short: code for short, code in _shortened(codes, width).items() if short not in set(codes)}


def _shortened(codes: Collection[str], width: int) -> dict[str, str]:
    """Each code of the full width with a zero in front, by every text that adding zeros makes it."""
    found: dict[str, str] = {}
    for code in codes:
        if len(code) == width and code.isascii() and code.isdecimal():
            found |= {code[cut:]: code for cut in range(1, width) if set(code[:cut]) == {"0"}}
    return found
