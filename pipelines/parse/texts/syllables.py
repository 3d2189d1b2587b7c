"""Whether words look like Vietnamese, so that letters decoded by a wrong table are noticed.

Vietnamese spelling is narrow: of two or three vowels in a row only some sixty sequences exist, with one tone among
them. A wrong 8-bit table gives letters, but seldom such a sequence. Consonants are not judged: names of the highlands
(`Krông`, `Đắk`) and abbreviations (`HĐND`) are free there. This tells tables apart; it corrects nothing.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_PLAIN = "aăâeêioôơuưy"
_TONES = "\u0300\u0301\u0303\u0309\u0323"
TONED = "".join(unicodedata.normalize("NFC", vowel + tone) for vowel in _PLAIN for tone in _TONES)
LETTERS = "".join(dict.fromkeys(small + small.upper() for small in f"{_PLAIN}đ{TONED}" if not small.isascii()))
"""The letters of the alphabet that are not ASCII, small and capital."""

_SEQUENCES = (
    "ai ao au ay âu ây eo êu ia iê iu iêu oa oă oe oi oo ôi ơi ua uâ uê ui uô uơ uy ưa ươ ưi ưu yê oai oay oao oeo uây uôi "
    "ươi ươu uya uyê uyu yêu"
)
_NUCLEI = frozenset(_SEQUENCES.split())
_WORD = re.compile(r"[^\W\d_]*(?=[^\x00-\x7f])[^\W\d_]+")
_VOWELS = re.compile(f"[{_PLAIN}{TONED}]+")
# `qu` and `gi` are consonants before a vowel: quào, giường.
_GLIDE = re.compile(rf"qu(?=[{_PLAIN}{TONED}])|gi(?=[{_PLAIN}{TONED}])")
_ONSET = "ngh|ng|nh|th|tr|ch|gh|gi|kh|ph|qu|[bcdđghklmnprstvx]"
_SYLLABLE = re.compile(rf"(?:{_ONSET})?[{_PLAIN}{TONED}]+(?:ng|nh|ch|[cmnpt])?")
_STRANGE_AT_LEAST = 3
_STRANGE_SHARE = 0.2


def reads_as_vietnamese(text: str) -> bool:
    """Whether no more than a fifth of the different words with letters beyond ASCII are misspelled.

    Fewer than three strange words say nothing: a foreign name is no fault.
    """
    words = set(_WORD.findall(text))
    strange = sum(not _is_spelled(word) for word in words)
    return strange < _STRANGE_AT_LEAST or strange <= len(words) * _STRANGE_SHARE


def is_syllable(word: str) -> bool:
    """Whether a word with a letter beyond ASCII is one Vietnamese syllable, consonants and all."""
    return not word.isascii() and _SYLLABLE.fullmatch(word.lower()) is not None and _is_spelled(word)


@lru_cache(maxsize=65536)
def _is_spelled(word: str) -> bool:
    small = _GLIDE.sub("", word.lower())
    if any(letter not in LETTERS and not letter.isascii() for letter in small):
        return False
    return all(_is_nucleus(found[0]) for found in _VOWELS.finditer(small))


def _is_nucleus(vowels: str) -> bool:
    plain = "".join(map(_without_tone, vowels))
    if len(plain) == 1:
        return True
    tones = sum(vowel in TONED for vowel in vowels)
    # A tone stands on a closing i, u, y, o or a only in `hoá`, `moóc` and `thuý`.
    is_misplaced = vowels[-1] in TONED and plain[-1] in "iuyoa" and plain not in ("oa", "oo", "uy")
    return plain in _NUCLEI and tones <= 1 and not is_misplaced


def _without_tone(vowel: str) -> str:
    kept = (mark for mark in unicodedata.normalize("NFD", vowel) if mark not in _TONES)
    return unicodedata.normalize("NFC", "".join(kept))
