"""Walks through the records of an .xls (BIFF in an OLE2 file) before its reader is let at them, in bounded memory.

The reader lays every sheet out as a full rectangle at once, hidden ones too. How far the cells reach, which cells are
merged and whether the file is encrypted is found here, by [MS-CFB] and [MS-XLS]; what the cells say is the reader's.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from pipelines.parse.sheets.sheet_extent import MOST_CELLS, Extent
from pipelines.parse.text_table import unreadable

_LAST_SECTOR = 0xFFFFFFFA
_HEADER = struct.Struct("<30xHH10xII4xIIIII")
_FIRST_FAT_SECTORS = 109
_ENTRY = 128
_EOF, _FILEPASS, _BOUNDSHEET, _DIMENSIONS, _MERGED = 0x0A, 0x2F, 0x85, 0x200, 0xE5
_CELLS = frozenset(
    {0x0006, 0x00FD, 0x0203, 0x0204, 0x0205, 0x027E, 0x00D6, 0x0002, 0x0003, 0x0004, 0x0005, 0x0206, 0x0406}
)
_CELLS_IN_A_ROW, _ERROR, _FORMULA = 0x00BD, 0x0205, 0x0006
_MOST_ROWS, _MOST_COLUMNS = 65_536, 256
_TORN = "it is no workbook, or it is cut short"


def scan_workbook(content: bytes) -> tuple[Extent, ...]:
    """The extent of each sheet, in the order of the workbook's list.

    Raises:
        DataRefusedError: It is damaged or encrypted, or its cells lie over more places than any register's.
    """
    try:
        stream = _workbook_stream(content)
        extents = tuple(_scan_sheet(stream, start) for start in _sheet_starts(stream))
    except (struct.error, IndexError):
        raise unreadable(_TORN) from None
    places = 0
    for extent in extents:
        extent.bound()
        if not extent.is_empty:
            places += (extent.last_row + 1) * (extent.last_column - extent.first_column + 1)
    if places > MOST_CELLS:
        raise unreadable(f"its cells lie over more than {MOST_CELLS:,} places")
    return extents


def _sheet_starts(stream: bytes) -> Iterator[int]:
    for kind, data in _records(stream, 0):
        if kind == _FILEPASS:
            raise unreadable("it is under a password")
        if kind == _BOUNDSHEET:
            yield struct.unpack_from("<I", data)[0]


def _scan_sheet(stream: bytes, start: int) -> Extent:
    extent = Extent()
    for kind, data in _records(stream, start):
        if kind in _CELLS:
            extent.add(*struct.unpack_from("<HH", data))
            if kind == _ERROR or (kind == _FORMULA and data[6:7] == b"\2" and data[12:14] == b"\xff\xff"):
                extent.add_error()
        elif kind == _CELLS_IN_A_ROW:
            row, first = struct.unpack_from("<HH", data)
            extent.add(row, first)
            extent.add(row, struct.unpack_from("<H", data, len(data) - 2)[0])
        elif kind == _MERGED:
            (count,) = struct.unpack_from("<H", data)
            for index in range(count):
                top, bottom, left, right = struct.unpack_from("<HHHH", data, 2 + 8 * index)
                extent.add_merged((top, left, bottom, right))
        elif kind == _DIMENSIONS:
            _bound_dimensions(data)
    return extent


def _bound_dimensions(data: bytes) -> None:
    """The reader sets memory aside for what a sheet says of its own size."""
    form = "<IIHH" if len(data) >= struct.calcsize("<IIHH") else "<HHHH"
    _, last_row, _, last_column = struct.unpack_from(form, data)
    if last_row > _MOST_ROWS or last_column > _MOST_COLUMNS:
        raise unreadable("a sheet of it says that it is larger than a sheet can be")


def _records(stream: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    """The records of one substream; a chart inside it is a substream of its own, and is passed over."""
    depth = 0
    while True:
        kind, length = struct.unpack_from("<HH", stream, start)
        data = stream[start + 4 : start + 4 + length]
        if len(data) < length:
            raise unreadable(_TORN)
        start += 4 + length
        if kind & 0xFF == 0x09:  # noqa: PLR2004 (BOF of any version)
            depth += 1
        elif kind == _EOF:
            depth -= 1
            if depth <= 0:
                return
        elif depth <= 1:
            yield kind, data


def _workbook_stream(content: bytes) -> bytes:
    shift, mini_shift, _, directory, cutoff, mini_fat, _, difat, _ = _HEADER.unpack_from(content)
    if shift not in (9, 12) or mini_shift != 6:  # noqa: PLR2004 (there are no others)
        raise unreadable(_TORN)
    sector = 1 << shift
    fat = _fat(content, sector, difat)
    entries = _chain(content, fat, directory, sector, sector)
    root_start = struct.unpack_from("<I", entries, 116)[0]
    places = {_entry_name(entries, start): start for start in range(len(entries) - _ENTRY, -1, -_ENTRY)}
    # The reader looks for the one, then for the other; of two of one name both take the first.
    place = places.get("Workbook", places.get("Book"))
    if place is None:
        raise unreadable(_TORN)
    first, size = struct.unpack_from("<II", entries, place + 116)
    if size >= cutoff:
        return _chain(content, fat, first, sector, sector)[:size]
    mini = _chain(content, fat, root_start, sector, sector)
    links = _links(_chain(content, fat, mini_fat, sector, sector))
    return _chain(mini, links, first, 1 << mini_shift, 0)[:size]


def _entry_name(entries: bytes, start: int) -> str:
    (length,) = struct.unpack_from("<H", entries, start + 64)
    return entries[start : start + min(max(length - 2, 0), 62)].decode("utf-16-le", "replace")


def _fat(content: bytes, sector: int, difat: int) -> tuple[int, ...]:
    numbers = list(struct.unpack_from(f"<{_FIRST_FAT_SECTORS}I", content, 76))
    most = len(content) // sector
    while difat < _LAST_SECTOR and len(numbers) <= most + _FIRST_FAT_SECTORS:
        *more, difat = struct.unpack_from(f"<{sector // 4}I", content, (difat + 1) * sector)
        numbers += more
    used = [number for number in numbers if number < _LAST_SECTOR]
    if len(used) > most:
        raise unreadable(_TORN)
    return _links(b"".join(content[(number + 1) * sector : (number + 2) * sector] for number in used))


def _links(table: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(table) // 4}I", table[: len(table) // 4 * 4])


def _chain(content: bytes, links: tuple[int, ...], first: int, sector: int, offset: int) -> bytes:
    """The sectors that follow each other from `first`; a ring is no chain."""
    parts: list[bytes] = []
    while first < _LAST_SECTOR:
        if len(parts) > len(links):
            raise unreadable(_TORN)
        start = offset + first * sector
        parts.append(content[start : start + sector])
        first = links[first]
    return b"".join(parts)
