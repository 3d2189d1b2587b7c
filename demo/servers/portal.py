"""The portal: tokens, dossiers in pages, and the II.06a download.

What a dossier looks like and which rows are wrong belongs to `demo.dossier_wire` and `demo.bad_rows`; who may ask, and
how often, to `demo.servers.gate`. Days begin at midnight in Asia/Ho_Chi_Minh.
"""

from __future__ import annotations

import io
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from http import HTTPStatus
from threading import Lock
from typing import Final
from urllib.parse import parse_qsl

import polars as pl
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from demo.calendar import day_number, month_end, start_of
from demo.province import Province
from demo.servers.gate import Gate, PortalRules, problem
from demo.statistics import ii_06a, ii_06a_html

DOWN: Final = "The portal is down for maintenance."
LARGEST_PAGE, USUAL_PAGE, KEPT_EXPORTS = 2_000, 500, 3
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001  (local clock, see demo.calendar)


class Exports:
    """The items that queries ask for, the last few kept so that pages are cheap."""

    def __init__(self, province: Province) -> None:
        """Takes the province that is served."""
        self._province = province
        self._kept: OrderedDict[tuple[int, int], pl.DataFrame] = OrderedDict()
        self._tables: dict[date, bytes] = {}
        self._lock = Lock()

    def changed(self, since: datetime, before: datetime) -> tuple[pl.DataFrame, int]:
        """The items changed in the stretch of time, and the total that the portal claims."""
        first, last = _moment(since), min(_moment(before), self._end)
        day = since.date()
        is_one_day = first == start_of(day) and last == start_of(day + timedelta(days=1))
        items = self._keep((first, last), lambda: self._changed(first, last, day if is_one_day else None))
        return items, len(items) + int(is_one_day and self._province.faults.is_on("count_mismatch", day))

    def open_before(self, moment: datetime) -> tuple[pl.DataFrame, int]:
        """The items received before the day and not settled by then, and how many they are."""
        day = min(moment.date(), self._province.last_day + timedelta(days=1))
        items = self._keep((-1, day_number(day)), lambda: self._province.open_items(day))
        return items, len(items)

    def table(self, month: date) -> bytes:
        """The II.06a table of the month, as the portal hands it out."""
        province = self._province
        with self._lock:
            if month not in self._tables:
                figures = ii_06a(province.dossiers.alive(month, month_end(month)), province.units, month)
                self._tables[month] = ii_06a_html(figures, province.units, month)
            return self._tables[month]

    @property
    def _end(self) -> int:
        return start_of(self._province.last_day + timedelta(days=1))

    def _changed(self, first: int, last: int, day: date | None) -> pl.DataFrame:
        if day is not None:
            return self._province.dossier_export(day).rows
        if last <= first:
            return self._province.changed_items(first, first + 1).clear()
        return self._province.changed_items(first, last)

    def _keep(self, key: tuple[int, int], make: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        with self._lock:
            if key not in self._kept:
                self._kept[key] = make()
                if len(self._kept) > KEPT_EXPORTS:
                    self._kept.popitem(last=False)
            return self._kept[key]


class Portal:
    """The portal's three doors: tokens, dossiers, the table."""

    def __init__(self, province: Province, rules: PortalRules) -> None:
        """Takes the province that is served and how clients are treated."""
        self._province, self._rules = province, rules
        self._gate = Gate(
            rules,
            failures=province.faults.count("http_500_streak"),
            early_ends=province.faults.count("token_expired_midway"),
            waits=province.faults.count("rate_limited"),
        )
        self._exports = Exports(province)
        self._is_down = province.faults.is_lasting("portal_down")
        self._first_pages = 0

    async def token(self, request: Request) -> Response:
        """Gives a token to whoever has the client's secret."""
        if self._is_down:
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, DOWN)
        form = dict(parse_qsl((await request.body()).decode()))
        if form.get("grant_type") != "client_credentials":
            return problem(HTTPStatus.BAD_REQUEST, "unsupported_grant_type")
        if (form.get("client_id"), form.get("client_secret")) != (self._rules.client_id, self._rules.client_secret):
            return problem(HTTPStatus.UNAUTHORIZED, "invalid_client", {"WWW-Authenticate": 'Basic realm="portal"'})
        lifetime = {"expires_in": int(self._rules.token_seconds), "token_type": "Bearer"}
        return JSONResponse({"access_token": self._gate.issue_token(), **lifetime})

    def dossiers(self, request: Request) -> Response:
        """A page of the dossiers asked for."""
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        try:
            query = Query.of(request.query_params)
        except ValueError as error:
            return problem(HTTPStatus.BAD_REQUEST, str(error))
        if self._gate.owes_failure():
            return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal server error.")
        if query.since is None:
            items, total = self._exports.open_before(query.until)
        elif self._province.faults.is_on("not_found", query.since.date()):
            return problem(HTTPStatus.NOT_FOUND, f"There is no export of {query.since.date()}.")
        else:
            items, total = self._exports.changed(query.since, query.until)
            items = self._shifted(items, query.since.date(), query.page)
        return Response(_page(items, total, query.page, query.page_size), media_type="application/json")

    def statistics(self, request: Request) -> Response:
        """The II.06a table of a month."""
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        text = request.query_params.get("thang", "")
        month = date.fromisoformat(f"{text}-01") if MONTH.fullmatch(text) else None
        if month is None or month not in self._province.months:
            return problem(HTTPStatus.NOT_FOUND, f"There is no table for '{text}'.")
        name = {"Content-Disposition": f'attachment; filename="ii-06a-{text}.xls"'}
        return Response(self._exports.table(month), media_type="application/vnd.ms-excel", headers=name)

    def _shifted(self, items: pl.DataFrame, day: date, page: int) -> pl.DataFrame:
        """Once its first page was read the first time, the day's last item moves to the front of those to come."""
        if not self._province.faults.is_on("shifted_pages", day):
            return items
        self._first_pages += page == 1
        return items if page == 1 or self._first_pages > 1 else pl.concat([items.tail(1), items[:-1]])

    def _refusal(self, request: Request) -> Response | None:
        if self._is_down:
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, DOWN)
        return self._gate.refusal(request)


def application(province: Province, rules: PortalRules) -> Starlette:
    """The portal of the province as an ASGI application."""
    portal = Portal(province, rules)
    return Starlette(routes=[
        Route("/oauth/token", portal.token, methods=["POST"]),
        Route("/api/v1/dossiers", portal.dossiers),
        Route("/bao-cao/ii-06a.xls", portal.statistics),
    ])  # fmt: skip


@dataclass(frozen=True)
class Query:
    """A question for dossiers: changed from `since` until `until`, or open before `until` when `since` is None."""

    since: datetime | None
    until: datetime
    page: int
    page_size: int

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Query:
        """Reads the question.

        Raises:
            ValueError: Something is missing, unreadable or out of range; the message says what.
        """
        page, page_size = int(parameters.get("page", "1")), int(parameters.get("page_size", str(USUAL_PAGE)))
        if page < 1 or not 1 <= page_size <= LARGEST_PAGE:
            raise ValueError(f"page counts from 1, page_size goes up to {LARGEST_PAGE}.")
        if "open_before" in parameters:
            return cls(None, datetime.fromisoformat(parameters["open_before"]), page, page_size)
        if "changed_since" not in parameters or "changed_before" not in parameters:
            raise ValueError("changed_since and changed_before, or open_before, are needed.")
        since, until = (datetime.fromisoformat(parameters[name]) for name in ("changed_since", "changed_before"))
        return cls(since, until, page, page_size)


def _page(items: pl.DataFrame, total: int, page: int, page_size: int) -> bytes:
    buffer = io.BytesIO()
    items[(page - 1) * page_size : page * page_size].write_ndjson(buffer)
    rows = buffer.getvalue().rstrip(b"\n").replace(b"\n", b",")
    return b'{"total":%d,"page":%d,"items":[%s]}' % (total, page, rows)


def _moment(when: datetime) -> int:
    return int((when.replace(tzinfo=None) - EPOCH).total_seconds())
