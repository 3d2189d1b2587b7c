"""Rows that come page by page as JSON, and the proof that none was lost on the way.

The pages' bodies are written exactly as they came, in page order, a newline between them: the file is evidence.
Rows are counted and told apart here, and read nowhere but in `parse`.

A set that changes while it is read may lose a row and show nothing of it: a record leaves an early page, all others
move up by one, the first of the next page slips to a page that was read already. If another record comes at the end,
even the total holds. What proves that nothing was lost is a second reading with the same rows: a reading during which
the set stood still has them all, so if one of the two was such, both are whole. Two readings that lose the same rows
would need the set to leave, come back and leave again in step with the pages. Rows that all come in one answer need no
second one. Of a source whose contract says `proof: total`, a reading is believed that has the declared number of rows
and none twice.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import BinaryIO

import httpx
import orjson

from pipelines.contracts import Cursors, HttpPages, Links, Offsets, PageNumbers
from pipelines.errors import DataRefusedError, PermanentError, TransientError
from pipelines.extract.delivery import LARGEST_FILE_BYTES, Delivery, Order, private_file, too_large, without_credentials
from pipelines.extract.web.calls import Question, same_origin
from pipelines.extract.web.http import HttpSystem, open_system
from pipelines.extract.web.json_path import at
from pipelines.extract.web.page_walk import EndlessError, Page, walk

MOST_READINGS = 4
"""A set that moves while it is read is read again from its first page, so often in all. One that moves once, even
during the second reading, has two readings left that must agree."""


@dataclass(frozen=True)
class _Reading:
    """What one reading of all pages found.

    Attributes:
        rows: How often each row stands there, by its hash.
        total: What the source declares.
        page_count: How many answers it was put together of.
    """

    rows: Counter[int]
    total: int | None
    page_count: int = field(compare=False)

    @property
    def is_one_answer(self) -> bool:
        """Whether nothing could move between two pages: all rows came at once."""
        return self.page_count == 1 and self.total in (None, self.rows.total())

    @property
    def is_believable(self) -> bool:
        """Whether the source's own total speaks for it, and no row stands twice."""
        return self.rows.total() == self.total == len(self.rows)

    def difference(self, before: _Reading) -> int:
        """How many rows stand in one of the two only."""
        return ((self.rows - before.rows) + (before.rows - self.rows)).total()


class _MovedError(Exception):
    """The set changed between two pages; the message says how."""


def pull_pages(source: HttpPages, order: Order) -> Delivery:
    """Pulls every page into one file.

    Rows that agree in two readings and not with the declared total are delivered all the same: the file is evidence,
    and the verdict on it is `validate`'s.

    Raises:
        DataRefusedError: An answer has not the contract's shape, or the pages lead nowhere.
        TransientError, PermanentError: As `HttpSystem.ask` says; transient too if the set moves in every reading.
    """
    file = order.file(".json")
    before: _Reading | None = None
    difference = ""
    with (
        open_system(source, order.settings, order.dataset) as system,
        ThreadPoolExecutor(order.settings.http_connections, thread_name_prefix="pages") as pool,
    ):
        for _ in range(MOST_READINGS):
            try:
                with private_file(file) as handle:
                    reading = _read_all(source, order, system, pool, handle)
            except _MovedError as moved:
                before, difference = None, str(moved)
                continue
            is_believed = source.proof == "total" and reading.is_believable
            if reading == before or reading.is_one_answer or is_believed:
                return Delivery(file, file.name, system.shown(order.path, order.query), declared_rows=reading.total)
            if before is not None:
                difference = f"{reading.difference(before)} rows differ between two readings"
            before = reading
    file.unlink(missing_ok=True)
    raise TransientError(
        f"{order.dataset} {order.partition.key}: {difference or 'the set moves'}, in the last of {MOST_READINGS} readings.",
        "Run again when the source is quiet; if values in a row change with the hour, name those that tell rows apart "
        "in the contract's `row_key`.",
    )


def _read_all(source: HttpPages, order: Order, system: HttpSystem, pool: Executor, handle: BinaryIO) -> _Reading:
    """Writes all pages and tells what they hold."""
    rows, size, total, number = Counter[int](), 0, None, 0
    ask = partial(_ask_page, source, order, system)
    try:
        for number, page in enumerate(walk(source, ask, pool, order.settings.http_connections), start=1):
            if number == 1:
                total = page.total
            elif page.total != total:
                raise _MovedError(f"the total went from {total} to {page.total} between page 1 and {number}")
            rows.update(page.row_hashes)
            size += len(page.body)
            if size > LARGEST_FILE_BYTES:
                raise too_large(order.dataset, system.address(order.path))
            handle.write(page.body if number == 1 else b"\n" + page.body)
    except EndlessError as error:
        raise DataRefusedError(
            "page_shape",
            f"{order.dataset} {order.partition.key}: {error}.",
            "Check `paging` in the contract's source, or ask the source's owner what has changed in the API.",
        ) from None
    return _Reading(rows, total, number)


def _ask_page(source: HttpPages, order: Order, system: HttpSystem, position: str | None) -> Page:
    question = _question(source, order, system, position)

    def receive(response: httpx.Response) -> Page:
        body = b"".join(system.pieces(question, response))
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            # Cut off, or a proxy's page of apology: both pass. A page that says another thing than agreed does not.
            raise system.broken(question, "gave a page that is not whole JSON") from error
        rows = at(document, source.rows)
        if not isinstance(rows, list):
            raise _misshapen(order, position, source.rows, "a list")
        total = _total(source, order, document, position)
        for path in source.row_key:
            if rows and all(at(row, path) is None for row in rows):
                raise _misshapen(order, position, path, "a value of a row")
        hashes = tuple(_row_hash(row, source.row_key) for row in rows)
        return Page(body, hashes, total, _following(source, order, document, response, position))

    return system.ask(question, receive)


def _total(source: HttpPages, order: Order, document: object, position: str | None) -> int | None:
    if source.total is None:
        return None
    total = at(document, source.total)
    if not isinstance(total, int) or isinstance(total, bool) or total < 0:
        raise _misshapen(order, position, source.total, "a count")
    return total


def _question(source: HttpPages, order: Order, system: HttpSystem, position: str | None) -> Question:
    more: dict[str, str | int] = {}
    match source.paging:
        case PageNumbers(parameter=parameter) | Offsets(parameter=parameter) if position is not None:
            more[parameter] = int(position)
        case Cursors(parameter=parameter) if position is not None:
            more[parameter] = position
        case Links() if position is not None:
            return Question(httpx.URL(position))
    return system.question(order.path, {**order.query, **more}, source.send)


def _following(
    source: HttpPages, order: Order, document: object, response: httpx.Response, position: str | None
) -> str | None:
    """What the next page is asked by; None if this is the last, or if the source leaves that to us."""
    match source.paging:
        case Cursors(next=path):
            told = at(document, path)
        case Links(next=""):
            told = response.links.get("next", {}).get("url")
        case Links(next=path):
            told = at(document, path)
        case _:
            return None
    if told is None or told == "":
        return None
    if isinstance(told, bool) or not isinstance(told, str | int):
        raise _misshapen(order, position, getattr(source.paging, "next", ""), "a text")
    return str(told) if isinstance(source.paging, Cursors) else _address(order, response, str(told))


def _address(order: Order, response: httpx.Response, link: str) -> str:
    """A link as a whole address of the same system.

    Raises:
        PermanentError: It leads to another one, which must not see what lets us in here.
    """
    try:
        address = response.url.join(link)
    except httpx.InvalidURL:
        address = httpx.URL("")
    if not same_origin(address, response.url):
        raise PermanentError(
            f"{order.dataset} {order.partition.key}: the next page is said to be at {without_credentials(link)}, "
            f"which is not {response.url.host}.",
            "Ask the system's owner to have it name its own address.",
        )
    return str(address)


def _row_hash(row: object, row_key: tuple[str, ...]) -> int:
    return hash(orjson.dumps([at(row, path) for path in row_key] if row_key else row, option=orjson.OPT_SORT_KEYS))


def _misshapen(order: Order, position: str | None, key: str, kind: str) -> DataRefusedError:
    place = f"page {position}" if position is not None and position.isdigit() else "a page"
    return DataRefusedError(
        "page_shape",
        f"{order.dataset} {order.partition.key}: {place} has no `{key}` that is {kind}.",
        "Ask the source's owner what has changed in the API, or correct the contract's source.",
    )
