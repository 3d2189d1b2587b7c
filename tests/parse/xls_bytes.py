"""Writes .xls files record by record: BIFF5 with a code page, BIFF8 with Unicode, in an OLE2 file of one stream.

After [MS-XLS] and [MS-CFB]; only what a register needs. A stream is padded to the length from which it lies in sectors.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_SECTOR = 512
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_LEAST_STREAM = 4096
Cell = str | float | bool | bytes | None
"""A text, a number, a boolean, a record's data behind row and column as bytes (`error`, `day`, `formula`)."""


@dataclass(frozen=True)
class Sheet:
    """A sheet's rows, its merged cells (first row, last row, first column, last column) and whether it is hidden."""

    rows: Sequence[Sequence[Cell]]
    merged: Sequence[tuple[int, int, int, int]] = ()
    is_hidden: bool = False
    dimensions: tuple[int, int, int, int] = (0, 100, 0, 20)
    far: Mapping[tuple[int, int], float] = field(default_factory=dict)


def error(code: int) -> bytes:
    """A cell with an error: 0x2A is #N/A, 0x07 #DIV/0!, 0x17 #REF!."""
    return b"\x05\x02" + struct.pack("<HBB", 0, code, 1)


def day(serial: float) -> bytes:
    """A number that is shown as a day: style 1."""
    return b"\x03\x02" + struct.pack("<Hd", 1, serial)


def formula_text(text: str) -> bytes:
    """A formula whose last result is a text: its record, and the STRING record that follows it."""
    data = struct.pack("<H", 0) + b"\0\0\0\0\0\0\xff\xff" + struct.pack("<HI", 0, 0) + struct.pack("<H", 0)
    return b"\x06\x00" + data + b"|" + _unicode(text)


def workbook(
    sheets: Mapping[str, Sheet], *, code_page: str | None = None, is_1904: bool = False, is_encrypted: bool = False
) -> bytes:
    """An .xls; with a code page as Excel 5 wrote it, else as Excel 97."""
    version = 0x0500 if code_page else 0x0600
    bodies = [_sheet(sheet, version, code_page) for sheet in sheets.values()]
    number = int((code_page or "cp1200").removeprefix("cp"))

    def head(starts: Sequence[int]) -> bytes:
        listed = [
            _record(0x85, struct.pack("<IBB", start, one.is_hidden, 0) + _short(name, code_page))
            for start, (name, one) in zip(starts, sheets.items(), strict=True)
        ]
        styles = _record(0xE0, _style(0, version)) + _record(0xE0, _style(14, version))
        locked = _record(0x2F, struct.pack("<HHH", 0, 1, 2)) if is_encrypted else b""
        epoch = _record(0x22, struct.pack("<H", is_1904))
        return (
            _bof(version, 5) + locked + _record(0x42, struct.pack("<H", number)) + epoch + styles + b"".join(listed)
            + _record(0x0A, b"")
        )  # fmt: skip

    size = len(head([0] * len(bodies)))
    starts = [size + sum(map(len, bodies[:place])) for place in range(len(bodies))]
    return ole2(head(starts) + b"".join(bodies), "Book" if code_page else "Workbook")


def ole2(stream: bytes, name: str) -> bytes:
    """An OLE2 file that holds one stream."""
    stream = stream.ljust(_LEAST_STREAM, b"\0")
    count = -(-len(stream) // _SECTOR)
    # Sectors: the directory, the stream's, then the table of them.
    tables = -(-(count + 1) // 127)
    links = [_END, *range(2, count + 1), _END, *[_FAT] * tables]
    table = struct.pack(f"<{len(links)}I", *links).ljust(tables * _SECTOR, b"\xff")
    first_table = count + 1
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack(
        "<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, tables, 0, 0, 4096, _END, 0, _END, 0
    )  # fmt: skip
    header += struct.pack(f"<{tables}I", *range(first_table, first_table + tables)).ljust(109 * 4, b"\xff")
    entries = _entry("Root Entry", 5, _END, 0, child=1) + _entry(name, 2, 1, len(stream))
    return header + entries.ljust(_SECTOR, b"\0") + stream.ljust(count * _SECTOR, b"\0") + table


def _entry(name: str, kind: int, start: int, size: int, child: int = _FREE) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0"
    return (
        text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text), kind, 1, _FREE, _FREE, child) + bytes(36)
        + struct.pack("<IQ", start, size)
    )  # fmt: skip


def _sheet(sheet: Sheet, version: int, code_page: str | None) -> bytes:
    first, last, left, right = sheet.dimensions
    form = "<HHHHH" if code_page else "<IIHHH"
    parts = [_bof(version, 0x10), _record(0x200, struct.pack(form, first, last, left, right, 0))]
    for number, row in enumerate(sheet.rows):
        parts += [_cell(number, column, cell, code_page) for column, cell in enumerate(row) if cell is not None]
    parts += [_cell(number, column, value, code_page) for (number, column), value in sheet.far.items()]
    if sheet.merged:
        spans = b"".join(struct.pack("<HHHH", *span) for span in sheet.merged)
        parts.append(_record(0xE5, struct.pack("<H", len(sheet.merged)) + spans))
    return b"".join(parts) + _record(0x0A, b"")


def _cell(row: int, column: int, cell: Cell, code_page: str | None) -> bytes:
    place = struct.pack("<HH", row, column)
    if isinstance(cell, bytes):
        kind, (data, _, text) = struct.unpack_from("<H", cell)[0], cell[2:].partition(b"|")
        return _record(kind, place + data) + (_record(0x207, text) if text else b"")
    if isinstance(cell, bool):
        return _record(0x205, place + struct.pack("<HBB", 0, cell, 0))
    if isinstance(cell, str):
        text = struct.pack("<H", len(cell.encode(code_page))) + cell.encode(code_page) if code_page else _unicode(cell)
        return _record(0x204, place + struct.pack("<H", 0) + text)
    return _record(0x203, place + struct.pack("<Hd", 0, cell or 0.0))


def _style(number_format: int, version: int) -> bytes:
    return struct.pack("<HH", 0, number_format).ljust(16 if version == 0x0500 else 20, b"\0")


def _unicode(text: str) -> bytes:
    return struct.pack("<HB", len(text), 1) + text.encode("utf-16-le")


def _short(name: str, code_page: str | None) -> bytes:
    if code_page:
        return bytes([len(name.encode(code_page))]) + name.encode(code_page)
    return bytes([len(name), 1]) + name.encode("utf-16-le")


def _bof(version: int, kind: int) -> bytes:
    return _record(0x809, struct.pack("<HHHH", version, kind, 0, 0).ljust(8 if version == 0x0500 else 16, b"\0"))


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data
