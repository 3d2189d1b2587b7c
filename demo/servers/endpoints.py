"""The status servers of the 348 endpoints: each on an address of its own where the machine has them.

On Linux every address of 127.0.0.0/8 is there, and all endpoints share one port. Elsewhere they share one address and
each has a path. What an endpoint answers belongs to `demo.endpoints`; which ones are dead, slow or talk nonsense is
told by the run's faults. HTTP/1.1, one request a connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Final
from urllib.parse import parse_qs, urlsplit

from demo.province import Province

SLOW_SECONDS: Final = 1.0
TRIES: Final = 20
GARBAGE: Final = b"<html><body>Cisco TelePresence login</body></html>"
SHARED_HOST: Final = "127.0.0.1"


@dataclass(frozen=True)
class Behaviour:
    """Which endpoints are out of order, by code."""

    dead: frozenset[str]
    slow: frozenset[str]
    garbage: frozenset[str]


@dataclass(frozen=True)
class EndpointServers:
    """The running servers and the address template that leads to them."""

    servers: list[asyncio.Server]
    url_template: str

    async def close(self) -> None:
        """Stops listening and drops what is connected, dead endpoints' callers among it."""
        for server in self.servers:
            server.close()


class Answers:
    """What each endpoint answers; a day's answers are made once."""

    def __init__(self, province: Province) -> None:
        """Takes the province that is served."""
        self._province = province
        self._by_day: dict[date, dict[str, bytes]] = {}

    def of(self, code: str, day: date) -> bytes:
        """The answer of an endpoint about a day, as JSON."""
        if day not in self._by_day:
            self._by_day[day] = self._province.endpoints.answers(day)
        return self._by_day[day][code]


def behaviour(province: Province) -> Behaviour:
    """Which endpoints the run's faults put out of order; no endpoint has two of them."""
    faults = province.faults
    dead, slow, garbage = (faults.count(name) for name in ("dead_endpoints", "slow_endpoints", "endpoint_garbage"))
    unlucky = [
        province.endpoints.sample("endpoint-faults", count) for count in (dead, dead + slow, dead + slow + garbage)
    ]
    return Behaviour(unlucky[0], unlucky[1] - unlucky[0], unlucky[2] - unlucky[1])


async def start(province: Province, *, has_own_addresses: bool = True) -> EndpointServers:
    """Starts all of them, on their own addresses if the machine allows it and `has_own_addresses` says so."""
    answers, order = Answers(province), behaviour(province)
    addresses = dict(zip(province.endpoints.codes, province.endpoints.frame["address"], strict=True))
    if has_own_addresses:
        for _ in range(TRIES):
            servers = await _on_own_addresses(answers, order, addresses)
            if servers:
                port = servers[0].sockets[0].getsockname()[1]
                return EndpointServers(servers, f"http://{{address}}:{port}/status")
    server = await asyncio.start_server(partial(_answer, answers, order, None), SHARED_HOST, 0)
    port = server.sockets[0].getsockname()[1]
    return EndpointServers([server], f"http://{SHARED_HOST}:{port}/endpoints/{{endpoint_code}}/status")


async def _on_own_addresses(answers: Answers, order: Behaviour, addresses: Mapping[str, str]) -> list[asyncio.Server]:
    """One server an endpoint, all on one port; none if an address or the port cannot be had."""
    servers: list[asyncio.Server] = []
    port = 0
    for code, address in addresses.items():
        try:
            server = await asyncio.start_server(partial(_answer, answers, order, code), address, port)
        except OSError:
            for started in servers:
                started.close()
            return []
        servers.append(server)
        port = server.sockets[0].getsockname()[1]
    return servers


async def _answer(
    answers: Answers,
    order: Behaviour,
    own_code: str | None,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    """Answers one request; a dead endpoint only listens until the caller gives up."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        target = urlsplit(head.split(b" ", 2)[1].decode())
        code = own_code or target.path.removeprefix("/endpoints/").removesuffix("/status")
        if code in order.dead:
            await reader.read()
            return
        if code in order.slow:
            await asyncio.sleep(SLOW_SECONDS)
        writer.write(_response(answers, order, code, parse_qs(target.query).get("day", [""])[0]))
        await writer.drain()
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
        return
    finally:
        writer.close()


def _response(answers: Answers, order: Behaviour, code: str, day: str) -> bytes:
    if code in order.garbage:
        return _http(b"200 OK", b"text/html", GARBAGE)
    try:
        body = answers.of(code, date.fromisoformat(day))
    except (ValueError, KeyError):
        return _http(b"404 Not Found", b"application/json", b'{"error":"no such endpoint or day"}')
    return _http(b"200 OK", b"application/json", body)


def _http(status: bytes, kind: bytes, body: bytes) -> bytes:
    head = b"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
    return head % (status, kind, len(body)) + body
