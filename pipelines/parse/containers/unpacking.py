"""Unpacks zip and gzip into plain files, within bounds that hold while it is done, whatever a directory says.

Members are written under numbers, never under their own names, so that no name can lead out of the folder. Whether a
plain file is what a contract expects, and which members hold rows, is the matter of `plain_files`.
"""

from __future__ import annotations

import errno
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from stat import S_ISLNK
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from pipelines.parse.containers.contents import is_litter
from pipelines.parse.containers.signature import FileKind, read_signature
from pipelines.parse.text_table import unreadable
from pipelines.parse.told_names import told_name

_AT_ONCE = 1024 * 1024
_LOCAL_HEADER_BYTES = 30
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_UNIX = 3
_PACKED = frozenset({FileKind.ZIP, FileKind.GZIP})
_GZIP_BITS = 31
_ZIP_FAULTS = (BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, zlib.error, struct.error)


@dataclass(frozen=True)
class Bounds:
    """How much may come out of one file. Time is bounded by them: it grows with the bytes.

    Attributes:
        depth: Containers around a plain file.
        members: Files in it, those in inner containers included.
        total_bytes: Unpacked bytes, inner containers included.
        ratio: Unpacked bytes per packed byte. Exports stay below 30; what was made to burst reaches 1,000.
        ratio_from: Unpacked bytes below which the ratio says nothing.
    """

    depth: int = 2
    members: int = 50_000
    total_bytes: int = 1024 * 1024 * 1024
    ratio: int = 100
    ratio_from: int = 32 * 1024 * 1024


BOUNDS = Bounds()


@dataclass(frozen=True)
class PlainFile:
    """A file without a container around it.

    Attributes:
        file: Where it lies now.
        name: Its name in the container, for a pattern; hostile, never a path to open. Empty for the file itself.
        told: The name as it may be told; empty for the file itself.
    """

    file: Path
    name: str = ""
    told: str = ""


def unpack(file: Path, folder: Path, bounds: Bounds = BOUNDS) -> Iterator[PlainFile]:
    """Every plain file in `file`, in the container's order; `file` itself if it is none.

    Args:
        file: What came.
        folder: An empty folder for what comes out.
        bounds: How much may come out.

    Raises:
        DataRefusedError: It is damaged, encrypted or hostile, or more than any export.
    """
    return _Unpacker(folder, bounds).plain_files(PlainFile(file), depth=0)


class _Unpacker:
    """Counts what came out so far, over all containers of one file."""

    def __init__(self, folder: Path, bounds: Bounds) -> None:
        self._folder = folder
        self._bounds = bounds
        self._members = 0
        self._files = 0
        self._bytes = 0

    def plain_files(self, found: PlainFile, depth: int) -> Iterator[PlainFile]:
        signature = read_signature(found.file)
        # A zip without a table of contents holds nothing that could be unpacked.
        if signature.kind not in _PACKED or (signature.kind is FileKind.ZIP and signature.contents is None):
            yield found
            return
        what = found.told or "the file"
        if depth == self._bounds.depth:
            raise unreadable(f"{what} is a container inside {depth} others")
        # Before any of them is looked at: a table of contents can name a hundred thousand.
        self._count_members(signature.contents.count if signature.contents else 1, found.told or "the zip")
        members = self._of_zip(found) if signature.kind is FileKind.ZIP else iter((self._of_gzip(found),))
        for member in members:
            yield from self.plain_files(member, depth + 1)
        if depth:
            found.file.unlink()

    def _of_zip(self, packed: PlainFile) -> Iterator[PlainFile]:
        what = packed.told or "the zip"
        with _opened(packed.file, what) as archive:
            members = [member for member in archive.infolist() if not is_litter(member.filename)]
            told = [_within(packed.told, told_name(one.filename, place)) for place, one in enumerate(members, 1)]
            _refuse_hostile(archive, members, told, what)
            self._refuse_too_much(self._bytes + sum(member.file_size for member in members), what)
            for member, name in zip(members, told, strict=True):
                target = self._written(_member_blocks(archive, member, name), member.compress_size, name)
                yield PlainFile(target, f"{packed.name}/{member.filename}".removeprefix("/"), name)

    def _of_gzip(self, packed: PlainFile) -> PlainFile:
        what = packed.told or "the gzip"
        target = self._written(_gzip_blocks(packed.file, what), packed.file.stat().st_size, what)
        return PlainFile(target, packed.name.removesuffix(".gz"), packed.told)

    def _count_members(self, count: int, what: str) -> None:
        self._members += count
        if self._members > self._bounds.members:
            raise unreadable(f"{what} holds more than {self._bounds.members} files")

    def _written(self, blocks: Iterator[bytes], packed_bytes: int, what: str) -> Path:
        self._files += 1
        target = self._folder / str(self._files)
        with target.open("xb") as out:
            for block in self._counted(blocks, packed_bytes, what):
                out.write(block)
        return target

    def _counted(self, blocks: Iterator[bytes], packed_bytes: int, what: str) -> Iterator[bytes]:
        """The same blocks, as long as they are within the bounds."""
        most, size = self._bounds, 0
        for block in blocks:
            size += len(block)
            self._bytes += len(block)
            if size > most.ratio_from and size > packed_bytes * most.ratio:
                raise unreadable(f"{what} unpacks to more than {most.ratio} times its size")
            self._refuse_too_much(self._bytes, what)
            yield block

    def _refuse_too_much(self, in_all: int, what: str) -> None:
        """Asked of what a zip says that it holds, so that an honest bomb costs nothing, and of what does come out."""
        if in_all > self._bounds.total_bytes:
            raise unreadable(f"{what} unpacks to more than {self._bounds.total_bytes // 1024**2} MB in all")


@contextmanager
def _opened(file: Path, what: str) -> Iterator[ZipFile]:
    with _telling(what):
        archive = ZipFile(file)
    with archive:
        yield archive


def _member_blocks(archive: ZipFile, member: ZipInfo, what: str) -> Iterator[bytes]:
    size = 0
    with _telling(what):
        source = archive.open(member)
    with source:
        while True:
            with _telling(what):
                block = source.read(_AT_ONCE)
            if not block:
                break
            size += len(block)
            yield block
    if size != member.file_size:
        raise unreadable(f"{what} is not as long as its zip says")


def _gzip_blocks(file: Path, what: str) -> Iterator[bytes]:
    """What a gzip holds. What follows its end would be rows that nobody counts."""
    unpacker = zlib.decompressobj(wbits=_GZIP_BITS)
    with file.open("rb") as stream:
        while not unpacker.eof:
            packed = unpacker.unconsumed_tail or stream.read(_AT_ONCE)
            if not packed:
                raise unreadable(f"{what} is cut short")
            with _telling(what):
                block = unpacker.decompress(packed, _AT_ONCE)
            yield block
        if unpacker.unused_data or stream.read(1):
            raise unreadable(f"{what} goes on behind its end")


@contextmanager
def _telling(what: str) -> Iterator[None]:
    """The library's messages quote names, and it says of an encrypted member that it is a RuntimeError."""
    try:
        yield
    except _ZIP_FAULTS:
        raise unreadable(f"{what} is damaged, encrypted or packed in an unknown way") from None
    except OSError as error:
        # A place before the file's beginning, which a damaged directory may name; any other is a fault of the machine.
        if error.errno != errno.EINVAL:
            raise
        raise unreadable(f"{what} is damaged") from None


def _refuse_hostile(archive: ZipFile, members: list[ZipInfo], told: list[str], what: str) -> None:
    """What an export never is, told before a byte is unpacked."""
    if len({member.filename for member in members}) < len(members):
        raise unreadable(f"{what} holds two files of one name")
    for member, name in zip(members, told, strict=True):
        if fault := _fault(member):
            raise unreadable(f"{name} {fault}")
    # Entries that share bytes make a small zip unpack to whatever its author likes.
    places = sorted((one.header_offset, _least_end(one)) for one in archive.infolist())
    ends = [*places, (archive.start_dir, archive.start_dir)]
    if any(end > begin for (_, end), (begin, _) in pairwise(ends)):
        raise unreadable(f"{what} has files that lie over each other")


def _least_end(member: ZipInfo) -> int:
    name = member.orig_filename.encode("utf-8" if member.flag_bits & 0x800 else "cp437", "replace")
    return member.header_offset + _LOCAL_HEADER_BYTES + len(name) + member.compress_size


def _fault(member: ZipInfo) -> str:
    parts = member.filename.replace("\\", "/").split("/")
    is_absolute = not parts[0] or parts[0].endswith(":")
    if is_absolute or ".." in parts or "\0" in member.orig_filename:
        return "has a name that leads out of the zip"
    if member.create_system == _UNIX and S_ISLNK(member.external_attr >> 16):
        return "is a link, not a file"
    if member.flag_bits & _ENCRYPTED:
        return "is encrypted"
    if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        return "is packed in an unusual way: pack it as a plain zip"
    return ""


def _within(outer: str, inner: str) -> str:
    return f"{outer} / {inner}" if outer else inner
