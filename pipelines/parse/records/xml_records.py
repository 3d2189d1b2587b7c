"""Reads XML bodies such as call detail records, row by row: only one row and its ancestors are ever held.

A column's heading is the path of its value from the row's element (`xml_values`). Names are compared without their
namespace. Bodies may follow each other in one file. No document type is accepted, so that no entity can
be declared, expanded or fetched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
from lxml import etree

from pipelines.contracts import Contract
from pipelines.errors import DataRefusedError
from pipelines.parse.masking import shape
from pipelines.parse.records.xml_values import ABOVE, Wanted, local_name
from pipelines.parse.text_table import ROW_NUMBER, SHEET_NAME, BrokenError, TextTable, broken, unreadable
from pipelines.parse.texts.damage import refuse_damaged_bytes

_BYTES_AT_ONCE = 64 * 1024
_ROWS_AT_ONCE = 20_000
_MOST_ELEMENTS = 20_000
_MOST_BYTES = 16 * 1024 * 1024
_DECLARATION_BEGINS = b"<?xml"
_DECLARATION = re.compile(rb"<\?xml\s[^>]{0,200}\?>")
_LONGEST = 256
_NAMES_TOLD = 12
_PROGRAMS_NAME = re.compile(r"[A-Za-z_][A-Za-z_.-]{0,39}")
_BETWEEN = re.compile(r"[\s\ufeff]*")
_TYPE_DECLARED = re.compile(rb"<!DOCTYPE|<!ENTITY")


def read_xml(file: Path, contract: Contract, *, is_kept: bool = True) -> TextTable:
    """Reads the elements that `rows` names, at whatever depth they are.

    Args:
        file: UTF-8, whatever its XML declaration says.
        contract: The name of a row's element and the paths of its values.
        is_kept: Holds the rows once they were read; else the file is read again each time they are asked for.

    Raises:
        BrokenError: A body is not well-formed or damaged, or none of its elements is a row.
        DataRefusedError: A body declares a document type, or has a row larger than any record.
    """
    headings = tuple(dict.fromkeys(heading for column in contract.columns for heading in column.headings))
    if not is_kept:
        return TextTable(headings, lambda: _frames(file, contract, headings), headings_are_optional=True)
    frame = pl.concat(_frames(file, contract, headings))
    return TextTable.of_frame(frame, headings, headings_are_optional=True)


def _frames(file: Path, contract: Contract, headings: tuple[str, ...]) -> Iterator[pl.DataFrame]:
    number, held = 1, list[tuple[str | None, ...]]()
    paths = [tuple(heading.split("/")) for heading in headings]
    for row in _Bodies(contract, paths).rows(file):
        held.append(row)
        if len(held) >= _ROWS_AT_ONCE:
            yield _frame(held, number, headings)
            number, held = number + len(held), []
    if held or number == 1:
        yield _frame(held, number, headings)


def _frame(rows: list[tuple[str | None, ...]], first_number: int, headings: tuple[str, ...]) -> pl.DataFrame:
    # Marks of damage may come as character references, which only now are letters.
    refuse_damaged_bytes("\n".join(cell for row in rows for cell in row if cell).encode())
    cells = pl.DataFrame(rows, schema=dict.fromkeys(headings, pl.String()), orient="row")
    numbers = pl.int_range(first_number, first_number + len(rows), dtype=pl.Int64, eager=True)
    return cells.select(numbers.alias(ROW_NUMBER), pl.all(), pl.lit("").alias(SHEET_NAME))


class _Bodies:
    """The bodies of one file, read as the children of one root, so that any number of them may follow each other.

    Args:
        contract: What a row's element is called, and the one in which rows stand.
        paths: Of each value, its path from the row's element.
    """

    def __init__(self, contract: Contract, paths: list[tuple[str, ...]]) -> None:
        self._row_name, self._within = contract.format.rows, contract.format.rows_within
        self._width = len(paths)
        self._wanted = Wanted()
        for place, path in enumerate(paths):
            self._wanted.add(path, place)
        self._beside = {path[path.count(ABOVE)] for path in paths if path[0] == ABOVE}
        # Without comments, a text that one of them parts is still one text.
        self._parser = etree.XMLPullParser(
            events=("start", "end"), encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False,
            huge_tree=False, remove_comments=True, remove_pis=True,
        )  # fmt: skip
        self._body = _Body()
        # Of each open element, whether rows have come in it.
        self._open: list[bool] = []
        # The row that is being read, or the element beside the rows that a path leads to.
        self._whole: etree._Element | None = None
        self._elements, self._bytes = 0, 0
        self._is_type_declared = False

    def rows(self, file: Path) -> Iterator[tuple[str | None, ...]]:
        """The values of every row, in the file's order."""
        yield from self._fed(b"<bodies>")
        with file.open("rb") as stream:
            for block in _without_declarations(stream.read, self._is_between):
                yield from self._fed(block)
        if not self._is_between():
            raise broken("the XML breaks off before its end")
        yield from self._fed(b"</bodies>")

    def _is_between(self) -> bool:
        """Whether what comes next stands between two bodies."""
        return len(self._open) == 1

    def _fed(self, block: bytes) -> Iterator[tuple[str | None, ...]]:
        self._bytes += len(block) if self._whole is not None else 0
        if self._elements > _MOST_ELEMENTS or self._bytes > _MOST_BYTES:
            raise unreadable("a row of the XML is larger than any record")
        refuse_damaged_bytes(block)
        self._is_type_declared = self._is_type_declared or bool(_TYPE_DECLARED.search(block))
        try:
            self._parser.feed(block)
        except etree.XMLSyntaxError as error:
            raise self._malformed(error.lineno) from None
        for event, element in self._parser.read_events():
            if not isinstance(element, etree._Element):  # noqa: SLF001 -- the stub's union; only elements are asked for
                continue
            if event == "start":
                self._start(element)
            else:
                yield from self._end(element)
        if len(self._parser.feed_error_log):
            raise self._malformed(self._parser.feed_error_log[0].line)

    def _start(self, element: etree._Element) -> None:
        self._open.append(False)
        if len(self._open) == 2:  # noqa: PLR2004 (a body begins below the root)
            _refuse_text_between(element.getprevious(), element.getparent())
            self._body = _Body()
        if not self._body.has_rows:
            self._body.see(element, self._row_name, self._within)
        if self._whole is not None:
            self._elements += 1
        elif local_name(element) == self._row_name or local_name(element) in self._beside:
            self._whole, self._elements, self._bytes = element, 0, 0

    def _end(self, element: etree._Element) -> Iterator[tuple[str | None, ...]]:
        self._open.pop()
        if not self._open:
            _refuse_no_body(element)
            return
        if self._whole is None:
            # What lies beside the rows is dropped as it goes by.
            del element[:]
        elif self._whole is element:
            self._whole = None
            if local_name(element) == self._row_name:
                yield from self._row(element)
                del element[:]
            elif self._open[-1]:
                raise broken("an element that a path leads to stands behind the rows to which it belongs")
        if self._whole is None:
            self._drop_before(element)
        if self._is_between() and not self._body.is_known:
            raise self._body.unknown(self._row_name)

    def _row(self, element: etree._Element) -> Iterator[tuple[str | None, ...]]:
        self._open = [True] * len(self._open)
        for row in element.iter(f"{{*}}{self._row_name}"):
            found: list[str | None] = [None] * self._width
            self._wanted.take(row, found)
            yield tuple(found)

    def _drop_before(self, element: etree._Element) -> None:
        previous, parent = element.getprevious(), element.getparent()
        if previous is not None and parent is not None and local_name(previous) not in self._beside:
            parent.remove(previous)

    def _malformed(self, line: int | None) -> DataRefusedError:
        """The parser's message quotes tags and entities, which may be anything that stood behind a < or an &."""
        if self._is_type_declared:
            return unreadable("it declares a document type or an entity, which no record needs and an attack does")
        return broken(f"the XML breaks off or is malformed at line {line or 1}")


@dataclass
class _Body:
    """What was seen of one body until its first row: a body without one must say that there is none.

    Attributes:
        has_rows: Whether a row was seen.
        is_empty: Whether the element was seen in which rows stand, and nothing else in it.
        names: The first names of elements, in their order.
    """

    has_rows: bool = False
    is_empty: bool = False
    names: dict[str, None] = field(default_factory=dict)

    @property
    def is_known(self) -> bool:
        """Whether the body's number of rows is known."""
        return self.has_rows or self.is_empty

    def see(self, element: etree._Element, row_name: str, within: str) -> None:
        """Takes an element into account, as it begins."""
        name, parent = local_name(element), element.getparent()
        self.has_rows = name == row_name
        if name == within:
            self.is_empty = True
        elif within and parent is not None and local_name(parent) == within:
            self.is_empty = False
        if len(self.names) < _NAMES_TOLD:
            self.names[name] = None

    def unknown(self, row_name: str) -> BrokenError:
        """The refusal of a body of which nobody can say how many rows it should have had."""
        names = ", ".join(name if _PROGRAMS_NAME.fullmatch(name) else shape(name) for name in self.names)
        return BrokenError(
            "rows_are_where_declared",
            f"no element {row_name} is in it; elements seen: {names}.",
            "Ask the owner whether the export changed, and correct `rows` in the contract; if a file may hold no row, name "
            "the element in which rows stand under `rows_within`.",
        )


def _without_declarations(read: Callable[[int], bytes], is_between: Callable[[], bool]) -> Iterator[bytes]:
    """The file in blocks, each body's XML declaration left out: the encoding is declared by the contract."""
    held, is_last, inside = b"", False, 0
    while not is_last:
        block = read(_BYTES_AT_ONCE)
        is_last = not block
        held += block
        at = 0
        while (begin := held.find(_DECLARATION_BEGINS, at)) >= 0 and (is_last or len(held) - begin >= _LONGEST):
            yield held[at:begin]
            at = begin
            if not is_between():
                # XML as the text of an element. Each piece is fed on its own, so that many would cost much.
                inside += 1
                if inside > _MOST_ELEMENTS:
                    raise unreadable("the texts in the XML are XML themselves")
            elif declaration := _DECLARATION.match(held, begin):
                at = declaration.end()
                continue
            yield held[at : at + 1]
            at += 1
        # What may be the beginning of a declaration waits for its rest.
        end = len(held) if is_last else begin if begin >= 0 else max(len(held) - len(_DECLARATION_BEGINS), at)
        yield held[at:end]
        held = held[end:]


def _refuse_text_between(previous: etree._Element | None, root: etree._Element | None) -> None:
    """What stands between two bodies is no record of any, such as the message of a server that broke off."""
    text = previous.tail if previous is not None else root.text if root is not None else None
    if text is not None and not _BETWEEN.fullmatch(text):
        raise broken("the XML breaks off or is malformed at its beginning, or between two bodies")


def _refuse_no_body(root: etree._Element) -> None:
    bodies = list(root)
    _refuse_text_between(bodies[-1] if bodies else None, root)
    if not bodies:
        raise broken("the XML breaks off or is malformed at its beginning")
