"""What of a file's own names may be told: its headings, its sheets and the members of a zip.

Anybody may have typed them, and where the heading line is missing they are a record's cells. A heading is told as far
as it is made of our own words; any other by its place and its shape. What of a cell may be shown stands in `masking`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from difflib import get_close_matches

from pipelines.contracts import Contract
from pipelines.parse.masking import shape
from pipelines.reference import name_key

# `Số thứ tự đến` is still `Số đến`; of 2,500 names none with blanks in it came nearer to a heading than 0.6.
_NEAR_ENOUGH = 0.6
# A word is what blanks and signs part, or capitals inside: `ThoiGian`.
_WORD = re.compile(r"\d+|[^\W\d_]+")
_CAPITAL = re.compile(r"(?<=[a-zà-ỹ])(?=[A-ZĐ])")
_USUAL_WORDS = frozenset(
    [
        "stt",
        "tt",
        "so",
        "thu",
        "tu",
        "ma",
        "ten",
        "ngay",
        "gio",
        "thang",
        "nam",
        "ky",
        "truoc",
        "sau",
        "chuyen",
        "sang",
        "tong",
        "cong",
        "loai",
        "ghi",
        "chu",
        "them",
        "cu",
        "moi",
        "gui",
        "nhan",
        "xu",
        "ly",
        "thoi",
        "gian",
        "tai",
    ]
)
_USUAL_HEADINGS = frozenset({"stt", "tt", "số thứ tự", "ghi chú"})
# The second is the receiver's own: a time and a hash.
_USUAL_NAME = re.compile(
    r"(?:(?:(?:sheet|trang tính|cdr|records?|body)[ _-]?)?(?:20\d{6}[T_-]\d{1,6}Z?|\d{1,8})?|\d{12}-[0-9a-f]{32})(?:\.(?:csv|gz|html?|json|txt|xlsx?|xml|zip))?",
    re.IGNORECASE,
)


def told_headings(headings: Sequence[str], contract: Contract) -> tuple[str, ...]:
    """Each heading as it may be told, in the file's order: the contract's own as they stand."""
    own = [heading for column in contract.columns for heading in column.headings] + list(contract.ignored_headings)
    keys = {_folded(heading) for heading in own}
    words = _USUAL_WORDS.union(*map(_words, own))
    return tuple(
        heading
        if name_key(heading) in _USUAL_HEADINGS
        else "".join(_told_word(piece, words) for piece in _pieces(heading))
        if get_close_matches(_folded(heading), keys, 1, _NEAR_ENOUGH)
        else f"column {place} ({shape(heading)})"
        for place, heading in enumerate(headings, 1)
    )


def told_name(name: str, place: int) -> str:
    """A sheet's or a zip member's name: itself if a program gave it, else its number, from 1, and its shape."""
    return name if _USUAL_NAME.fullmatch(name) else f"{place} ({shape(name)})"


def _pieces(heading: str) -> list[str]:
    """The heading in words and what stands between them."""
    return [piece for part in re.split(r"(\d+|[^\W\d_]+)", heading) for piece in _CAPITAL.split(part)]


def _told_word(piece: str, words: frozenset[str]) -> str:
    return piece if not _WORD.fullmatch(piece) or _folded(piece) in words else shape(piece)


def _words(heading: str) -> set[str]:
    return {_folded(piece) for piece in _pieces(heading) if _WORD.fullmatch(piece)}


def _folded(text: str) -> str:
    """Without case, blanks at the ends, accents: an export without them keeps its headings' words."""
    plain = unicodedata.normalize("NFD", name_key(text).replace("đ", "d"))
    return "".join(sign for sign in plain if not unicodedata.combining(sign))
