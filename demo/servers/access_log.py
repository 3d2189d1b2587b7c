"""What a server was asked and how it answered, a line a request, as web servers write it down.

Tests count requests in it; no answer depends on it. Tokens and bodies are never written.
"""

from __future__ import annotations

from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOG_FILE = "portal.log"


class AccessLog:
    """An application that writes `GET /api/v1/dossiers?page=1 200` to a file for each request to the one behind it."""

    def __init__(self, application: ASGIApp, file: Path) -> None:
        """Takes the application that answers, and the file that grows."""
        self._application, self._file = application, file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, and writes it down as its answer begins."""

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                query = scope["query_string"].decode()
                asked = f"{scope['method']} {scope['path']}" + (f"?{query}" if query else "")
                with self._file.open("a", encoding="utf-8") as log:
                    log.write(f"{asked} {message['status']}\n")
            await send(message)

        await self._application(scope, receive, told)
