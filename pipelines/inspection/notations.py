"""Which separators the figures of a file are written with, as far as texts tell it: `1.234` says nothing on its own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from pipelines.contracts import Text

_LEAST_AMBIGUOUS = 3


def layout_notation(columns: Sequence[Sequence[str]]) -> tuple[dict[str, str], Text | None]:
    """The separators of a file: what all its figures tell, or where columns differ, what most of the columns do.

    Args:
        columns: The figures of each column.
    """
    notation, why = number_notation(figure for column in columns for figure in column)
    if notation:
        return notation, why
    # `95.5` alone tells a decimal point and no thousands, which is what holds where a layout says nothing.
    told = Counter(tuple(number_notation(column)[0].items()) for column in columns if any(map(_spelling, column)))
    if len(told) < 2:  # noqa: PLR2004 (one notation is no choice)
        return {}, None
    most = dict(told.most_common(1)[0][0])
    return most, Text(
        vi="TODO(người điền): các cột viết số theo hai cách; cột khác cách chung có thousands, decimal riêng",
        en="columns spell numbers in two ways; those that differ have thousands and decimal of their own",
    )


def number_notation(texts: Iterable[str]) -> tuple[dict[str, str], Text | None]:
    """The separators that figures written as texts tell: `1.234.567` and `95,5` do, `1.234` alone does not."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts[_spelling(text)] += 1
    dots = counts["1.234.567"] + counts["1,5"]
    commas = counts["1,234,567"] + counts["1.5"]
    if dots and not commas:
        return {"thousands": ".", "decimal": ","}, Text(
            vi=f"{dots} ô viết như 1.234.567 hoặc 95,5", en=f"{dots} cells are written like 1.234.567 or 95,5"
        )
    if commas and not dots and (counts["1,234,567"] or counts["1,234"]):
        return {"thousands": ",", "decimal": "."}, Text(
            vi=f"{commas + counts['1,234']} ô viết như 1,234 hoặc 95.5",
            en=f"{commas + counts['1,234']} cells are written like 1,234 or 95.5",
        )
    for sign, other in ((".", ","), (",", ".")):
        if not dots and not commas and counts[f"1{sign}234"] >= _LEAST_AMBIGUOUS and not counts[f"1{other}234"]:
            return {"thousands": sign, "decimal": other}, Text(
                vi=f"TODO(người điền): {counts[f'1{sign}234']} ô viết như 1{sign}234, luôn ba chữ số sau dấu: coi là hàng nghìn; hỏi lại nơi gửi",
                en=f"{counts[f'1{sign}234']} cells are written like 1{sign}234, always three digits after the sign: taken for thousands; ask the owner",
            )
    return {}, None


def _spelling(text: str) -> str:
    """The one of six ways in which a figure is written; empty for one that says nothing."""
    bare = text.lstrip("-").rstrip("% ")
    if re.fullmatch(r"\d{1,3}(\.\d{3}){2,}(,\d+)?|\d{1,3}(\.\d{3})+,\d+", bare):
        return "1.234.567"
    if re.fullmatch(r"\d{1,3}(,\d{3}){2,}(\.\d+)?|\d{1,3}(,\d{3})+\.\d+", bare):
        return "1,234,567"
    if re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", bare):
        return "1.234"
    if re.fullmatch(r"[1-9]\d{0,2},\d{3}", bare):
        return "1,234"
    if re.fullmatch(r"\d+,\d+", bare):
        return "1,5"
    return "1.5" if re.fullmatch(r"\d+\.\d+", bare) else ""
