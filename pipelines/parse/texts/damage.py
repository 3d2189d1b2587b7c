"""Marks of text that was damaged before it reached us: a letter replaced, NUL bytes, letters decoded in a wrong way.

All of them are valid Unicode, so no decoder minds. Each mark is one that no sound Vietnamese text holds, so a single
one refuses a file; of old fonts' codes a word that they make Vietnamese, for Swedish too has `oän`. Whether the text
says something sensible is not judged here.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from mmap import mmap

import polars as pl

from pipelines.parse.text_table import DAMAGE, BrokenError, broken, damaged
from pipelines.parse.texts.font_codes import TCVN3, VNI
from pipelines.parse.texts.syllables import is_syllable

NUL = "\0"
# `đ ơ ư`, and `à` to `ỹ` with their tones, read as Latin-1 or Windows-1252 and written as UTF-8 again: `Ä‘`, `Æ°`, `á»‹`.
# Left out is what Vietnamese itself may hold: a letter before a blank, a closing quotation mark, an ellipsis.
_CONTROLS = "\u0080-\u009f"
_SYMBOLS = "\u00a1-\u00aa\u00ac-\u00ba\u00bc-\u00bf"
_WINDOWS = "\u20ac\u201a\u0192\u201e\u2020\u2021\u02c6\u2030\u0160\u0152\u017d\u02dc\u0161\u0153\u017e\u0178"
TWICE_ENCODED = rf"[ÃÄÆ][{_CONTROLS}{_SYMBOLS}]|Ä‘|á[º»][{_CONTROLS}{_SYMBOLS}{_WINDOWS}]"
# What VNI, TCVN3 and Windows-1258 look like when their bytes were taken for Latin-1: `Hoùa`, `c«ng`, `®¬n`, `Nguyêìn`.
# `où`, `août`, `Noël` and `Müller` are not among them; what else other languages have of them makes no syllable.
_VNI = "[ôÔöÖ][ùÙøØûÛïÏ]|[öÖ][õÕôÔ]|ô[õÕ]|[iyuIYU][eE][âÂáÁàÀåÅãÃäÄ]|[aAeEuU][øØ]|[oO][äÄåÅùÙûÛ][aAnN]|[ñÑ][ôÔöÖ]"
_TCVN3 = "[A-Za-z][¨©ª«¬µ¶¸¹¼½¾][a-z]|\u00ad¬|®[¨©ª«¬µ¶·¸¹»¼½¾]"
_WINDOWS_1258 = "ýõ|[âÂêÊ][ìÌ]|[a-zâêôõýã][ÒÞ]"
OLD_LETTERS = f"{_VNI}|{_TCVN3}|{_WINDOWS_1258}"
_OLD = re.compile(OLD_LETTERS)
# The longest syllable has seven letters, three of them with a mark of its own.
_LONGEST_SYLLABLE = 12
_SLICE = 1024 * 1024
# No mark is longer, in bytes.
_OVERLAP = 16


def refuse_damaged_text(text: str) -> None:
    """Looks for the marks.

    Raises:
        BrokenError: One is there.
    """
    if DAMAGE in text:
        raise damaged()
    if NUL in text:
        raise nul_found()
    if text.isascii():
        return
    # The regular expressions of polars are twenty times faster than Python's on these.
    refuse_damaged_cells(pl.Series([text]))


def refuse_damaged_cells(cells: pl.Series) -> None:
    """Looks for the marks in texts.

    Raises:
        BrokenError: One is there.
    """
    if cells.str.contains(DAMAGE, literal=True).any():
        raise damaged()
    if cells.str.contains(TWICE_ENCODED).any():
        raise encoded_twice()
    suspect = cells.filter(cells.str.contains(OLD_LETTERS))
    if any(_is_old(text) for text in suspect.unique().to_list() if text is not None):
        raise old_letters()


def _is_old(text: str) -> bool:
    """Whether a word with such codes becomes a Vietnamese syllable once they are read by their own table."""
    return any(_makes_syllable(_word_around(text, found.start(), found.end())) for found in _OLD.finditer(text))


def _word_around(text: str, start: int, end: int) -> str:
    """The letters and codes around a place, a few more at most than a syllable has."""
    first, last = start, end
    while first > 0 and start - first <= _LONGEST_SYLLABLE and _is_code(text[first - 1]):
        first -= 1
    while last < len(text) and last - end <= _LONGEST_SYLLABLE and _is_code(text[last]):
        last += 1
    return text[first:last]


def _is_code(sign: str) -> bool:
    return sign.isalpha() or "\u00a1" <= sign <= "\u00bf" or sign == "\u00ad"


def _makes_syllable(word: str) -> bool:
    if len(word) > _LONGEST_SYLLABLE:
        return False
    try:
        codes = word.encode("latin-1")
    except UnicodeEncodeError:
        # A letter that no code is read as: the word is Unicode.
        return False
    for table in (VNI, TCVN3, None):
        try:
            # A code may stand for two marks, which the type of the table does not know.
            read = codes.decode("cp1258") if table is None else codecs.charmap_decode(codes, "strict", table)[0]  # type: ignore[arg-type]
        except UnicodeDecodeError:
            continue
        if is_syllable(unicodedata.normalize("NFC", read)):
            return True
    return False


def refuse_damaged_bytes(content: bytes | mmap) -> None:
    """Looks for the marks in UTF-8 bytes.

    Raises:
        BrokenError: One is there.
    """
    for start in range(0, len(content), _SLICE):
        refuse_damaged_text(content[start : start + _SLICE + _OVERLAP].decode(errors="ignore"))


def nul_found() -> BrokenError:
    """The refusal of a file with NUL bytes: its sender's disk or transfer broke off and left a hole."""
    return broken("it holds NUL bytes: a part of it was never written")


def encoded_twice() -> BrokenError:
    """The refusal of a file whose text was decoded wrongly and encoded again: `Hỏa` came as `Há»a`."""
    return broken("its text was encoded as UTF-8 twice")


def old_letters() -> BrokenError:
    """The refusal of Unicode that holds an old font's codes instead of letters: `Hóa` came as `Hoùa` or `Ho¸`."""
    return broken("it holds the codes of VNI, TCVN3 or Windows-1258 as if they were letters")
