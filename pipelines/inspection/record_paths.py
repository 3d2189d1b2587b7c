"""Where the rows lie in JSON and XML of which no contract speaks: the longest list of records, and the paths in it.

Values are never looked at. The layout's own reader reads the rows; here is only found what to tell it.
"""

from __future__ import annotations

import codecs
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from lxml import etree

from pipelines.parse.text_table import unreadable

_DECLARATION = re.compile(rb"<\?xml\s[^>]{0,200}\?>")
_RECORDS_LOOKED_AT = 1_000
_DEEPEST = 8


def json_rows_path(files: Sequence[Path]) -> str:
    """The dotted path of the longest list of objects; empty where each document is a row itself.

    Raises:
        DataRefusedError: It is no JSON.
    """
    found: Counter[str] = Counter()
    for file in files:
        for document in _documents(file):
            _count_lists(document, "", found)
    return found.most_common(1)[0][0] if found else ""


def _documents(file: Path) -> Iterator[Any]:
    decoder = json.JSONDecoder()
    try:
        text = file.read_text(encoding="utf-8-sig").strip()
        while text:
            document, end = decoder.raw_decode(text)
            yield document
            if isinstance(document, dict) and not any(isinstance(value, dict | list) for value in document.values()):
                # Lines of flat records: none of them will hold a list.
                return
            text = text[end:].lstrip()
    except UnicodeDecodeError as error:
        raise unreadable(f"it is not UTF-8: {error.reason}") from None
    except json.JSONDecodeError as error:
        raise unreadable(f"the JSON breaks off or is malformed at character {error.pos}") from None
    except RecursionError:
        raise unreadable("the JSON is nested deeper than any record") from None


def _count_lists(value: Any, path: str, found: Counter[str], depth: int = 0) -> None:  # noqa: ANN401 (JSON)
    """Lists inside of a record are its own: only those on the way to the rows are counted."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        records = sum(isinstance(one, dict) for one in value)
        if records and records == len(value):
            found[path] += records
    elif isinstance(value, dict):
        for key, inner in value.items():
            if "." not in key:
                _count_lists(inner, f"{path}.{key}" if path else key, found, depth + 1)


def xml_rows_and_paths(files: Sequence[Path]) -> tuple[str, str, tuple[str, ...]]:
    """The element that stands most often beside its like, the one that holds nothing but such, and the rows' paths.

    What holds other elements too, or is called otherwise elsewhere, says nothing when no row is in it: it is left empty.

    Raises:
        DataRefusedError: A body is not well-formed, or there is no element that holds something.
    """
    roots = [_root(body) for body in _bodies(files)]
    row = _row_element(roots)
    paths: dict[str, None] = {}
    holders: dict[etree._Element | None, str] = {}
    seen = 0
    for root in roots:
        for element in root.iter(f"{{*}}{row}"):
            seen += 1
            if seen > _RECORDS_LOOKED_AT:
                break
            parent = element.getparent()
            if parent not in holders:
                holders[parent] = _holder(parent, row)
            paths.update(dict.fromkeys(f"../@{name}" for name in _attributes(parent)) if parent is not None else {})
            _collect(element, "", paths)
    within = set(holders.values())
    return row, within.pop() if len(within) == 1 else "", tuple(paths)


def _holder(parent: etree._Element | None, row: str) -> str:
    if parent is None or any(isinstance(child.tag, str) and _local(child.tag) != row for child in parent):
        return ""
    return _local(str(parent.tag))


def _collect(element: etree._Element, prefix: str, paths: dict[str, None], depth: int = 0) -> None:
    paths.update(dict.fromkeys(f"{prefix}@{name}" for name in _attributes(element)))
    for child in element:
        if not isinstance(child.tag, str) or depth > _DEEPEST:
            continue
        if child.text and child.text.strip():
            paths[f"{prefix}{_local(child.tag)}"] = None
        _collect(child, f"{prefix}{_local(child.tag)}/", paths, depth + 1)


def _attributes(element: etree._Element) -> list[str]:
    return [_local(str(name)) for name in element.attrib]


def _local(name: str) -> str:
    """Without its namespace, as the reader compares names."""
    return name.rpartition("}")[2]


def _row_element(roots: list[etree._Element]) -> str:
    """The tag with the most siblings of its own kind that hold something; of several, the outermost."""
    best: tuple[int, int, str] | None = None
    for root in roots:
        for parent in root.iter():
            depth = sum(1 for _ in parent.iterancestors())
            if not isinstance(parent.tag, str) or depth > _DEEPEST:
                continue
            tags = Counter(
                _local(child.tag) for child in parent if isinstance(child.tag, str) and (len(child) or child.attrib)
            )
            for tag, count in tags.most_common(1):
                if best is None or (count, -depth) > best[:2]:
                    best = count, -depth, tag
    if best is None:
        raise unreadable("no element in it holds a record")
    return best[2]


def _root(body: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, encoding="utf-8")
    try:
        return etree.fromstring(body.lstrip(), parser)
    except etree.XMLSyntaxError as error:
        raise unreadable(f"the XML breaks off or is malformed at line {error.lineno or 1}") from None


def _bodies(files: Sequence[Path]) -> Iterator[bytes]:
    """The bodies, which may follow each other in one file."""
    for file in files:
        pieces = _DECLARATION.split(file.read_bytes().removeprefix(codecs.BOM_UTF8))
        yield from (piece for piece in pieces if piece.strip())
