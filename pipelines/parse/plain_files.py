"""From a file as it came to one table of texts: out of its containers, then each plain file by the reader of its layout.

A reader only ever sees one plain file. What lies inside is unpacked to a folder that lives as long as the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

import polars as pl

from pipelines.contracts import Contract
from pipelines.errors import DataRefusedError
from pipelines.parse.containers.signature import FileKind, holds_rows, read_signature
from pipelines.parse.containers.unpacking import PlainFile, unpack
from pipelines.parse.panics import PanicsRefused
from pipelines.parse.parts import Part, held_table, one_table
from pipelines.parse.records.json_records import read_json
from pipelines.parse.records.xml_records import read_xml
from pipelines.parse.scratch import ScratchFolder
from pipelines.parse.sheets.html_tables import read_html
from pipelines.parse.sheets.workbook import read_xls, read_xlsx
from pipelines.parse.text_table import UNREADABLE, BrokenError, TextTable, Unread, broken, unreadable
from pipelines.parse.texts.delimited import read_csv
from pipelines.parse.texts.encodings import to_utf8

# What begins like a text may be any of them, cut short; the reader says more of it.
_LEFT_TO_THE_READER = frozenset({FileKind.EMPTY, FileKind.CSV, FileKind.TEXT, FileKind.BINARY})
Reader = Callable[[Path, Contract], TextTable]
_READERS: dict[str, Reader] = {
    "csv": read_csv, "json": read_json, "xml": read_xml, "xlsx": read_xlsx, "xls": read_xls, "html": read_html,
}  # fmt: skip
_RECORDS = frozenset({"json", "xml"})
_MOST_BYTES_KEPT = 64 * 1024 * 1024
_WORKBOOKS = frozenset({"xlsx", "xls"})
_UTF8 = frozenset({"utf-8", "utf-8-sig"})


def read_table(file: Path, contract: Contract, scratch: Path | None = None) -> TextTable:
    """Brings a file to texts by its contract's format; no heading is held against the contract yet.

    Args:
        file: What came: plain, or in a zip or gzip.
        contract: Its layout, and which members of a container hold rows.
        scratch: Where a folder is made for what is unpacked; the system's temporary folder if None.

    Raises:
        DataRefusedError: It cannot be read so; some of it only when the rows are read.
    """
    folder = ScratchFolder(scratch)
    found = list(_with_rows(file, folder, contract))
    if not found:
        return _nothing(contract)
    is_held = contract.format.kind in _RECORDS and sum(one.file.stat().st_size for one in found) <= _MOST_BYTES_KEPT
    reader = _reader(contract, is_held=is_held)
    parts = (_part(plain, folder, contract, reader) for plain in found)
    if not found[0].told:
        table = next(parts).table
    elif is_held:
        table = held_table(parts)
    else:
        table = one_table(list(parts))
    return replace(table, read=partial(_frames, table, folder))


def _frames(table: TextTable, _folder: ScratchFolder) -> Iterator[pl.DataFrame]:
    """The table's rows; whoever may ask for them keeps the folder alive in which they lie."""
    yield from table.read()


def _with_rows(file: Path, folder: ScratchFolder, contract: Contract) -> Iterator[PlainFile]:
    """The plain files that hold rows. What no pattern of the contract lets go must be of its layout."""
    passed_over = 0
    chosen = 0
    for plain in unpack(file, folder.path):
        if plain.name and not holds_rows(plain.name, contract.format):
            passed_over += 1
            plain.file.unlink()
            continue
        chosen += 1
        yield plain
    if passed_over and not chosen:
        raise unreadable(f"none of the {passed_over} files in it is called {contract.format.members}")


def _reader(contract: Contract, *, is_held: bool) -> Reader:
    """The layout's reader. Records are held while they are few, for reading them twice takes twice as long."""
    kind = contract.format.kind
    if kind in _RECORDS and not is_held:
        return partial(read_json if kind == "json" else read_xml, is_kept=False)
    return _READERS[kind]


def _part(plain: PlainFile, folder: ScratchFolder, contract: Contract, reader: Reader) -> Part:
    """One plain file's table; of a broken member, where the contract lets it be, one that only says so."""
    if contract.format.broken_members == "refuse" or not plain.told:
        return Part(plain.told, _read(plain, folder, contract, reader))
    try:
        table = _read(plain, folder, contract, reader)
        # Records that are not kept may break at their end, when the first of them have been handed out.
        for _ in table.read():
            pass
    except BrokenError as error:
        why = error.what.removeprefix(f"{plain.told}: ").removeprefix(UNREADABLE).rstrip(".")
        return Part(plain.told, TextTable.empty(_headings(contract), (Unread(plain.told, why),)))
    return Part(plain.told, table)


def _read(plain: PlainFile, folder: ScratchFolder, contract: Contract, reader: Reader) -> TextTable:
    with _naming(plain.told), PanicsRefused():
        signature = read_signature(plain.file)
        if signature.is_damaged:
            what = "workbook" if contract.format.kind in ("xlsx", "xls") else "zip"
            raise broken(f"it is no {what}, or it is cut short")
        if signature.layout != contract.format.kind and signature.kind not in _LEFT_TO_THE_READER:
            raise broken(f"it is {signature.kind}, not {contract.format.kind}")
        table = reader(_in_utf8(plain.file, folder, contract), contract)

    def frames() -> Iterator[pl.DataFrame]:
        with _naming(plain.told), PanicsRefused():
            yield from table.read()

    return replace(table, read=frames)


def _in_utf8(file: Path, folder: ScratchFolder, contract: Contract) -> Path:
    """The text as its reader wants it; a workbook says its encoding itself."""
    if contract.format.encoding in _UTF8 or contract.format.kind in _WORKBOOKS:
        return file
    target = Path(mkdtemp(dir=folder.path)) / file.name
    to_utf8(file, contract.format.encoding, target)
    return target


@contextmanager
def _naming(member: str) -> Iterator[None]:
    """Says of which member a refusal is."""
    try:
        yield
    except DataRefusedError as error:
        if not member:
            raise
        raise type(error)(error.check, f"{member}: {error.what}", error.next_step) from None


def _nothing(contract: Contract) -> TextTable:
    """An empty container: a day without records; of a table, whose headings say that it is one, nothing at all."""
    if contract.format.kind not in _RECORDS:
        raise unreadable("there is no file in it")
    return TextTable.empty(_headings(contract))


def _headings(contract: Contract) -> tuple[str, ...]:
    return tuple(dict.fromkeys(heading for column in contract.columns for heading in column.headings))
