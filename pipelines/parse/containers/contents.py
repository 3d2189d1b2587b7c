"""Looks into zip archives and OLE2 files without unpacking them, reading a bounded number of bytes.

Only names, sizes and the beginning of a first member are told. What they mean is `signature`'s matter.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

MOST_DIRECTORY_BYTES = 8 * 1024 * 1024
NAMES_KEPT = 10_000
_SECTOR_SHIFT_AT, _DIRECTORY_AT = 30, 48
_ENTRY_BYTES, _NAME_LENGTH_AT = 128, 64
_ENTRIES_READ = 64
_FAULTS = (BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError, zlib.error, struct.error)
_LITTER = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})


@dataclass(frozen=True)
class Contents:
    """What a zip says that it holds.

    Attributes:
        names: Names of its files; folders and litter left out.
        count: How many files there are.
        unpacked_bytes: Their size unpacked, as the zip states it; a hostile one may lie.
        first_head: The beginning of the first file; empty if it is encrypted or packed in an unusual way.
        first_is_whole: Whether that is all of it.
        first_is_damaged: Its beginning cannot be unpacked.
    """

    names: tuple[str, ...]
    count: int
    unpacked_bytes: int
    first_head: bytes
    first_is_whole: bool
    first_is_damaged: bool


class _Bounded(io.BufferedIOBase):
    """A stream that hands out at most so many bytes at once: a false length makes a short answer, not a large one."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def read(self, size: int | None = -1, /) -> bytes:
        most = MOST_DIRECTORY_BYTES
        return self._stream.read(most if size is None or size < 0 else min(size, most))

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True


def read_contents(stream: BinaryIO, head_bytes: int) -> Contents | None:
    """Reads a zip's table of contents; None if there is none (cut short), or it is larger than any export's."""
    try:
        with ZipFile(_Bounded(stream)) as archive:
            files = [member for member in archive.infolist() if not is_litter(member.filename)]
            head = _head(archive, files[0], head_bytes) if files else b""
    except _FAULTS:
        return None
    return Contents(
        names=tuple(member.filename for member in files[:NAMES_KEPT]),
        count=len(files),
        unpacked_bytes=sum(member.file_size for member in files),
        first_head=head or b"",
        first_is_whole=bool(files) and head is not None and len(head) == files[0].file_size,
        first_is_damaged=head is None,
    )


def _head(archive: ZipFile, first: ZipInfo, head_bytes: int) -> bytes | None:
    """The beginning of a member; none if it is damaged."""
    if first.compress_type not in (ZIP_STORED, ZIP_DEFLATED) or first.flag_bits & 1:
        return b""
    try:
        with archive.open(first) as member:
            return member.read(head_bytes)
    except _FAULTS:
        return None


def is_litter(name: str) -> bool:
    """Whether a member is a folder, or what a desktop leaves beside the files that somebody packed."""
    *folders, last = name.split("/")
    return not last or "__MACOSX" in folders or last in _LITTER


def stream_names(stream: BinaryIO, head: bytes) -> tuple[str, ...]:
    """Names of the first streams in an OLE2 file ([MS-CFB] 2.6), which tell a workbook from a letter."""
    if len(head) < _DIRECTORY_AT + 4:
        return ()
    (shift,) = struct.unpack_from("<H", head, _SECTOR_SHIFT_AT)
    (first_sector,) = struct.unpack_from("<I", head, _DIRECTORY_AT)
    if shift not in (9, 12):  # sectors of 512 or 4,096 bytes; there are no others
        return ()
    stream.seek((first_sector + 1) << shift)
    directory = stream.read(_ENTRY_BYTES * _ENTRIES_READ)
    names = []
    for start in range(0, len(directory) - _ENTRY_BYTES + 1, _ENTRY_BYTES):
        (length,) = struct.unpack_from("<H", directory, start + _NAME_LENGTH_AT)
        if 2 <= length <= _NAME_LENGTH_AT:  # noqa: PLR2004 (at least the closing zero)
            names.append(directory[start : start + length - 2].decode("utf-16-le", "replace"))
    return tuple(names)
