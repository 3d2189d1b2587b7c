"""Marks of text that was damaged before it reached us: a letter replaced, NUL bytes, UTF-8 encoded twice.

All of them are valid UTF-8, so no decoder minds. Whether the text says something sensible is not judged here.
"""

from __future__ import annotations

import re
from mmap import mmap

from pipelines.errors import DataRefusedError
from pipelines.parse.text_table import DAMAGE, damaged, unreadable

NUL = "\0"
# `đ ơ ư`, and `à` to `ỹ` with their tones, read as Latin-1 or Windows-1252 and written as UTF-8 again: `Ä‘`, `Æ°`, `á»‹`.
# Left out is what Vietnamese itself may hold: a letter before a blank, a closing quotation mark, an ellipsis.
_CONTROLS = "\u0080-\u009f"
_SYMBOLS = "\u00a1-\u00aa\u00ac-\u00ba\u00bc-\u00bf"
_WINDOWS = "\u20ac\u201a\u0192\u201e\u2020\u2021\u02c6\u2030\u0160\u0152\u017d\u02dc\u0161\u0153\u017e\u0178"
TWICE_ENCODED = rf"[ÃÄÆ][{_CONTROLS}{_SYMBOLS}]|Ä‘|á[º»][{_CONTROLS}{_SYMBOLS}{_WINDOWS}]"
_TWICE_ENCODED_BYTES = re.compile(
    rb"\xc3[\x83\x84\x86]\xc2[\x80-\x9f\xa1-\xaa\xac-\xba\xbc-\xbf]|\xc3\x84\xe2\x80\x98|\xc3\xa1\xc2[\xba\xbb]"
    rb"(?:\xc2[\x80-\x9f\xa1-\xaa\xac-\xba\xbc-\xbf]|\xe2\x82\xac|\xe2\x80[\x9a\x9e\xa0\xa1\xb0]|\xc6\x92|\xcb[\x86\x9c]"
    rb"|\xc5[\x92\x93\xa0\xa1\xb8\xbd\xbe])"
)


def refuse_damaged_bytes(content: bytes | mmap) -> None:
    """Looks for the marks in UTF-8 bytes.

    Raises:
        DataRefusedError: One is there.
    """
    if content.find(DAMAGE.encode()) >= 0:
        raise damaged()
    if content.find(NUL.encode()) >= 0:
        raise nul_found()
    if _TWICE_ENCODED_BYTES.search(content):
        raise encoded_twice()


def nul_found() -> DataRefusedError:
    """The refusal of a file with NUL bytes: its sender's disk or transfer broke off and left a hole."""
    return unreadable("it holds NUL bytes: a part of it was never written")


def encoded_twice() -> DataRefusedError:
    """The refusal of a file whose text was decoded wrongly and encoded again: `Hỏa` came as `Há»a`."""
    return unreadable("its text was encoded as UTF-8 twice")
