"""From the first page to the last: where each next one is asked for, and how the end is told.

What a page must hold, and whether all pages together are whole, is `pages`' business.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass

from pipelines.contracts import Cursors, HttpPages, Links, Offsets, PageNumbers

MOST_PAGES = 20_000
"""Bound on one reading: a source that never comes to its end is not read for ever."""


@dataclass(frozen=True)
class Page:
    """One page.

    Attributes:
        body: As it came.
        row_hashes: One number a row, in order.
        total: Rows that the source says there are in all; None if it does not say.
        following: What the next page is asked by, of a source that says so; None if this is the last.
    """

    body: bytes
    row_hashes: tuple[int, ...]
    total: int | None
    following: str | None = None


Ask = Callable[[str | None], Page]
"""Asks for the page of a number, an offset, a cursor or an address; None is the first one of a source that tells."""


class EndlessError(Exception):
    """The pages lead nowhere; the message says how."""


def walk(source: HttpPages, ask: Ask, pool: Executor, at_once: int) -> Iterator[Page]:
    """The pages in order, as far as they are needed one after the other, up to `at_once` of them together.

    Raises:
        EndlessError: Pages follow each other in a circle, or without end.
    """
    match source.paging:
        case PageNumbers() as paging if source.total is not None:
            pages = _counted(ask, paging.first, lambda _: 1, pool, at_once)
        case Offsets() if source.total is not None:
            pages = _counted(ask, 0, lambda first: len(first.row_hashes), pool, at_once)
        case PageNumbers() as paging:
            pages = _until_empty(ask, paging.first, lambda _: 1, paging.full_page)
        case Offsets() as paging:
            pages = _until_empty(ask, 0, lambda page: len(page.row_hashes), paging.full_page)
        case Cursors() | Links():
            pages = _told(ask)
    before: Page | None = None
    for number, page in enumerate(pages, start=1):
        if number > MOST_PAGES:
            raise EndlessError(f"there are more than {MOST_PAGES} pages")
        if before is not None and page.row_hashes and page.row_hashes == before.row_hashes:
            raise EndlessError(f"page {number} holds the rows of the page before it once more")
        yield page
        before = page


def _counted(ask: Ask, start: int, step_of: Callable[[Page], int], pool: Executor, at_once: int) -> Iterator[Page]:
    """Until as many rows have come as there are in all, or a page is empty. Memory holds one batch at most."""
    first = ask(str(start))
    yield first
    total, row_count, step = first.total or 0, len(first.row_hashes), step_of(first)
    position = start + step
    while 0 < row_count < total:
        missing_pages = math.ceil((total - row_count) / len(first.row_hashes))
        positions = [position + step * number for number in range(min(missing_pages, at_once))]
        for page in pool.map(ask, map(str, positions)):
            if not page.row_hashes:
                return
            yield page
            row_count += len(page.row_hashes)
        position = positions[-1] + step


def _until_empty(ask: Ask, start: int, step_of: Callable[[Page], int], full_page: int | None) -> Iterator[Page]:
    """Until a page is empty, or holds fewer rows than a full one; that one is told too, for it proves the end."""
    position = start
    while True:
        page = ask(str(position))
        yield page
        if len(page.row_hashes) < (full_page or 1):
            return
        position += step_of(page)


def _told(ask: Ask) -> Iterator[Page]:
    """Until a page names no next one."""
    page = ask(None)
    yield page
    seen: set[str] = set()
    while page.following is not None:
        if page.following in seen:
            raise EndlessError(f"page {len(seen) + 1} leads back to an earlier one")
        seen.add(page.following)
        page = ask(page.following)
        yield page
