"""An HTTP system behind client credentials: its token, its rate limit, and calls that are tried again.

What a status means stands in `answers`; what a good answer holds is the caller's business. httpx logs whole
addresses at INFO, so its logger is kept at WARNING: an address may hold what a log should not.
"""

from __future__ import annotations

import functools
import logging
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar
from urllib.parse import urlencode

import certifi
import httpx
import orjson
from pydantic import SecretStr

from pipelines.errors import SettingError, TransientError
from pipelines.extract.answers import (
    LONGEST_RATE_LIMIT_WAIT_SECONDS,
    UNAUTHORIZED,
    RateLimitedError,
    RefusedError,
    broken,
    judge,
    no_data,
    no_token,
)
from pipelines.extract.delivery import LARGEST_FILE_BYTES, too_large, without_credentials
from pipelines.extract.patience import patiently
from pipelines.settings import HttpConnection, Settings

Result = TypeVar("Result")
Receive = Callable[[httpx.Response], Result]

TOKEN_PATH = "/oauth/token"  # noqa: S105
MOST_RENEWALS = 2
MOST_RATE_LIMIT_WAITS = 30
LONGEST_ANSWER_SECONDS = 900.0
"""Bound on one answer as a whole: a source that drips a byte a second never runs into a read timeout."""

logging.getLogger("httpx").setLevel(logging.WARNING)


class HttpSystem:
    """One HTTP system for the length of one pull; its calls may come from several threads.

    Args:
        client: The client that carries every call.
        connection: Address and credentials.
        settings: Patience.
        subject: Dataset or connection that errors name.
    """

    def __init__(self, client: httpx.Client, connection: HttpConnection, settings: Settings, subject: str) -> None:
        self._client = client
        self._connection = connection
        self._settings = settings
        self._subject = subject
        self._token: SecretStr | None = None
        self._token_lock = threading.Lock()

    def get(self, path: str, query: Mapping[str, str], receive: Receive[Result]) -> Result:
        """Asks for `path` and gives the answer to `receive`, which is called again after a broken answer.

        An expired token is replaced, and once more should the new one expire while its call waited; a rate limit is
        waited for; a transient failure is tried again.

        Raises:
            TransientError: No good answer came, however often it was asked.
            NotThereError: The system has nothing at that address.
            SettingError: The credentials do not work.
            PermanentError: Any other refusal.
        """
        token = self._token or self.new_token(None)
        renewals = 0
        while True:
            try:
                return self._call(path, receive, query=query, token=token)
            except RefusedError as refused:
                if refused.status != UNAUTHORIZED or renewals == MOST_RENEWALS:
                    raise no_data(refused, self._asked(path), self._connection) from None
            token, renewals = self.new_token(token), renewals + 1

    def new_token(self, old: SecretStr | None) -> SecretStr:
        """Asks for a token, unless another thread has already replaced the `old` one.

        Raises:
            SettingError: The system does not know the credentials, or hands out no tokens at this address.
            TransientError: No good answer came, however often it was asked.
        """
        with self._token_lock:
            if self._token is None or self._token is old:
                form = {
                    "grant_type": "client_credentials",
                    "client_id": self._connection.client_id,
                    "client_secret": self._connection.client_secret.get_secret_value(),
                }
                try:
                    self._token = self._call(TOKEN_PATH, self._read_token, form=form)
                except RefusedError as refused:
                    raise no_token(refused, self.address(TOKEN_PATH), self._connection) from None
            return self._token

    def address(self, path: str) -> str:
        """The address of `path`, as it may be shown."""
        return without_credentials(self._connection.url + path)

    def shown(self, path: str, query: Mapping[str, str]) -> str:
        """The address with its query, as it may be stored."""
        return f"{self.address(path)}?{urlencode(query)}" if query else self.address(path)

    def broken(self, path: str, what: str) -> TransientError:
        """The error for an answer that came broken; raised in `receive`, it has the call tried again."""
        return broken(self._asked(path), what)

    def pieces(self, path: str, response: httpx.Response) -> Iterator[bytes]:
        """The body of a good answer in pieces, decompressed, bounded in size and time.

        Raises:
            DataRefusedError: It is larger than `LARGEST_FILE_BYTES`.
            TransientError: It took longer than `LONGEST_ANSWER_SECONDS`.
        """
        size, latest = 0, time.monotonic() + LONGEST_ANSWER_SECONDS
        for piece in response.iter_bytes():
            size += len(piece)
            if size > LARGEST_FILE_BYTES:
                raise too_large(self._subject, self.address(path))
            if time.monotonic() > latest:
                raise self.broken(path, f"was still answering after {LONGEST_ANSWER_SECONDS:g} s")
            yield piece

    def _call(
        self,
        path: str,
        receive: Receive[Result],
        *,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        token: SecretStr | None = None,
    ) -> Result:
        """One call with its waits. A rate limit is no failure: it uses up no attempt and has bounds of its own."""

        def ask() -> Result:
            headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
            url, method = self._connection.url + path, "POST" if form else "GET"
            request = self._client.build_request(method, url, params=query, data=form, headers=headers)
            return self._once(path, request, receive)

        waited, longest = 0.0, max(self._settings.retry_seconds, LONGEST_RATE_LIMIT_WAIT_SECONDS)
        for _ in range(MOST_RATE_LIMIT_WAITS):
            try:
                return patiently(self._settings, ask)
            except RateLimitedError as limit:
                if waited + limit.seconds > longest:
                    break
                time.sleep(limit.seconds)
                waited += limit.seconds
        raise TransientError(
            f"{self._asked(path)} answers 429, too many requests, after {waited:g} s of waiting too.",
            "Run again later; if it stays, lower KHOTINH_HTTP_CONNECTIONS or ask its owner for a higher limit.",
        )

    def _once(self, path: str, request: httpx.Request, receive: Receive[Result]) -> Result:
        try:
            response = self._client.send(request, stream=True)
            try:
                judge(response, self._asked(path))
                return receive(response)
            finally:
                response.close()
        except httpx.TimeoutException as error:
            raise self.broken(path, f"did not answer within {self._settings.http_timeout_seconds:g} s") from error
        except httpx.ConnectError as error:
            raise self.broken(path, f"does not answer ({error})") from error
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise self.broken(path, f"broke off its answer ({type(error).__name__})") from error

    def _read_token(self, response: httpx.Response) -> SecretStr:
        body = b"".join(self.pieces(TOKEN_PATH, response))
        try:
            token = orjson.loads(body)["access_token"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            token = None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
            raise SettingError(
                self._connection.setting,
                f"{self.address(TOKEN_PATH)} answers, but with no access_token.",
                "Check that this is the address of the system's API.",
            )
        return SecretStr(token)

    def _asked(self, path: str) -> str:
        return f"{self._subject}: {self.address(path)}"


@contextmanager
def open_system(connection: HttpConnection, settings: Settings, subject: str) -> Iterator[HttpSystem]:
    """An HTTP system for the length of one pull. No call is made before the first `get`.

    Raises:
        SettingError: The address is malformed or holds a user or password.
    """
    check_address(connection.url, connection.setting)
    connections = settings.http_connections
    with httpx.Client(
        timeout=settings.http_timeout_seconds,
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
        verify=tls_context(),
        trust_env=False,
        follow_redirects=False,
        headers={"User-Agent": "khotinh"},
    ) as client:
        yield HttpSystem(client, connection, settings, subject)


def check_address(address: str, setting: str, *, may_hold_user: bool = False) -> None:
    """Makes sure that an address can be asked.

    Raises:
        SettingError: It is malformed, or holds a user or password where it may not.
    """
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in {"http", "https"} or not url.host or (url.userinfo and not may_hold_user):
        form = "https://host:port/path" + ("" if may_hold_user else " without user and password")
        raise SettingError(setting, f"is not of the form {form}.", "Correct it in the environment or in .env.")


@functools.cache
def tls_context() -> ssl.SSLContext:
    """Trusts the machine's certificate authorities, a province's own among them, and those that certifi ships."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
