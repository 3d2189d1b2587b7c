"""Puts known names, telephone and ID numbers into the text fields of raw exports, each format by its own plain means.

Not with the reader's code: a file is changed as its bytes lie, so that what is planted is where a typist would put it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from html import escape
from io import BytesIO
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
        values: What to plant.
        every: One row in so many, counted through all files, gets one planted cell, each time of another field.
        most_a_file: Most cells of one field in one file: with few of them no column counts as retyped.

    Attributes:
        planted: What was planted.
        fields: How often by field, as the file calls it; 0 for one that was seen and not reached.
    """

    def __init__(self, values: Iterator[str], every: int, most_a_file: int) -> None:
        self._most = most_a_file
        self._values = values
        self._turn = self._row = 0
        self.every = every
        self.planted: list[str] = []
        self.fields: Counter[str] = Counter()

    def next(self, field: str) -> str:
        """The next text, for that field."""
        self.planted.append(next(self._values))
        self.fields[field] += 1
        return self.planted[-1]

    def places(self, rows: Sequence[Sequence[str]]) -> Iterator[tuple[int, int, str]]:
        """Row, place in it, and field of each cell to change.

        Args:
            rows: Of each row the fields that it has; which one is changed goes round, by field and not by place.
        """
        names = list(dict.fromkeys(field for row in rows for field in row))
        self.fields.update(dict.fromkeys(names, 0))
        here: Counter[str] = Counter()
        for row, own in enumerate(rows):
            self._row += 1
            if not own or self._row % self.every:
                continue
            in_turn = (names[(self._turn + step) % len(names)] for step in range(len(names)))
            wanted = next((name for name in in_turn if name in own and here[name] < self._most), None)
            if wanted is None:
                continue
            here[wanted] += 1
            self._turn = names.index(wanted) + 1
            yield row, own.index(wanted), wanted


def in_csv(content: bytes, planter: Planter) -> bytes:
    """Cells of a CSV without quotes, its headings left alone."""
    lines = content.decode().splitlines(keepends=False)
    delimiter = ";" if lines[0].count(";") > lines[0].count(",") else ","
    rows = [line.split(delimiter) for line in lines[1:]]
    fields = lines[0].removeprefix("\ufeff").split(delimiter)
    for row, column, field in planter.places([fields for _ in rows]):
        rows[row][column] = planter.next(field)
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
    for row, column, field in planter.places([[path for _, _, path in own] for own in fields]):
        holder, key, _ = fields[row][column]
        holder[key] = planter.next(field)
    return "\n".join(json.dumps(document, ensure_ascii=False) for document in documents).encode()


def _fields(record: dict[str, object], above: str = "") -> Iterator[tuple[dict[str, object], str, str]]:
    for key, value in record.items():
        if isinstance(value, dict):
            yield from _fields(value, f"{above}{key}.")
        elif not isinstance(value, list):
            yield record, key, above + key


def in_xml_zip(content: bytes, planter: Planter) -> bytes:
    """Attributes and texts of the records in a zip of XML bodies."""
    source, target = ZipFile(BytesIO(content)), BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED) as out:
        for name in source.namelist():
            out.writestr(name, _by_record(source.read(name).decode(), planter))
    return target.getvalue()


_RECORD = re.compile(r"<record\b.*?</record>", re.DOTALL)
_XML_VALUE = re.compile(r'(?P<attribute>\w+)="(?P<value>[^"<>]+)"|<(?P<tag>\w+)>(?P<text>[^<>\s][^<>]*)</')


def _by_record(body: str, planter: Planter) -> str:
    records = list(_RECORD.finditer(body))
    values = [list(_XML_VALUE.finditer(record.group())) for record in records]
    fields = [
        ["@" + (found["attribute"] or "") if found["attribute"] else found["tag"] for found in own] for own in values
    ]
    changed = body
    for row, column, field in reversed(list(planter.places(fields))):
        start, found = records[row].start(), values[row][column]
        first, last = found.span("value" if found["attribute"] else "text")
        changed = changed[: start + first] + escape(planter.next(field)) + changed[start + last :]
    return changed


_TABLE_ROW = re.compile(r"<tr\b.*?</tr>", re.DOTALL)
_CELL = re.compile(r"(?<=>)[^<>]*(?=</td>)")


def in_html(content: bytes, planter: Planter) -> bytes:
    """Cells of a table's rows; headings (`th`) stay."""
    text = content.decode()
    rows = [row for row in _TABLE_ROW.finditer(text) if len(_CELL.findall(row.group())) > 5]
    cells = [list(_CELL.finditer(row.group())) for row in rows]
    fields = [[f"column {place}" for place in range(1, len(own) + 1)] for own in cells]
    for row, column, field in reversed(list(planter.places(fields))):
        first, last = cells[row][column].span()
        start = rows[row].start()
        text = text[: start + first] + escape(planter.next(field)) + text[start + last :]
    return text.encode()


_SHEET_ROW = re.compile(r'<row r="(?P<number>[0-9]+)"[^>]*>.*?</row>', re.DOTALL)
_SHEET_CELL = re.compile(r'<c r="(?P<column>[A-Z]+)[0-9]+"[^>]*?(?:/>|>.*?</c>)', re.DOTALL)


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
    # Cells that are empty may be left out of a row: any with more than half of them is one of data.
    full = [row for row in rows if len(_SHEET_CELL.findall(row.group())) * 2 > widest][1:]
    cells = [list(_SHEET_CELL.finditer(row.group())) for row in full]
    fields = [[_sheet_column(cell) for cell in own] for own in cells]
    for row, column, field in reversed(list(planter.places(fields))):
        first, last = cells[row][column].span()
        start = full[row].start()
        place = f"{field}{full[row]['number']}"
        new = f'<c r="{place}" t="inlineStr"><is><t>{escape(planter.next(field))}</t></is></c>'
        sheet = sheet[: start + first] + new + sheet[start + last :]
    return sheet


def _sheet_column(cell: re.Match[str]) -> str:
    return cell["column"]


PLANTERS: dict[str, Callable[[bytes, Planter], bytes]] = {
    "csv": in_csv, "json": in_json, "xml": in_xml_zip, "html": in_html, "xlsx": in_xlsx,
}  # fmt: skip
