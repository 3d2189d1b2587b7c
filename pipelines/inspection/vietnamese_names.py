"""What a heading is called as a column: Vietnamese without accents, in snake_case, unique in its contract."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from pipelines.load.warehouse import RAW_EXTRA_COLUMNS

_LONGEST = 60
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_TAKEN = frozenset(name for name, _ in RAW_EXTRA_COLUMNS)


def plain(text: str) -> str:
    """Without accents: `Số đến` becomes `So den`."""
    parts = unicodedata.normalize("NFD", text.replace("Đ", "D").replace("đ", "d"))
    return "".join(sign for sign in parts if not unicodedata.combining(sign))


def words(heading: str) -> list[str]:
    """The heading's words without accents and in small letters; capitals inside part them (`MaDonVi`)."""
    return [word.lower() for word in _WORD.findall(plain(heading))]


def column_name(heading: str, taken: Collection[str]) -> str:
    """A snake_case name of the heading that is not among those taken.

    Args:
        heading: A heading or the path of one, such as `Đã ký số / Cá nhân`.
        taken: Names of the columns before it.
    """
    name = "_".join(words(heading))[:_LONGEST].strip("_") or "column"
    if not name[0].isalpha():
        name = f"c_{name}"
    number, unique = 1, name
    while unique in taken or unique in _TAKEN:
        number += 1
        unique = f"{name}_{number}"
    return unique
