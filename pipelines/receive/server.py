"""The HTTP in front of an inbox: POST a body, and 200 means that it is on the disk.

Every answer but 200 means that nothing was kept and the sender must send again. Size, time and number of requests are
bounded; a connection carries one request, so that nobody holds one open. No proxy's headers are believed: the sender
is who the connection comes from.
"""

from __future__ import annotations

import asyncio
import socket
from asyncio import BaseTransport, TimerHandle
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from pipelines.calendar import now
from pipelines.errors import SettingError
from pipelines.receive.inbox import Inbox
from pipelines.receive.senders import HOST, Senders

Tell = Callable[[Mapping[str, object]], None]

_ONE_REQUEST = {"Connection": "close", "Cache-Control": "no-store"}


@dataclass(frozen=True)
class Limits:
    """What a sender may ask of this machine.

    Attributes:
        body_bytes: Largest body.
        seconds: Longest time for the head of a request, and for its body.
        concurrency: Most connections at once.
    """

    body_bytes: int
    seconds: float
    concurrency: int


@dataclass
class _Reception:
    """One running receiver: what it keeps, whom it believes, and what it has seen since it began."""

    inbox: Inbox
    senders: Senders
    limits: Limits
    tell: Tell
    started_at: datetime = field(default_factory=now)
    counts: dict[str, int] = field(default_factory=lambda: {"kept": 0, "repeated": 0, "failed": 0, "turned_away": 0})
    last_kept_at: datetime | None = None

    async def receive(self, request: Request) -> JSONResponse:
        address = request.client.host if request.client else ""
        if not self.senders.may_push(address, request.path_params.get("token", "")):
            # A wrong path and a wrong sender get the same answer as a path that is not there.
            return self._answer(404, "turned_away", address)
        try:
            async with asyncio.timeout(self.limits.seconds):
                body = await self._body(request)
        except TimeoutError:
            return self._answer(408, "turned_away", address, reason="the body took too long")
        except _TurnedAwayError as turned:
            return self._answer(turned.status, "turned_away", address, reason=turned.reason)
        received_at = now()
        try:
            receipt = await run_in_threadpool(self.inbox.keep, body, received_at)
        except OSError as error:
            return self._answer(503, "failed", address, reason=error.strerror or type(error).__name__, bytes=len(body))
        outcome = "repeated" if receipt.is_repeated else "kept"
        self.last_kept_at = received_at
        return self._answer(200, outcome, address, bytes=len(body), sha256=receipt.sha256, file=receipt.file)

    async def health(self, _request: Request) -> JSONResponse:
        """For monitoring: 200 while the last body could be written; counts since the start, and no secret."""
        has_failed = await run_in_threadpool(self._cannot_write)
        told = {
            "is_well": not has_failed,
            "started_at": self.started_at.isoformat(),
            "last_received_at": self.last_kept_at.isoformat() if self.last_kept_at else None,
            **self.counts,
        }
        return JSONResponse(told, 503 if has_failed else 200, _ONE_REQUEST)

    def _cannot_write(self) -> bool:
        try:
            self.inbox.check_room(self.limits.body_bytes)
        except OSError:
            return True
        return False

    async def _body(self, request: Request) -> bytes:
        """The whole body.

        Raises:
            _TurnedAwayError: It is too large, empty, or broke off.
        """
        body = bytearray()
        too_large = _TurnedAwayError(413, f"larger than {self.limits.body_bytes} bytes")
        if int(request.headers.get("content-length") or 0) > self.limits.body_bytes:
            raise too_large
        try:
            async for piece in request.stream():
                body += piece
                if len(body) > self.limits.body_bytes:
                    raise too_large
        except ClientDisconnect:
            raise _TurnedAwayError(400, "the sender hung up") from None
        if not body.strip():
            raise _TurnedAwayError(400, "the body is empty")
        return bytes(body)

    def _answer(self, status: int, outcome: str, address: str, **more: object) -> JSONResponse:
        self.counts[outcome] += 1
        # What is kept is kept, also if nobody can be told: rich ends the process when its pipe is broken.
        with suppress(OSError, SystemExit):
            self.tell({"at": now().isoformat(), "sender": address, "status": status, "outcome": outcome, **more})
        return JSONResponse({"outcome": outcome}, status, _ONE_REQUEST)


class _TurnedAwayError(Exception):
    """A request that brings no body to keep."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class _ImpatientProtocol(H11Protocol):
    """Hangs up on who connects and does not finish the head of a request: uvicorn itself would wait for ever."""

    patience_seconds: float = 30.0
    _impatience: TimerHandle

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]
        self._impatience = self.loop.call_later(self.patience_seconds, self._hang_up)

    def connection_lost(self, exc: Exception | None) -> None:
        self._impatience.cancel()
        super().connection_lost(exc)

    def _hang_up(self) -> None:
        if cast("object | None", self.cycle) is None:  # None until a request's head is whole
            self.transport.close()


def application(inbox: Inbox, senders: Senders, limits: Limits, tell: Tell) -> Starlette:
    """The receiver as an ASGI application: POST /cdr (or /cdr/<token>), GET /health."""
    reception = _Reception(inbox, senders, limits, tell)
    path = "/cdr" if senders.token is None else "/cdr/{token}"
    return Starlette(
        routes=[Route(path, reception.receive, methods=["POST"]), Route("/health", reception.health, methods=["GET"])]
    )


def serve(
    inbox: Inbox, senders: Senders, limits: Limits, *, host: str, port: int, tell: Tell, on_start: Callable[[str], None]
) -> None:
    """Receives until the process is told to end; what is being written then is finished first.

    Args:
        inbox: Where bodies are kept.
        senders: Who may push.
        limits: How much they may ask.
        host: Address to listen on.
        port: Port; 0 for any that is free.
        tell: Is told of each body: when, from where, and what became of it; never what is in it.
        on_start: Is given the address once it can be reached.

    Raises:
        SettingError: The address cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise SettingError(
            HOST, f"{host}:{port} cannot be listened on ({error.strerror}).", "Choose another host or KHOTINH_CDR_PORT."
        ) from None
    # Only now: a second receiver, started by mistake, must not remove what the first is writing.
    for day in (now().date(), now().date() - timedelta(days=1)):
        inbox.sweep(day)

    class Protocol(_ImpatientProtocol):
        patience_seconds = limits.seconds

    config = uvicorn.Config(
        application(inbox, senders, limits, tell),
        http=Protocol, loop="asyncio", ws="none", lifespan="off",
        # Its access log would hold the path, and the path may hold the token.
        access_log=False, log_level="warning", server_header=False, proxy_headers=False,
        limit_concurrency=limits.concurrency, timeout_graceful_shutdown=int(limits.seconds) + 1,
    )  # fmt: skip
    shown = f"[{host}]" if ":" in host else host
    server = _Server(config, lambda: on_start(f"http://{shown}:{listener.getsockname()[1]}"))
    server.run(sockets=[listener])


class _Server(uvicorn.Server):
    """uvicorn, which says when it can be reached."""

    def __init__(self, config: uvicorn.Config, on_start: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_start = on_start

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_start()
