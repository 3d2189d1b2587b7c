"""Walks through the parts of an .xlsx before its reader is let at them, in bounded memory.

The reader lays a sheet out as a full rectangle, so that two filled cells far apart can cost all memory; it keeps no
merged ranges, begins at the first filled column and shows a formula without a result as an empty cell. All of that is
found here, by expat, without keeping a cell. What the cells say is the reader's matter.
"""

from __future__ import annotations

import posixpath
import struct
import zlib
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile, ZipInfo

from pipelines.parse.containers.unpacking import BOUNDS
from pipelines.parse.sheets.sheet_extent import MOST_CELLS, MOST_NOTES, Extent, place_of, row_number_of
from pipelines.parse.text_table import unreadable

_MOST_UNPACKED = 1024 * 1024 * 1024
_MOST_STRINGS = 256 * 1024 * 1024
_MOST_PARTS = 2_000
_CHUNK = 1024 * 1024
_WORKBOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_TORN = "it is no workbook, or it is cut short"


@dataclass(frozen=True)
class SheetEntry:
    """A sheet as the workbook lists it: its place among the sheets, from 0, and whether anybody sees it."""

    place: int
    name: str
    is_visible: bool
    part: str


def refuse_bombs(file: Path) -> None:
    """Unpacks every part once and counts, whatever the table of contents says of their sizes.

    Raises:
        DataRefusedError: A part or all of them are larger than any workbook's, two have one name, or one is damaged.
    """
    try:
        with ZipFile(file) as archive:
            parts = [part for part in archive.infolist() if not part.filename.endswith("/")]
            names = {_key(part.filename) for part in parts}
            if len(parts) > _MOST_PARTS or len(names) < len(parts):
                raise unreadable("it has too many parts, or two of one name")
            if any(part.header_offset < 0 for part in parts):
                # A damaged directory may name places before the file's beginning; seeking one is the machine's error.
                raise unreadable(_TORN)
            if sum(part.file_size for part in parts) > _MOST_UNPACKED:
                raise unreadable("it is larger, unpacked, than any register")
            total = 0
            for part in parts:
                most = _MOST_STRINGS if _key(part.filename).endswith("sharedstrings.xml") else _MOST_UNPACKED - total
                size = sum(map(len, _chunks(archive, part, most)))
                if size != part.file_size:
                    raise unreadable("its table of contents lies about a part's size")
                total += size
    except (BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, zlib.error, struct.error):
        raise unreadable(_TORN) from None


def sheet_entries(file: Path) -> tuple[SheetEntry, ...]:
    """The sheets as the workbook lists them, charts and macros left out of none: they have no cells.

    Raises:
        DataRefusedError: The workbook's list cannot be read.
    """
    sheets: list[dict[str, str]] = []
    targets: dict[str, str] = {}

    def of_workbook(name: str, attributes: dict[str, str]) -> None:
        if _local(name) == "sheet":
            sheets.append({_local(key): value for key, value in attributes.items()})

    def of_relations(name: str, attributes: dict[str, str]) -> None:
        if _local(name) == "Relationship" and "Id" in attributes:
            targets[attributes["Id"]] = attributes.get("Target", "")

    with ZipFile(file) as archive:
        for part, handler in ((_WORKBOOK, of_workbook), (_RELATIONS, of_relations)):
            parser = _parser()
            parser.StartElementHandler = handler
            _feed(parser, archive, part)
    return tuple(
        SheetEntry(
            place, sheet.get("name", ""), sheet.get("state", "visible") == "visible", _target(targets, sheet.get("id"))
        )
        for place, sheet in enumerate(sheets)
    )


def scan_sheet(file: Path, entry: SheetEntry) -> Extent:
    """Walks through one sheet.

    Raises:
        DataRefusedError: It is not well-formed, or it lies over more places than any register.
    """
    walk = _SheetWalk()
    parser = _parser()
    parser.ordered_attributes = True
    parser.StartElementHandler = walk.start
    walk.parser = parser
    with ZipFile(file) as archive:
        _feed(parser, archive, entry.part)
    walk.extent.bound()
    return walk.extent


class _SheetWalk:
    """Expat's handlers; a cell is filled once a value, or a text of its own, is met in it."""

    def __init__(self) -> None:
        self.extent = Extent()
        self.parser: expat.XMLParserType | None = None
        self._columns: dict[str, int] = {}
        self._row, self._row_text, self._column = -1, "", -1
        self._cell: list[str] = []
        self._cells = 0
        self._is_formula, self._has_result = False, False

    def start(self, name: str, attributes: list[str]) -> None:
        """An element begins. A large sheet has millions of cells and values: they are asked for first, and at once."""
        if name == "c":
            self._begin_cell(attributes)
        elif name == "v":
            extent = self.extent
            if self._row != extent.last_row or not extent.first_column <= self._column <= extent.last_column:
                self._fill()
        else:
            self._begin_rarer(_local(name), attributes)

    def _begin_rarer(self, element: str, attributes: list[str]) -> None:
        if element == "row":
            number = _value(attributes, "r")
            self._row = row_number_of(number) - 1 if number else self._row + 1
            self._row_text, self._column = str(self._row + 1), -1
            if self._cells > MOST_CELLS:
                raise unreadable(f"it has more than {MOST_CELLS:,} cells")
        elif element == "f":
            # Only a text result may be empty: `=""` has one.
            self._is_formula, self._has_result = True, _value(self._cell, "t") == "str"
            if self.parser is not None:
                self.parser.EndElementHandler, self.parser.CharacterDataHandler = self._end, self._text
        elif element == "mergeCell":
            self._merge(_value(attributes, "ref"))
        elif element == "c":
            self._begin_cell(attributes)
        elif element in ("v", "is"):
            self._fill()

    def _begin_cell(self, attributes: list[str]) -> None:
        self._cell = attributes
        self._cells += 1
        self._column += 1
        if "r" in attributes:
            reference = attributes[1] if attributes[0] == "r" else _value(attributes, "r")
            column = self._columns.get(reference.removesuffix(self._row_text))
            if column is None:
                self._row, column = place_of(reference)
                self._row_text = str(self._row + 1)
                self._columns[reference.removesuffix(self._row_text)] = column
            self._column = column
        if "e" in attributes:
            self.extent.add_error()

    def _text(self, text: str) -> None:
        # Characters of the formula itself come before its end.
        self._has_result = self._has_result or (not self._is_formula and bool(text.strip()))

    def _end(self, name: str) -> None:
        if _local(name) == "f":
            self._is_formula = False
        elif _local(name) == "c":
            if not self._has_result:
                self.extent.uncomputed.append((self._row, self._column))
                if len(self.extent.uncomputed) > MOST_NOTES:
                    raise unreadable(f"more than {MOST_NOTES:,} formulas of it have no result")
            if self.parser is not None:
                self.parser.EndElementHandler = self.parser.CharacterDataHandler = None

    def _fill(self) -> None:
        extent, row, column = self.extent, self._row, self._column
        if row > extent.last_row or not extent.first_column <= column <= extent.last_column or row < extent.first_row:
            extent.add(row, column)
            extent.bound()

    def _merge(self, reference: str) -> None:
        first, _, last = reference.partition(":")
        top, left = place_of(first)
        bottom, right = place_of(last or first)
        self.extent.add_merged((top, left, bottom, right))


def _parser() -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.buffer_text = True
    return parser


def _refuse_doctype(*_: object) -> None:
    raise unreadable("its XML declares a document type, which no workbook has")


def _feed(parser: expat.XMLParserType, archive: ZipFile, part: str) -> None:
    found = next((one for one in archive.infolist() if _key(one.filename) == _key(part)), None)
    if found is None:
        raise unreadable("a part of it is missing")
    try:
        for chunk in _chunks(archive, found, _MOST_UNPACKED):
            parser.Parse(chunk, False)  # noqa: FBT003
        parser.Parse(b"", True)  # noqa: FBT003
    except (expat.ExpatError, LookupError):
        # A LookupError is of an encoding that nobody knows.
        raise unreadable("its XML breaks off or is malformed") from None


def _chunks(archive: ZipFile, part: ZipInfo, most: int) -> Iterator[bytes]:
    """A part's bytes; of one that says a smaller size than it has, all the same."""
    unbounded = copy(part)
    unbounded.file_size = most + 1
    size = 0
    with archive.open(unbounded) as stream:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > most:
                raise unreadable("it is larger, unpacked, than any register")
            if size > BOUNDS.ratio_from and size > part.compress_size * BOUNDS.ratio:
                raise unreadable(f"a part of it unpacks to more than {BOUNDS.ratio} times its size")
            yield chunk


def _target(targets: dict[str, str], relation: str | None) -> str:
    target = targets.get(relation or "", "")
    return target.removeprefix("/") if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))


def _key(name: str) -> str:
    return name.replace("\\", "/").casefold()


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _value(attributes: list[str], name: str) -> str:
    """One of expat's ordered attributes: names and values in turn."""
    return next((value for key, value in zip(attributes[::2], attributes[1::2], strict=True) if key == name), "")
