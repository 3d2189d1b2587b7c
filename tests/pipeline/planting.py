"""Puts known names, telephone and ID numbers into the text fields of raw exports, each format by its own plain means.

Not with the reader's code: a file is changed as its bytes lie, so that what is planted is where a typist would put it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from html import escape
from io import BytesIO
from itertools import cycle
from zipfile import ZIP_DEFLATED, ZipFile

FAMILIES = ("Quách", "Lữ", "Tào", "Kha", "Ngân", "Hắc", "Lộc", "Mạc", "Khuất", "Thiều")
MIDDLES = ("Kỳ", "Trọng", "Diệu", "Bảo", "Gia", "Tường")
GIVENS = ("Nghiêm", "Quyên", "Thạch", "Khuê", "Đoan", "Vũ Hạ", "Tấn", "Nghị", "Phương")


def persons(count: int = 500) -> list[str]:
    """Names, mobile numbers in several spellings, and personal ID numbers, in turn: nobody's."""
    found = []
    for number in range(count):
        name = f"{FAMILIES[number % 10]} {MIDDLES[number // 10 % 6]} {GIVENS[number // 60 % 9]}"
        phone, identity = f"0987{number:06d}", f"038099{number:06d}"
        spelled = (f"{phone[:4]} {phone[4:7]} {phone[7:]}", phone, f"+84{phone[1:]}")[number % 3]
        found.append((name, spelled, identity)[number % 3] if number % 4 else f"{name} {phone}")
    return found


class Planter:
    """Hands planted texts out one after the other.

    Args:
        values: What to plant, over and over.
        every: One row in so many gets one planted cell; the column moves on by one each time.
    """

    def __init__(self, values: list[str], every: int) -> None:
        self._values = cycle(values)
        self.every = every
        self.planted: list[str] = []

    def next(self) -> str:
        """The next text."""
        self.planted.append(next(self._values))
        return self.planted[-1]

    def places(self, widths: Iterator[int]) -> Iterator[tuple[int, int]]:
        """Row and column of each cell to change."""
        turn = 0
        for row, width in enumerate(widths):
            if width and row % self.every == self.every // 2:
                yield row, turn % width
                turn += 1


def in_csv(content: bytes, planter: Planter) -> bytes:
    """Cells of a CSV without quotes, its headings left alone."""
    lines = content.decode().splitlines(keepends=False)
    delimiter = ";" if lines[0].count(";") > lines[0].count(",") else ","
    rows = [line.split(delimiter) for line in lines[1:]]
    for row, column in planter.places(len(cells) for cells in rows):
        rows[row][column] = planter.next()
    return "\n".join([lines[0], *(delimiter.join(cells) for cells in rows), ""]).encode()


def in_json(content: bytes, planter: Planter) -> bytes:
    """Texts, nulls and flags of the records of JSON documents; a page's frame and its numbers stay."""
    documents, decoder, text, position = [], json.JSONDecoder(), content.decode(), 0
    while position < len(text):
        document, position = decoder.raw_decode(text, position)
        documents.append(document)
        while position < len(text) and text[position].isspace():
            position += 1
    records = [item for document in documents for item in document.get("items", [document])]
    fields = [list(_fields(record)) for record in records]
    for row, column in planter.places(len(own) for own in fields):
        holder, key = fields[row][column]
        holder[key] = planter.next()
    return "\n".join(json.dumps(document, ensure_ascii=False) for document in documents).encode()


def _fields(record: dict[str, object]) -> Iterator[tuple[dict[str, object], str]]:
    for key, value in record.items():
        if isinstance(value, dict):
            yield from _fields(value)
        elif not isinstance(value, list):
            yield record, key


def in_xml_zip(content: bytes, planter: Planter) -> bytes:
    """Attributes and texts of the records in a zip of XML bodies."""
    source, target = ZipFile(BytesIO(content)), BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED) as out:
        for name in source.namelist():
            out.writestr(name, _by_record(source.read(name).decode(), planter))
    return target.getvalue()


_RECORD = re.compile(r"<record\b.*?</record>", re.DOTALL)
_XML_VALUE = re.compile(r'(?<=")[^"<>]+(?=")|(?<=>)[^<>\s][^<>]*(?=<)')


def _by_record(body: str, planter: Planter) -> str:
    records = list(_RECORD.finditer(body))
    values = [list(_XML_VALUE.finditer(record.group())) for record in records]
    changed = body
    for row, column in reversed(list(planter.places(len(own) for own in values))):
        start = records[row].start()
        first, last = values[row][column].span()
        changed = changed[: start + first] + escape(planter.next()) + changed[start + last :]
    return changed


_TABLE_ROW = re.compile(r"<tr\b.*?</tr>", re.DOTALL)
_CELL = re.compile(r"(?<=>)[^<>]+(?=</td>)")


def in_html(content: bytes, planter: Planter) -> bytes:
    """Cells of a table's rows; headings (`th`) stay."""
    text = content.decode()
    rows = [row for row in _TABLE_ROW.finditer(text) if len(_CELL.findall(row.group())) > 5]
    cells = [list(_CELL.finditer(row.group())) for row in rows]
    for row, column in reversed(list(planter.places(len(own) for own in cells))):
        first, last = cells[row][column].span()
        start = rows[row].start()
        text = text[: start + first] + escape(planter.next()) + text[start + last :]
    return text.encode()


_SHEET_ROW = re.compile(r"<row\b[^>]*>(.*?)</row>", re.DOTALL)
_SHEET_CELL = re.compile(r'<c r="[A-Z]+[0-9]+"[^>]*?(?:/>|>.*?</c>)', re.DOTALL)


def in_xlsx(content: bytes, planter: Planter) -> bytes:
    """Cells of the first sheet's full rows, as texts of their own; the rows above and the heading stay."""
    source, target = ZipFile(BytesIO(content)), BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED) as out:
        for name in source.namelist():
            part = source.read(name)
            out.writestr(name, _in_sheet(part.decode(), planter) if name == "xl/worksheets/sheet1.xml" else part)
    return target.getvalue()


def _in_sheet(sheet: str, planter: Planter) -> str:
    rows = list(_SHEET_ROW.finditer(sheet))
    widest = max(len(_SHEET_CELL.findall(row.group())) for row in rows)
    full = [row for row in rows if len(_SHEET_CELL.findall(row.group())) == widest][1:]
    cells = [list(_SHEET_CELL.finditer(row.group())) for row in full]
    for row, column in reversed(list(planter.places(len(own) for own in cells))):
        first, last = cells[row][column].span()
        start = full[row].start()
        place = re.search(r'r="([A-Z]+[0-9]+)"', cells[row][column].group())
        assert place is not None
        new = f'<c r="{place.group(1)}" t="inlineStr"><is><t>{escape(planter.next())}</t></is></c>'
        sheet = sheet[: start + first] + new + sheet[start + last :]
    return sheet


PLANTERS: dict[str, Callable[[bytes, Planter], bytes]] = {
    "csv": in_csv, "json": in_json, "xml": in_xml_zip, "html": in_html, "xlsx": in_xlsx,
}  # fmt: skip
