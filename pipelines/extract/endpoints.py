"""One status question to each registered endpoint, all at once, with a bound; the answers are one file.

A dead endpoint costs its own timeouts and nobody else's. Whoever stayed silent is asked once more when the others are
done: a living endpoint that this machine was too busy to hear must not count as one that is off. The file holds no
clock time: the same answers are the same bytes. What an answer means (online, in a call) is read in `parse`; who must
answer is `core`'s business.
"""

from __future__ import annotations

import asyncio
import csv
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import httpx
import orjson

from pipelines import calendar
from pipelines.contracts import EndpointPoll
from pipelines.errors import ContractError, NotThereError, SettingError, TransientError
from pipelines.extract.delivery import Delivery, Order, private_file, without_credentials
from pipelines.extract.web.http import check_address, tls_context
from pipelines.settings import ENDPOINTS_FILE, Settings

SETTING = "KHOTINH_ENDPOINT_URL"
LARGEST_ANSWER_BYTES = 1024 * 1024
KEPT_TEXT_CHARACTERS = 500

Outcome = Literal["answered", "timeout", "refused", "error"]


@dataclass(frozen=True)
class Endpoint:
    """A registered endpoint.

    Attributes:
        code: Its endpoint_code.
        address: Host name or IP address.
    """

    code: str
    address: str


@dataclass(frozen=True)
class _Answer:
    outcome: Outcome
    http_status: int | None = None
    body: dict[str, object] | None = None
    text: str | None = None


def pull_poll(source: EndpointPoll, order: Order) -> Delivery:
    """Asks every endpoint that is registered on the order's day.

    Raises:
        NotThereError: The day has passed and endpoints keep no history, or none was registered then.
        TransientError: Not one endpoint answered: that is the network here.
        SettingError: The address template does not work.
        ContractError: The registry is malformed.
    """
    day = order.partition.first_day
    if not source.has_history and day != calendar.today():
        raise NotThereError(
            f"{order.dataset} {order.partition.key}: endpoints say how they are now, not how they were.",
            "Nothing can be done for this day; they are asked again in the next run of today.",
        )
    endpoints = read_endpoints(ENDPOINTS_FILE, day)
    if not endpoints:
        raise NotThereError(
            f"{order.dataset} {order.partition.key}: {ENDPOINTS_FILE.name} has no endpoint that is valid on that day.",
            "Correct valid_from and valid_to if there should be some.",
        )
    addresses = [endpoint_address(order.settings, endpoint) for endpoint in endpoints]
    answers = asyncio.run(_ask_all(addresses, order))
    if all(answer.outcome != "answered" for answer in answers):
        raise TransientError(
            f"{order.dataset} {order.partition.key}: not one of {len(endpoints)} endpoints answered.",
            f"Check this machine's network and {SETTING}, then run again.",
        )
    file = order.file(".json")
    with private_file(file) as handle:
        for endpoint, answer in zip(endpoints, answers, strict=True):
            handle.write(_line(endpoint, day, answer))
    template = without_credentials(order.settings.endpoint_template())
    return Delivery(file, file.name, template, declared_rows=len(endpoints))


def read_endpoints(registry: Path, day: date) -> list[Endpoint]:
    """The endpoints that are registered on `day`, sorted by code; `valid_to` is the last day, empty for no end.

    Raises:
        ContractError: The registry cannot be read, or lacks a heading, or holds a malformed date.
    """
    try:
        with registry.open(encoding="utf-8", newline="") as file:
            endpoints = {
                row["endpoint_code"]: Endpoint(row["endpoint_code"], row["address"])
                for row in csv.DictReader(file)
                if date.fromisoformat(row["valid_from"]) <= day <= date.fromisoformat(row["valid_to"] or "9999-12-31")
            }
    except (OSError, UnicodeDecodeError, KeyError, ValueError) as error:
        raise ContractError(f"{registry.name} is not a registry of endpoints: {error}.", "Mend the file.") from error
    return [endpoints[code] for code in sorted(endpoints)]


def endpoint_address(settings: Settings, endpoint: Endpoint) -> str:
    """The address of one endpoint's status answer.

    Raises:
        SettingError: The template is missing, names something else than {address} or {endpoint_code}, or makes no
            HTTP address.
    """
    try:
        address = settings.endpoint_template().format(address=endpoint.address, endpoint_code=endpoint.code)
    except (KeyError, IndexError, ValueError, AttributeError):
        raise SettingError(
            SETTING,
            "holds a placeholder other than {address} and {endpoint_code}.",
            "Correct it in the environment or in .env.",
        ) from None
    check_address(address, SETTING, may_hold_user=True)
    return address


async def _ask_all(addresses: list[str], order: Order) -> list[_Answer]:
    settings = order.settings
    turn = asyncio.Semaphore(settings.endpoint_concurrency)
    # Host names are looked up in threads; with the usual six, six dead names would hold everybody else up.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(settings.endpoint_concurrency))
    async with httpx.AsyncClient(
        timeout=None,  # noqa: S113 -- asyncio.timeout below bounds the whole question, connecting included
        limits=httpx.Limits(max_connections=settings.endpoint_concurrency, max_keepalive_connections=0),
        verify=tls_context(),
        trust_env=False,
        follow_redirects=False,
        headers={"User-Agent": "khotinh", "Accept": "application/json"},
    ) as client:

        async def ask(address: str) -> _Answer:
            url = httpx.URL(address).copy_merge_params(dict(order.query))
            async with turn:
                return await _ask(client, url, settings.endpoint_timeout_seconds)

        answers = await asyncio.gather(*map(ask, addresses))
        silent = [place for place, answer in enumerate(answers) if answer.outcome == "timeout"]
        second = await asyncio.gather(*(ask(addresses[place]) for place in silent))
        for place, answer in zip(silent, second, strict=True):
            answers[place] = answer
        return answers


async def _ask(client: httpx.AsyncClient, url: httpx.URL, timeout_seconds: float) -> _Answer:
    """Puts one question. Every way in which it can end is an outcome, not an error."""
    try:
        async with asyncio.timeout(timeout_seconds), client.stream("GET", url) as response:
            body = b""
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > LARGEST_ANSWER_BYTES:
                    break
            return _judge(response.status_code, body)
    except (TimeoutError, httpx.TimeoutException):
        return _Answer("timeout")
    except httpx.ConnectError as error:
        return _Answer("error" if _is_tls_failure(error) else "refused")
    except (httpx.TransportError, httpx.DecodingError):
        return _Answer("error")


def _judge(status: int, body: bytes) -> _Answer:
    """Only a 200 with a JSON object counts as an answer; of anything else the beginning is kept as text."""
    if status == httpx.codes.OK and len(body) <= LARGEST_ANSWER_BYTES:
        try:
            document = orjson.loads(body)
            if isinstance(document, dict):
                orjson.dumps(document)  # what nests too deeply to be written is no answer either
                return _Answer("answered", status, document)
        except (orjson.JSONDecodeError, orjson.JSONEncodeError):
            pass
    return _Answer("error", status, text=body.decode("utf-8", "replace")[:KEPT_TEXT_CHARACTERS])


def _is_tls_failure(error: BaseException | None) -> bool:
    """Whether the connection stood and only the certificates did not agree."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _line(endpoint: Endpoint, day: date, answer: _Answer) -> bytes:
    return orjson.dumps(
        {
            "endpoint_code": endpoint.code,
            "day": day.isoformat(),
            "outcome": answer.outcome,
            "http_status": answer.http_status,
            "body": answer.body,
            "body_text": answer.text,
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )
