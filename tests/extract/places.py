"""HTTP systems that a test writes itself: a real server on loopback, and contracts that say how it is asked."""

from __future__ import annotations

import socket
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import orjson
import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from pipelines import extract
from pipelines.calendar import Partition
from pipelines.contracts import Contract, HttpDownload, HttpPages
from pipelines.extract.delivery import Delivery
from pipelines.settings import Settings

DAY = Partition.parse("2026-06-02")
USER, PASSWORD, TOKEN = "tich-hop", "mat khau: +/Đ%", "khoa-api-5d1e"
Row = dict[str, object]
Answer = Callable[[Request], Awaitable[Response]]


class Place:
    """A server whose answers the test at hand gives.

    Attributes:
        answer: Gives the answer to each request.
        asked: What was asked: method, path, and the parameters of the address.
    """

    def __init__(self, key_file: Path | None = None, certificate_file: Path | None = None) -> None:
        self.answer: Answer = _nothing
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http{'s' if key_file else ''}://127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(
            self._app, log_level="error", lifespan="off", interface="asgi3", ssl_keyfile=key_file,
            ssl_certfile=certificate_file,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), daemon=True)
        self._thread.start()

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        self.asked.append((request.method, request.url.path, dict(request.query_params)))
        response = await self.answer(request)
        await response(scope, receive, send)

    def paths(self) -> list[str]:
        """The paths that were asked, in order."""
        return [path for _, path, _ in self.asked]

    def stop(self) -> None:
        """Ends the server and waits for its thread."""
        self._server.should_exit = True
        self._thread.join(5)


async def _nothing(_: Request) -> Response:
    return Response(status_code=404)


def settings_for(place: Place, **changes: object) -> Settings:
    """Settings of the connection `sso`, that try thrice, at once."""
    values: dict[str, object] = {
        "retry_attempts": 3, "retry_seconds": 0, "http_timeout_seconds": 2, "sso_url": place.url, "sso_user": USER,
        "sso_password": PASSWORD, "sso_token": TOKEN, "sso_client_id": "kho", "sso_client_secret": PASSWORD,
    }  # fmt: skip
    return Settings(_env_file=None, **{**values, **changes})  # type: ignore[call-arg, arg-type]


def pages_contract(like: Contract, **source: Any) -> Contract:
    """A contract whose rows come in pages from the connection `sso`, without any login unless one is given."""
    keys = {
        "kind": "http_pages", "connection": "sso", "login": {"kind": "none"}, "path": "/rows", "query": {},
        "paging": {"kind": "page", "parameter": "page"}, "rows": "items",
    }  # fmt: skip
    return like.model_copy(update={"source": HttpPages.model_validate({**keys, **source}), "baseline": False})


def file_contract(like: Contract, **source: Any) -> Contract:
    """A contract whose file comes from the connection `sso`."""
    keys = {"kind": "http_download", "connection": "sso", "login": {"kind": "none"}, "path": "/report.do"}
    return like.model_copy(update={"source": HttpDownload.model_validate({**keys, **source})})


def pulled(contract: Contract, settings: Settings, work: Path) -> Delivery:
    """The day's delivery."""
    return extract.pull(contract, DAY, settings, work)


def rows_of(delivery: Delivery) -> list[Row]:
    """The rows in a delivery's pages."""
    return [row for line in delivery.file.read_bytes().splitlines() for row in orjson.loads(line)["items"]]


def rows(count: int) -> list[Row]:
    """Rows that can be told apart."""
    return [{"maHoSo": f"H56-260602-{number:04d}"} for number in range(count)]


def as_page(items: list[Row], **more: object) -> Response:
    """A page as JSON."""
    return JSONResponse({"items": items, **more})


async def fields_of(request: Request) -> dict[str, str]:
    """The fields of a form that was sent."""
    return dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
