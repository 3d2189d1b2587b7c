"""Servers that the tests start and script: a portal, an SFTP server, and raw sockets that misbehave."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import asyncssh
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

CLIENT_ID, CLIENT_SECRET = "kho-tinh", "bi-mat-cua-cong-8c1f"
USER, PASSWORD = "khotinh", "mat-khau-van-ban-77aa"

Result = TypeVar("Result")
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Portal:
    """A portal that hands out pages and counts who asks.

    Attributes:
        rows: What it has.
        faults: Answers given instead of data, first come first.
        totals: Totals declared instead of the true one, by call.
        tokens: Tokens that still work.
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, object]] = []
        self.page_size = 10
        self.faults: deque[Response] = deque()
        self.totals: deque[int] = deque()
        self.tokens: set[str] = set()
        self.token_answer: Response | None = None
        self.token_calls = 0
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.file: Response = Response(b"<table></table>", media_type="text/html")

    async def token(self, request: Request) -> Response:
        """Client credentials against a token."""
        self.token_calls += 1
        if self.token_answer is not None:
            return self.token_answer
        good = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        if dict(parse_qsl((await request.body()).decode())) != good:
            return JSONResponse({"error": "invalid_client"}, 401)
        token = f"token-{self.token_calls}"
        self.tokens.add(token)
        return JSONResponse({"access_token": token, "expires_in": 60})

    async def data(self, request: Request) -> Response:
        """One page, or the file, or the next fault."""
        self.asked.append((request.url.path, dict(request.query_params)))
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return JSONResponse({}, 401)
        if self.faults:
            return self.faults.popleft()
        if request.url.path.endswith(".xls"):
            return self.file
        start = (int(request.query_params["page"]) - 1) * self.page_size
        total = self.totals.popleft() if self.totals else len(self.rows)
        return JSONResponse({"total": total, "items": self.rows[start : start + self.page_size]})


class PortalServer:
    """Serves whichever `portal` the test at hand has put in."""

    def __init__(self) -> None:
        self.portal = Portal()

        async def token(request: Request) -> Response:
            return await self.portal.token(request)

        async def data(request: Request) -> Response:
            return await self.portal.data(request)

        app = Starlette(routes=[Route("/oauth/token", token, methods=["POST"]), Route("/{path:path}", data)])
        listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        self._thread = threading.Thread(target=self._server.run, args=([listener],), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the server and waits for its thread."""
        self._server.should_exit = True
        self._thread.join(5)


class Loop:
    """An event loop in a thread, for servers that live as long as a test."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Runs `work` there and waits for its result."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    def stop(self) -> None:
        """Cancels what still runs and ends the thread."""
        self.run(self._cancel_all())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(5)
        self.loop.close()

    @contextmanager
    def listening(self, handler: Handler) -> Iterator[int]:
        """A raw TCP server on a free port, which it gives."""

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await handler(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                pass
            finally:
                writer.close()

        server = self.run(asyncio.start_server(handle, "127.0.0.1", 0, backlog=400))
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            self.loop.call_soon_threadsafe(server.close)

    @staticmethod
    async def _cancel_all() -> None:
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)


class _Sessions(asyncssh.SSHServer):  # type: ignore[misc]
    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 -- the library's own name
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)


class SftpServer:
    """An SFTP server over `root`.

    Attributes:
        root: The folder that is its whole world.
        extra_names: Names that listings hold besides the true ones.
        growths: How often a file grows by a byte as it is closed after reading.
        connections: How many sessions were opened.
    """

    def __init__(self, loop: Loop, known_hosts: Path, root: Path) -> None:
        self.root = root
        self.extra_names: list[str] = []
        self.growths = 0
        self.connections = 0
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        outer = self

        class Files(asyncssh.SFTPServer):  # type: ignore[misc]
            def __init__(self, channel: asyncssh.SSHServerChannel[bytes]) -> None:
                super().__init__(channel, chroot=os.fsencode(outer.root))

            async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
                async for name in super().scandir(path):
                    yield name
                for extra in outer.extra_names:
                    yield asyncssh.SFTPName(
                        extra.encode(), attrs=asyncssh.SFTPAttrs(permissions=0o100644, size=1, mtime=0)
                    )

            def close(self, file_obj: object) -> None:
                name = getattr(file_obj, "name", None)
                super().close(file_obj)
                if outer.growths and name:
                    outer.growths -= 1
                    with Path(os.fsdecode(name)).open("ab") as file:
                        file.write(b"+")

        def session() -> _Sessions:
            outer.connections += 1
            return _Sessions()

        async def listen() -> asyncssh.SSHAcceptor:
            return await asyncssh.listen(
                "127.0.0.1", 0, server_host_keys=[outer.key], server_factory=session, sftp_factory=Files
            )

        self._loop = loop
        self._acceptor = loop.run(listen())
        self.port = self._acceptor.get_port()
        self.known_hosts = known_hosts
        self.trust(self.key)

    def trust(self, key: asyncssh.SSHKey) -> None:
        """Writes `key` into known_hosts as this server's."""
        public = key.export_public_key().decode()
        self.known_hosts.write_text(f"[127.0.0.1]:{self.port} {public}", encoding="utf-8")

    @property
    def url(self) -> str:
        """Its address, root folder."""
        return f"sftp://{USER}@127.0.0.1:{self.port}"

    def stop(self) -> None:
        """Stops listening."""
        self._loop.loop.call_soon_threadsafe(self._acceptor.close)


def http_answer(body: bytes, *, status: str = "200 OK", length: int | None = None) -> bytes:
    """An HTTP answer as bytes, with a content length that may lie."""
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n".encode() + body


def as_json(document: object) -> bytes:
    """A document as JSON."""
    return orjson.dumps(document)
