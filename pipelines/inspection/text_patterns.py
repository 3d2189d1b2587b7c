"""A narrow pattern for a column of structured codes, so that it may be kept: one that no name, number or login fits.

Only ASCII capitals, digits and signs make up a code. Runs of digits without a letter beside them are somebody's number
when they are as long as one; runs of many capitals may be somebody's name.
"""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import islice

import polars as pl

_RUN = re.compile(r"[A-Z]+|[0-9]+|[^A-Z0-9]")
_UUID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
_SIGNS = frozenset("-_./:#")
_MOST_FORMS = 4
_MOST_CAPITALS = 6
_MOST_DIGITS_ALONE = 8
_LONGEST = 40
# A letter and seven or eight digits is a passport; some capitals and two digits may be a login name.
_LIKE_A_PERSONS = re.compile(r"[A-Z][0-9]{7,8}|[A-Z]{3,}[0-9]{0,3}")


def bounded_pattern(texts: pl.Series) -> str | None:
    """A pattern that all texts fit; None if they are no codes, or might be persons' numbers or names."""
    distinct = texts.drop_nulls().unique()
    if distinct.is_empty():
        return None
    if distinct.str.contains(_UUID).all():
        return _UUID
    forms: defaultdict[tuple[str, ...], list[list[str]]] = defaultdict(list)
    for text in distinct.to_list():
        runs = _RUN.findall(text)
        if len(text) > _LONGEST or not _is_code(text, runs):
            return None
        forms[tuple(_kind(run) for run in runs)].append(runs)
        if len(forms) > _MOST_FORMS:
            return None
    alternatives = [_spelled(form, values) for form, values in islice(sorted(forms.items()), _MOST_FORMS)]
    return f"^{alternatives[0]}$" if len(alternatives) == 1 else f"^({'|'.join(alternatives)})$"


def _is_code(text: str, runs: list[str]) -> bool:
    digits = sum(sign.isdigit() for sign in text)
    has_letters = any(run.isupper() for run in runs)
    return (
        digits > 0
        and all(run.isalnum() or run in _SIGNS for run in runs)
        and text.isascii()
        and all(len(run) <= _MOST_CAPITALS for run in runs if run.isupper())
        and (has_letters or digits <= _MOST_DIGITS_ALONE)
        and not _LIKE_A_PERSONS.fullmatch(text)
    )


def _kind(run: str) -> str:
    return "A" if run.isupper() else "9" if run.isdigit() else run


def _spelled(form: tuple[str, ...], values: list[list[str]]) -> str:
    parts = []
    for kind, runs in zip(form, zip(*values, strict=True), strict=True):
        if kind not in ("A", "9"):
            parts.append(re.escape(kind) if kind != "-" else kind)
            continue
        shortest, longest = min(map(len, runs)), max(map(len, runs))
        times = f"{{{shortest}}}" if shortest == longest else f"{{{shortest},{longest}}}"
        parts.append(("[A-Z]" if kind == "A" else "[0-9]") + times)
    return "".join(parts)
