"""Rows that come page by page as JSON, with a total to check against.

The pages' bodies are written exactly as they came, in page order, a newline between them: the file is evidence.
Rows are counted and told apart here, and read nowhere but in `parse`.

A set that changes while it is paged may keep its total: a row slips to a page that was read already, and its neighbour
comes twice in its place. So rows that stand on two pages are believed only if the next pull finds the same ones there.
"""

from __future__ import annotations

import functools
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import BinaryIO

import httpx
import orjson

from pipelines.contracts import HttpPages
from pipelines.errors import DataRefusedError, TransientError
from pipelines.extract.delivery import LARGEST_FILE_BYTES, Delivery, Order, private_file, too_large
from pipelines.extract.http import HttpSystem, open_system

MOST_PULLS = 3
"""A set that moves while it is paged is pulled again from its first page, so often in all."""


@dataclass(frozen=True)
class _Page:
    body: bytes
    row_count: int
    total: int
    row_hashes: frozenset[int]


@dataclass(frozen=True)
class _Pulled:
    total: int
    is_whole: bool
    on_two_pages: frozenset[int] = frozenset()


class _MovedError(Exception):
    """The set changed between two pages; the message says how."""


def pull_pages(source: HttpPages, order: Order) -> Delivery:
    """Pulls every page into one file.

    Rows that still do not agree with the declared total in the last pull are delivered all the same: the file is
    evidence, and the verdict on it is `validate`'s.

    Raises:
        DataRefusedError: An answer has not the contract's shape.
        TransientError, PermanentError: As `HttpSystem.get` says; transient too if the set moves in every pull.
    """
    file = order.file(".json")
    seen_twice: frozenset[int] = frozenset()
    difference = ""
    with (
        open_system(order.settings.http(source.connection), order.settings, order.dataset) as system,
        ThreadPoolExecutor(order.settings.http_connections, thread_name_prefix="pages") as pool,
    ):
        for pull in range(1, MOST_PULLS + 1):
            try:
                with private_file(file) as handle:
                    pulled = _write_pages(source, order, system, pool, handle)
            except _MovedError as moved:
                difference = str(moved)
            else:
                is_settled = pulled.on_two_pages <= seen_twice
                seen_twice, difference = pulled.on_two_pages, "rows wander from page to page"
                if is_settled and (pulled.is_whole or pull == MOST_PULLS):
                    return Delivery(file, file.name, system.shown(order.path, order.query), declared_rows=pulled.total)
    raise TransientError(
        f"{order.dataset} {order.partition.key}: {difference}, in the last of {MOST_PULLS} pulls.",
        "Run again when the source is quiet.",
    )


def _write_pages(
    source: HttpPages, order: Order, system: HttpSystem, pool: ThreadPoolExecutor, handle: BinaryIO
) -> _Pulled:
    """Writes all pages. They come a batch at a time, so that memory holds one batch at most."""
    ask = functools.partial(_ask_page, source, order, system)
    first = ask(1)
    handle.write(first.body)
    row_count, size, next_page = first.row_count, len(first.body), 2
    seen, on_two_pages = set(first.row_hashes), set[int]()
    while row_count < first.total:
        missing_pages = math.ceil((first.total - row_count) / max(first.row_count, 1))
        batch = range(next_page, next_page + min(missing_pages, order.settings.http_connections))
        next_page = batch.stop
        for number, page in zip(batch, pool.map(ask, batch), strict=True):
            if page.total != first.total:
                raise _MovedError(f"the total went from {first.total} to {page.total} between page 1 and {number}")
            if page.row_count == 0:
                return _Pulled(first.total, is_whole=False, on_two_pages=frozenset(on_two_pages))
            on_two_pages |= seen & page.row_hashes
            seen |= page.row_hashes
            row_count, size = row_count + page.row_count, size + len(page.body)
            if size > LARGEST_FILE_BYTES:
                raise too_large(order.dataset, system.address(order.path))
            handle.write(b"\n")
            handle.write(page.body)
    return _Pulled(first.total, is_whole=row_count == first.total, on_two_pages=frozenset(on_two_pages))


def _ask_page(source: HttpPages, order: Order, system: HttpSystem, number: int) -> _Page:
    def receive(response: httpx.Response) -> _Page:
        body = b"".join(system.pieces(order.path, response))
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            # Cut off, or a proxy's page of apology: both pass. A page that says another thing than agreed does not.
            raise system.broken(order.path, f"gave a page {number} that is not whole JSON") from error
        rows, total = _at(document, source.rows), _at(document, source.total)
        if not isinstance(rows, list):
            raise _misshapen(order, number, source.rows, "a list")
        if not isinstance(total, int) or isinstance(total, bool) or total < 0:
            raise _misshapen(order, number, source.total, "a count")
        return _Page(body, len(rows), total, frozenset(hash(orjson.dumps(row)) for row in rows))

    return system.get(order.path, {**order.query, source.page_parameter: str(number)}, receive)


def _at(document: object, path: str) -> object:
    """The value at a path of keys joined by dots; None where there is none."""
    for key in path.split("."):
        document = document.get(key) if isinstance(document, dict) else None
    return document


def _misshapen(order: Order, number: int, key: str, kind: str) -> DataRefusedError:
    return DataRefusedError(
        "page_shape",
        f"{order.dataset} {order.partition.key}: page {number} has no `{key}` that is {kind}.",
        "Ask the source's owner what has changed in the API, or correct the contract's source.",
    )
