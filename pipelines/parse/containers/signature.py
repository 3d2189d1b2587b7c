"""What a file really is, told by its first bytes and never by its name.

At most `HEAD_BYTES` are read from the front and, of a zip, its table of contents; so a hostile or huge file costs no
more than a small one. Nothing is converted and no row is read: that is the readers' matter. Whether a file of this
kind is what a contract expects is said by `mismatch`.
"""

from __future__ import annotations

import codecs
import csv
import re
import zlib
from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

import orjson

from pipelines import contracts
from pipelines.contracts import Format
from pipelines.parse.containers.contents import Contents, read_contents, stream_names
from pipelines.reference import name_key

HEAD_BYTES = 64 * 1024
Layout = Literal["csv", "json", "xlsx", "xls", "html", "xml"]
Encoding = Literal["utf-8", "utf-8-sig", "utf-16", "not utf-8"]
_ZIP, _GZIP, _OLE2 = (b"PK\x03\x04", b"PK\x05\x06"), b"\x1f\x8b", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_DELIMITERS = ";,\t|"
_LINES_COMPARED = 20
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f"))
_MOST_CONTROLS = 0.05
_SKIPPED_IN_XML = re.compile(r"<\?.*?\?>|<!--.*?-->|<!doctype[^>]*>", re.DOTALL | re.IGNORECASE)
_ROOT = re.compile(r"\s*<([A-Za-z_][\w.:-]*)")
_JSON_START = re.compile(r'\s*(?:\{\s*(?:["}]|$)|\[\s*(?:[\[{"\]\-0-9tfn]|$))')


class FileKind(StrEnum):
    """What a file is. `text` is a text with no delimiter, `xls` a workbook of Excel 97-2003 or one under a password."""

    EMPTY = "empty"
    CSV = "csv"
    TEXT = "text"
    JSON = "json"
    JSON_LINES = "json_lines"
    XML = "xml"
    HTML = "html"
    XLSX = "xlsx"
    XLS = "xls"
    ENCRYPTED_WORKBOOK = "encrypted_workbook"
    OLE2 = "ole2"
    ZIP = "zip"
    GZIP = "gzip"
    PDF = "pdf"
    BINARY = "binary"


_CONTAINERS = frozenset({FileKind.ZIP, FileKind.GZIP})
_LAYOUTS: dict[FileKind, Layout] = {
    FileKind.CSV: "csv",
    FileKind.TEXT: "csv",
    FileKind.JSON: "json",
    FileKind.JSON_LINES: "json",
    FileKind.XML: "xml",
    FileKind.HTML: "html",
    FileKind.XLSX: "xlsx",
    FileKind.XLS: "xls",
}


@dataclass(frozen=True)
class Signature:
    """What a file's first bytes say.

    Attributes:
        kind: What it is.
        encoding: Of a text: how its head is written; `not utf-8` may be Windows-1258 or TCVN3, which bytes alone
            cannot tell apart.
        delimiter: Of a CSV.
        is_ascii: A text whose head holds no other letters: it is the same in every encoding of single bytes.
        is_one_line: A text that goes on past the head without any line end.
        is_damaged: A zip or workbook without its table of contents, cut short most likely, or with a first member that
            cannot be unpacked.
        contents: Of a zip or workbook that is whole: its members.
        inside: What the first member of a zip, or an unpacked gzip, begins as.
    """

    kind: FileKind
    encoding: Encoding | None = None
    delimiter: str | None = None
    is_one_line: bool = False
    is_damaged: bool = False
    is_ascii: bool = False
    contents: Contents | None = None
    inside: Signature | None = None

    @property
    def plain(self) -> Signature:
        """What lies in the containers, as far as it can be seen; the signature itself of a file without one."""
        return self.inside.plain if self.inside is not None else self

    @property
    def layout(self) -> Layout | None:
        """The layout of a contract that could read it, if one is known: that of what a zip or gzip holds."""
        return _LAYOUTS.get(self.plain.kind)


class Mismatch(StrEnum):
    """Why a file cannot be what a contract expects, before a row of it is read."""

    DAMAGED = "damaged"
    KIND = "kind"
    ENCODING = "encoding"
    DELIMITER = "delimiter"
    NO_LINE_END = "no_line_end"


def mismatch(signature: Signature, expected: Format) -> Mismatch | None:
    """In what the file differs from the format that a contract declares; None if it may be read by it."""
    if signature.is_damaged:
        return Mismatch.DAMAGED
    if _is_unseen(signature, expected):
        return None
    return _mismatch_of_plain(signature.plain, expected)


def _mismatch_of_plain(plain: Signature, expected: Format) -> Mismatch | None:
    if plain.layout != expected.kind:
        return Mismatch.KIND
    if plain.encoding is not None and not _may_be(plain, expected.encoding):
        return Mismatch.ENCODING
    if expected.kind == "csv" and plain.is_one_line:
        return Mismatch.NO_LINE_END
    if expected.kind == "csv" and plain.delimiter not in (None, expected.delimiter):
        return Mismatch.DELIMITER
    return None


def holds_rows(name: str, expected: Format) -> bool:
    """Whether a member of that name is one of those that a contract reads; its folders count if the pattern names any."""
    if expected.members is None:
        return True
    own = name if "/" in expected.members else name.rpartition("/")[2]
    return fnmatchcase(name_key(own), name_key(expected.members))


def _is_unseen(signature: Signature, expected: Format) -> bool:
    """Whether what the contract reads lies deeper in a container than a signature looks."""
    contents = signature.contents
    if signature.kind is FileKind.ZIP and contents is not None and contents.names:
        return not holds_rows(contents.names[0], expected) or signature.plain.kind in _CONTAINERS
    return signature.kind in _CONTAINERS and signature.plain.kind in _CONTAINERS


def _may_be(signature: Signature, declared: contracts.Encoding) -> bool:
    """Whether a text whose head is written so may be in the declared encoding; of two single-byte ones nobody can tell."""
    if declared in ("utf-8", "utf-8-sig"):
        return signature.encoding in ("utf-8", "utf-8-sig")
    if declared.startswith("utf-16"):
        return signature.encoding == "utf-16"
    return signature.encoding == "not utf-8" or (signature.encoding == "utf-8" and signature.is_ascii)


def read_signature(file: Path) -> Signature:
    """Looks at a file's head.

    Raises:
        OSError: The file cannot be read.
    """
    with file.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
        is_whole = len(stream.read(1)) == 0
        if head.startswith(_ZIP):
            return _of_zip(head, read_contents(stream, HEAD_BYTES))
        if head.startswith(_OLE2):
            return Signature(_kind_of_ole2(stream_names(stream, head)))
    return _of_head(head, is_whole=is_whole)


def _of_zip(head: bytes, contents: Contents | None) -> Signature:
    if contents is None:
        return replace(_of_head(head, is_whole=False), is_damaged=True)
    if any(name.lower() == "xl/workbook.xml" for name in contents.names):
        return Signature(FileKind.XLSX, contents=contents, is_damaged=contents.first_is_damaged)
    is_unread = contents.first_is_damaged or (not contents.first_head and not contents.first_is_whole)
    if not contents.count or is_unread:
        return Signature(FileKind.ZIP, contents=contents, is_damaged=contents.first_is_damaged)
    inside = _of_head(contents.first_head, is_whole=contents.first_is_whole)
    return Signature(FileKind.ZIP, contents=contents, inside=inside)


def _kind_of_ole2(names: tuple[str, ...]) -> FileKind:
    if "EncryptedPackage" in names:
        return FileKind.ENCRYPTED_WORKBOOK
    return FileKind.XLS if {"Workbook", "Book"} & set(names) else FileKind.OLE2


def _of_head(head: bytes, *, is_whole: bool) -> Signature:
    """What bytes begin as; of a zip or gzip in them no more than that it is one."""
    if not head:
        return Signature(FileKind.EMPTY)
    if head.startswith(_ZIP):
        return Signature(FileKind.XLSX if b"xl/" in head else FileKind.ZIP)
    if head.startswith(b"%PDF-"):
        return Signature(FileKind.PDF)
    if head.startswith(_OLE2):
        return Signature(FileKind.OLE2)
    if head.startswith(_GZIP):
        return Signature(FileKind.GZIP, inside=_unpacked(head))
    return _of_text(head, is_whole=is_whole)


def _unpacked(head: bytes) -> Signature | None:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        inner = unpacker.decompress(head, HEAD_BYTES)
    except zlib.error:
        return None
    if inner.startswith(_GZIP):
        return Signature(FileKind.GZIP)
    return _of_head(inner, is_whole=unpacker.eof)


def _of_text(head: bytes, *, is_whole: bool) -> Signature:
    encoding, text = _decoded(head, is_whole=is_whole)
    if encoding is None:
        return Signature(FileKind.BINARY)
    if not text.strip():
        return Signature(FileKind.EMPTY if is_whole else FileKind.TEXT, encoding, is_ascii=text.isascii())
    is_one_line = not is_whole and "\n" not in text and "\r" not in text
    if markup := _markup_kind(text):
        return Signature(markup, encoding, is_ascii=text.isascii())
    if _JSON_START.match(text):
        return Signature(_json_kind(text), encoding, is_ascii=text.isascii())
    delimiter = _delimiter(text, is_whole=is_whole)
    kind = FileKind.CSV if delimiter else FileKind.TEXT
    return Signature(kind, encoding, delimiter, is_one_line, is_ascii=text.isascii())


def _decoded(head: bytes, *, is_whole: bool) -> tuple[Encoding | None, str]:
    """The head as text, letters that cannot be read left as they come; no encoding means that it is no text."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", head.decode("utf-16", "ignore")
    nul_shares = [head[side::2].count(0) * 2 / len(head) for side in (0, 1)]
    if max(nul_shares) > 0.3 and min(nul_shares) < 0.05:  # noqa: PLR2004 (Latin letters in 16 bits: every second is 0)
        order: Literal["utf-16-le", "utf-16-be"] = "utf-16-be" if nul_shares[0] > nul_shares[1] else "utf-16-le"
        return "utf-16", head.decode(order, "ignore")
    if 0 in head or len(head.translate(None, _CONTROLS)) < len(head) * (1 - _MOST_CONTROLS):
        return None, ""
    try:
        # A letter cut in two where the head ends is no fault of the file's.
        text = codecs.getincrementaldecoder("utf-8")().decode(head, final=is_whole)
    except UnicodeDecodeError:
        return "not utf-8", head.decode("latin-1")
    return ("utf-8-sig", text[1:]) if text.startswith("\ufeff") else ("utf-8", text)


def _markup_kind(text: str) -> FileKind | None:
    if not text.lstrip().startswith("<"):
        return None
    root = _ROOT.match(_SKIPPED_IN_XML.sub("", text))
    if text.lstrip()[:14].lower() == "<!doctype html" or "<table" in text.lower():
        return FileKind.HTML
    if root is None:
        return FileKind.XML if text.lstrip().startswith("<?xml") else None
    return FileKind.HTML if root[1].lower() in {"html", "head", "meta", "body", "style"} else FileKind.XML


def _json_kind(text: str) -> FileKind:
    """JSON lines: the first line is a document of its own, and more follow."""
    first, _, more = text.lstrip().partition("\n")
    if not more.strip():
        return FileKind.JSON
    try:
        orjson.loads(first)
    except orjson.JSONDecodeError:
        return FileKind.JSON
    return FileKind.JSON_LINES


def _delimiter(text: str, *, is_whole: bool) -> str | None:
    """The delimiter that parts most of the first lines into as many fields; title rows above the heading may differ."""
    lines = text.splitlines()
    if not is_whole and len(lines) > 1:
        lines.pop()
    best: tuple[int, int, str] | None = None
    for delimiter in _DELIMITERS:
        widths = Counter(width for width in _widths(lines[:_LINES_COMPARED], delimiter) if width > 1)
        if widths:
            width, lines_so = max(widths.items(), key=lambda item: (item[1], item[0]))
            score = (lines_so, width, delimiter)
            best = max(best, score, key=lambda item: item[:2]) if best else score
    return best[2] if best else None


def _widths(lines: list[str], delimiter: str) -> list[int]:
    try:
        return [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        return []
