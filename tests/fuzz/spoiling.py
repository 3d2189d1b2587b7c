"""Spoils a file: bytes, and with them what the layout is made of (members, lengths, places, numbers, tags)."""

from __future__ import annotations

import gzip
import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Callable
from random import Random

Spoiler = Callable[[bytes, Random], bytes]
_MOST_BYTES = 256 * 1024
_NUMBERS = (
    b"0", b"-1", b"1e999", b"65536", b"4294967295", b"9223372036854775808", b"1048577", b"16385", b"0.1.2", b"NaN", b"",
)  # fmt: skip
_BITS = (b"\x00", b"\xff", b"\x7f", b"\x80", b"\xff\xff\xff\xff", b"\x00\x00\x00\x80", b"\x01\x00\x00\x00")
_TOKENS = (
    b"\n", b"\r", b'"', b"'", b";", b",", b"\t", b"<", b">", b"&", b"]]>", b"<![CDATA[", b"<!--", b"{", b"}", b"[", b"]",
    b"\\u0000", b"\\ud800", b"&#0;", b"&x;", b"<!DOCTYPE x>", b"<table>", b"<tr>", b"<td colspan=99999 rowspan=99999>",
    b'<c r="XFD1048576"/>', b'<row r="0">', b'<mergeCell ref="A1:XFD1048576"/>', b"\xef\xbb\xbf", b"\xff\xfe", b"\x00",
    b"\x1f\x8b", b"PK\x03\x04", "Tổng".encode(), b"__row_number", b"\xf4\x90\x80\x80", b"\xed\xa0\x80",
)  # fmt: skip
_PLACE = re.compile(rb"\b[A-Z]{1,3}\d{1,7}\b")
_NUMBER = re.compile(rb"\d+")
_TAG = re.compile(rb"</?[A-Za-z][^<>]{0,200}>")


def _place(content: bytes, random: Random) -> int:
    return random.randrange(len(content) + 1)


def _flip(content: bytes, random: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(random.randint(1, 8)):
        if changed:
            changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _overwrite(content: bytes, random: Random) -> bytes:
    at, bits = _place(content, random), random.choice(_BITS)
    return content[:at] + bits + content[at + len(bits) :]


def _cut(content: bytes, random: Random) -> bytes:
    return content[: _place(content, random)]


def _remove(content: bytes, random: Random) -> bytes:
    at = _place(content, random)
    return content[:at] + content[at + random.choice((1, 7, 64, 1000)) :]


def _repeat(content: bytes, random: Random) -> bytes:
    at = _place(content, random)
    block = content[at : at + random.choice((1, 16, 300, 5000))]
    return content[:at] + block * random.choice((2, 3, 50)) + content[at:]


def _insert(content: bytes, random: Random) -> bytes:
    at = _place(content, random)
    return content[:at] + random.choice(_TOKENS) * random.choice((1, 1, 1, 2, 300)) + content[at:]


def _swap(content: bytes, random: Random) -> bytes:
    one, two, three = sorted(_place(content, random) for _ in range(3))
    return content[:one] + content[two:three] + content[one:two] + content[three:]


def _token(pattern: re.Pattern[bytes], choices: tuple[bytes, ...] | None) -> Spoiler:
    def spoiler(content: bytes, random: Random) -> bytes:
        found = list(pattern.finditer(content))
        if not found:
            return _flip(content, random)
        one, other = random.choice(found), random.choice(found)
        return content[: one.start()] + (random.choice(choices) if choices else other[0]) + content[one.end() :]

    return spoiler


_SPOILERS: tuple[Spoiler, ...] = (
    _flip, _overwrite, _cut, _remove, _repeat, _insert, _swap, _token(_NUMBER, _NUMBERS), _token(_PLACE, None),
    _token(_PLACE, (b"XFD1048576", b"A0", b"ZZZ1", b"A99999999")), _token(_TAG, None), _token(_TAG, (b"",)),
)  # fmt: skip


def spoilt(content: bytes, other: bytes, random: Random) -> bytes:
    """The content spoilt once or a few times, by itself or by what lies in its container; `other` to splice with."""
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        inside = random.random() < 0.7
        if inside and content.startswith(b"PK\x03\x04"):
            content = _in_zip(content, random)
        elif inside and content.startswith(b"\x1f\x8b"):
            content = _in_gzip(content, random)
        elif random.random() < 0.05:
            content = content[: _place(content, random)] + other[_place(other, random) :]
        else:
            content = random.choice(_SPOILERS)(content, random)
    return content[:_MOST_BYTES]


def _in_zip(content: bytes, random: Random) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [(one.filename, archive.read(one)) for one in archive.infolist()]
    except (zipfile.BadZipFile, zlib.error, ValueError, OSError, EOFError, NotImplementedError, RuntimeError):
        return random.choice(_SPOILERS)(content, random)
    if not members:
        return content
    place, other = random.randrange(len(members)), random.randrange(len(members))
    name, body = members[place]
    match random.randrange(8):
        case 0:
            members[place], members[other] = (name, members[other][1]), (members[other][0], body)
        case 1:
            del members[place]
        case 2:
            members[place] = (random.choice(("../x", "/x", "__MACOSX/x", "x/", "", name * 50, "Sở Y tế.csv")), body)
        case _:
            members[place] = (name, spoilt(body, members[other][1], random))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of two members with one name
        for one, text in members:
            archive.writestr(zipfile.ZipInfo(one[:1000], (2026, 6, 2, 0, 0, 0)), text, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _in_gzip(content: bytes, random: Random) -> bytes:
    try:
        body = gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        return random.choice(_SPOILERS)(content, random)
    return gzip.compress(spoilt(body, body, random), mtime=0)
