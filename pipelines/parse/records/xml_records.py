"""Reads XML bodies such as call detail records, row by row: only one row and its ancestors are ever held.

A column's heading is the path of its value from the row's element: `callLeg/@id`, `../@session`. Names are compared
without their namespace. Bodies may follow each other in one file. No document type is accepted, so that no entity can
be declared, expanded or fetched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
from lxml import etree

from pipelines.contracts import Contract
from pipelines.errors import DataRefusedError
from pipelines.parse.text_table import ROW_NUMBER, SHEET_NAME, TextTable, unreadable
from pipelines.parse.texts.damage import refuse_damaged_bytes

_BYTES_AT_ONCE = 64 * 1024
_ROWS_AT_ONCE = 20_000
_MOST_ELEMENTS = 20_000
_MOST_BYTES = 16 * 1024 * 1024
_DECLARATION_BEGINS = b"<?xml"
_DECLARATION = re.compile(rb"<\?xml\s[^>]{0,200}\?>")
_LONGEST = 256
_BETWEEN = re.compile(r"[\s\ufeff]*")
_TYPE_DECLARED = re.compile(rb"<!DOCTYPE|<!ENTITY")
_SEVERAL = "; "
_ABOVE = ".."


def read_xml(file: Path, contract: Contract, *, is_kept: bool = True) -> TextTable:
    """Reads the elements that `rows` names, at whatever depth they are.

    Args:
        file: UTF-8, whatever its XML declaration says.
        contract: The name of a row's element and the paths of its values.
        is_kept: Holds the rows once they were read; else the file is read again each time they are asked for.

    Raises:
        DataRefusedError: A body is not well-formed, declares a document type, or has a row larger than any record.
    """
    headings = tuple(dict.fromkeys(heading for column in contract.columns for heading in column.headings))
    if not is_kept:
        return TextTable(headings, lambda: _frames(file, contract, headings), headings_are_optional=True)
    frame = pl.concat(_frames(file, contract, headings))
    return TextTable.of_frame(frame, headings, headings_are_optional=True)


def _frames(file: Path, contract: Contract, headings: tuple[str, ...]) -> Iterator[pl.DataFrame]:
    number, held = 1, list[tuple[str | None, ...]]()
    paths = [tuple(heading.split("/")) for heading in headings]
    for row in _Bodies(contract.format.rows, paths).rows(file):
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
        row_name: Name of a row's element.
        paths: Of each value, its path from there.
    """

    def __init__(self, row_name: str, paths: list[tuple[str, ...]]) -> None:
        self._row_name = row_name
        self._width = len(paths)
        self._wanted = _Wanted()
        for place, path in enumerate(paths):
            self._wanted.add(path, place)
        self._beside = {path[path.count(_ABOVE)] for path in paths if path[0] == _ABOVE}
        # Without comments, a text that one of them parts is still one text.
        self._parser = etree.XMLPullParser(
            events=("start", "end"), encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False,
            huge_tree=False, remove_comments=True, remove_pis=True,
        )  # fmt: skip
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
            raise unreadable("the XML breaks off before its end")
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
        if self._whole is not None:
            self._elements += 1
        elif _local(element) == self._row_name or _local(element) in self._beside:
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
            if _local(element) == self._row_name:
                yield from self._row(element)
                del element[:]
            elif self._open[-1]:
                raise unreadable("an element that a path leads to stands behind the rows to which it belongs")
        if self._whole is None:
            self._drop_before(element)

    def _row(self, element: etree._Element) -> Iterator[tuple[str | None, ...]]:
        self._open = [True] * len(self._open)
        for row in element.iter(f"{{*}}{self._row_name}"):
            found: list[str | None] = [None] * self._width
            self._wanted.take(row, found)
            yield tuple(found)

    def _drop_before(self, element: etree._Element) -> None:
        previous, parent = element.getprevious(), element.getparent()
        if previous is not None and parent is not None and _local(previous) not in self._beside:
            parent.remove(previous)

    def _malformed(self, line: int | None) -> DataRefusedError:
        """The parser's message quotes tags and entities, which may be anything that stood behind a < or an &."""
        if self._is_type_declared:
            return unreadable("it declares a document type or an entity, which no record needs and an attack does")
        return unreadable(f"the XML breaks off or is malformed at line {line or 1}")


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


class _Wanted:
    """Which values are wanted below an element, so that it is walked once however many there are.

    Attributes:
        text: The value's place, if the element's own text is wanted.
        attributes: Name and place of each wanted attribute.
        above: What is wanted of its parent.
        inner: What is wanted of its children, by name.
    """

    def __init__(self) -> None:
        self.text: int | None = None
        self.attributes: list[tuple[str, int]] = []
        self.above: _Wanted | None = None
        self.inner: dict[str, _Wanted] = {}

    def add(self, path: tuple[str, ...], place: int) -> None:
        """Wants the value at a path."""
        if not path:
            self.text = place
        elif path[0].startswith("@"):
            self.attributes.append((path[0][1:], place))
        elif path[0] == _ABOVE:
            self.above = self.above or _Wanted()
            self.above.add(path[1:], place)
        else:
            self.inner.setdefault(path[0], _Wanted()).add(path[1:], place)

    def take(self, element: etree._Element, found: list[str | None]) -> None:
        """Puts what is wanted in its place; several texts are joined, so that none is chosen in silence."""
        for name, place in self.attributes:
            _put(_attribute(element, name), place, found)
        if self.text is not None:
            _put(_text(element), self.text, found)
        if self.above is not None and (parent := element.getparent()) is not None:
            self.above.take(parent, found)
        if self.inner:
            for child in element:
                if wanted := self.inner.get(_local(child)):
                    wanted.take(child, found)


def _put(text: str | None, place: int, found: list[str | None]) -> None:
    if text is not None:
        before = found[place]
        found[place] = text if before is None else f"{before}{_SEVERAL}{text}"


def _attribute(node: etree._Element, name: str) -> str | None:
    value = node.get(name)
    if value is None:
        return next((str(own) for key, own in node.items() if str(key).endswith(f"}}{name}")), None)
    return str(value)


def _text(node: etree._Element) -> str | None:
    """An element's own text and what its branches hold of it; a branch that only holds elements has none."""
    text = node.text
    if not len(node) or text is None or not text.strip():
        return None if text is None or (len(node) and not text.strip()) else str(text)
    return "".join(map(str, node.itertext()))


def _local(element: etree._Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _refuse_text_between(previous: etree._Element | None, root: etree._Element | None) -> None:
    """What stands between two bodies is no record of any, such as the message of a server that broke off."""
    text = previous.tail if previous is not None else root.text if root is not None else None
    if text is not None and not _BETWEEN.fullmatch(text):
        raise unreadable("the XML breaks off or is malformed at its beginning, or between two bodies")


def _refuse_no_body(root: etree._Element) -> None:
    bodies = list(root)
    _refuse_text_between(bodies[-1] if bodies else None, root)
    if not bodies:
        raise unreadable("the XML breaks off or is malformed at its beginning")
