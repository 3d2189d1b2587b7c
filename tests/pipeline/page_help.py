"""Reads the page as people and browsers do: texts of one language, figures as numbers, data files as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
from lxml import html

Element = Any  # lxml.html has no types
ABSENT, EMPTY = "chưa có", "không phát sinh"
_NUMBER = re.compile(r"[+\N{MINUS SIGN}-]?\d{1,3}(?:\.\d{3})*(?:,\d+)?")


@dataclass(frozen=True)
class Site:
    """A site and the published file that it was made from."""

    folder: Path
    published: Path

    def page(self, name: str) -> Element:
        """A page, parsed, without its English."""
        return vietnamese(html.fromstring((self.folder / name).read_bytes()))

    def pages(self) -> Iterator[tuple[str, str]]:
        """Name and source of every page."""
        for file in sorted(self.folder.rglob("*.html")):
            yield str(file.relative_to(self.folder)), file.read_text(encoding="utf-8")

    def data(self, name: str) -> Any:
        """What a data file assigns."""
        text = (self.folder / "data" / f"{name}.js").read_text(encoding="utf-8")
        start = f'khotinh.data["{name}"] = '
        assert text.startswith(start)
        return json.loads(text.removeprefix(start).rstrip().removesuffix(";"))

    def ask(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Asks the published file."""
        return self._connection.execute(query, parameters).fetchall()

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self.published), read_only=True)


def vietnamese(page: Element) -> Element:
    """The page without what is there for readers of English only."""
    page = deepcopy(page)
    for english in page.xpath("//span[@lang='en' and not(contains(@class, 'always'))]"):
        english.drop_tree()
    return page


def text(element: Element) -> str:
    """Its text with single spaces; unbreakable ones are spaces too."""
    return " ".join(element.text_content().split())


def figure(words: str) -> Decimal:
    """`1.234,5 hồ sơ` as 1234.5, `−24,0 điểm %` as -24.0."""
    found = _NUMBER.search(words)
    assert found, words
    return Decimal(found[0].replace(".", "").replace(",", ".").replace("\N{MINUS SIGN}", "-"))
