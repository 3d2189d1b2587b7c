"""Whether a column holds numbers, amounts of money or percentages, and how they are spelt."""

from __future__ import annotations

import re
from typing import Any

import polars as pl

from pipelines.contracts import LARGEST_NUMBER
from pipelines.inspection.insides import TODO
from pipelines.inspection.notations import number_notation
from pipelines.inspection.trials import Cells, Proposal, fits, say, todo
from pipelines.inspection.vietnamese_names import words

_MONEY = re.compile(r"\b(?:tien|phi|le phi|gia|vnd|dong|thu|chi phi|amount|fee|charge)\b")
_SHARE = re.compile(r"\bty le\b|\bphan tram\b|\bpercent")
_POINT = r"^-?[0-9]+(?:\.[0-9]+)?%?$"
_LARGEST_FEE = 299_999_999


def percentage(cells: Cells) -> Proposal | None:
    """A percentage: figures with their sign, or bare ones under a heading that speaks of a share."""
    signed = int(cells.texts.str.contains("%", literal=True).sum())
    if not cells.filled or (not signed and not _SHARE.search(" ".join(words(cells.heading)))):
        return None
    own = _own_separators(cells)
    unread = cells.reads(type="percent", percent_as="sign", **own)
    if unread is not None and signed:
        keys = {"type": "percent", "percent_as": "sign", **own}
        return Proposal(keys, (fits(cells, unread, "tỷ lệ có dấu %", "percentages with their sign"),), unread)
    unread = cells.reads(type="percent", percent_as="hundredths", **own)
    if unread is None:
        return None
    bare = pl.Series(cells.texts.filter(~cells.texts.str.contains("%", literal=True).fill_null(value=True)))
    figures = cells.values(bare, type="percent", percent_as="share", **own).drop_nulls()
    is_share = bool((figures <= 1).all()) and bool((figures % 1 != 0).any())
    why = todo(
        f"{len(bare)} ô không có dấu %: coi 0,955 là 95,5%" if is_share else f"{len(bare)} ô không có dấu %: coi 95,5 là 95,5%",
        f"{len(bare)} cells have no sign: 0.955 is taken for 95.5%" if is_share else f"{len(bare)} cells have no sign: 95.5 "
        "is taken for 95.5%",
    )  # fmt: skip
    keys = {"type": "percent", "percent_as": "share" if is_share else "hundredths", **own}
    return Proposal(keys, (why,), unread)


def _own_separators(cells: Cells) -> dict[str, Any]:
    """The separators of the column's figures where they tell others than the layout's."""
    layout = cells.reading.contract.format
    texts = cells.texts.drop_nulls()
    own, why = number_notation(texts)
    if why is not None and why.vi.startswith(TODO):
        return {}
    if not own and layout.decimal != "." and texts.str.contains(_POINT).all():
        own = {"thousands": "", "decimal": "."}
    if not own or (own["thousands"], own["decimal"]) == (layout.thousands, layout.decimal):
        return {}
    # By the layout's decimal mark a workbook's own numbers are spelt.
    return {} if layout.kind in ("xlsx", "xls") and own["thousands"] == layout.decimal else own


def number(cells: Cells) -> Proposal | None:
    """A whole number, an amount of money, or any other number."""
    if cells.texts.str.contains(r"^0[0-9]").any():
        # A number would lose its leading zeros.
        return None
    of_money, own = is_money(cells), _own_separators(cells)
    for kind in ("integer", "decimal"):
        unread = cells.reads(type=kind, maximum=10.0**17 if of_money else LARGEST_NUMBER, **own)
        if unread is not None:
            return _bounded(cells, "amount" if of_money else kind, unread, own)
    return None


def _bounded(cells: Cells, kind: str, unread: int, own: dict[str, str]) -> Proposal | None:
    values = cells.values(cells.texts, type=kind, maximum=10.0**17, **own).drop_nulls()
    if values.is_empty():
        return None
    keys: dict[str, Any] = {"type": kind, **own}
    if float(values.min()) >= 0:  # type: ignore[arg-type]  # polars' min of any dtype
        keys["minimum"] = 0
    why = [fits(cells, unread, "số", "numbers")]
    if own:
        why.append(say("dấu phân cách của riêng cột này", "separators of this column's own"))
    if kind == "amount":
        largest = float(values.max())  # type: ignore[arg-type]
        keys["maximum"] = _LARGEST_FEE if largest <= _LARGEST_FEE else 10 ** len(str(int(largest))) - 1
        why.append(
            todo("số tiền lớn nhất tin được và đơn vị tính", "the largest amount that is believed, and its unit")
        )
    return Proposal(keys, tuple(why), unread)


def is_money(cells: Cells) -> bool:
    """Whether the heading speaks of money."""
    return _MONEY.search(" ".join(words(cells.heading))) is not None
