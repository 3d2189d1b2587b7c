"""One call to an HTTP system: its waits, its redirects, the bounds of its answer. Who may come in is `login`'s business.

httpx logs whole addresses at INFO, so its logger is kept at WARNING: an address may hold what a log should not.
"""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import httpx

from pipelines.errors import SettingError, TransientError
from pipelines.extract.delivery import LARGEST_FILE_BYTES, too_large, without_credentials
from pipelines.extract.patience import patiently
from pipelines.extract.web.answers import (
    LONGEST_RATE_LIMIT_WAIT_SECONDS,
    RateLimitedError,
    broken,
    judge,
)
from pipelines.extract.web.bodies import BrokenBodyError, unpacked
from pipelines.settings import Settings

Result = TypeVar("Result")
Receive = Callable[[httpx.Response], Result]

MOST_RATE_LIMIT_WAITS = 30
MOST_REDIRECTS = 5
LONGEST_ANSWER_SECONDS = 900.0
"""Bound on one answer as a whole: a source that drips a byte a second never runs into a read timeout."""

_DEFAULT_PORTS = {"http": 80, "https": 443}

logging.getLogger("httpx").setLevel(logging.WARNING)


@dataclass(frozen=True)
class Question:
    """What is asked: a GET, or a POST where there is something to send.

    Attributes:
        url: The whole address.
        form: Fields of a form.
        document: An object that is sent as JSON.
        headers: More headers, such as those of a condition.
    """

    url: httpx.URL
    form: Mapping[str, str] | None = None
    document: Mapping[str, object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Entry:
    """What lets a call in. This one is for calls that need nothing."""

    def show(self, request: httpx.Request) -> None:
        """Puts it onto a request that is about to go out."""

    def hear(self, response: httpx.Response) -> None:
        """Learns from an answer."""


class Caller:
    """Carries calls to one HTTP system; may be used from several threads.

    Args:
        client: The client that carries every call.
        settings: Patience.
        subject: Dataset or connection that errors name.
        setting: The setting that a certificate which is not trusted is the fault of.
    """

    def __init__(self, client: httpx.Client, settings: Settings, subject: str, setting: str) -> None:
        self._client = client
        self._settings = settings
        self._subject = subject
        self._setting = setting

    def call(self, question: Question, receive: Receive[Result], entry: Entry) -> Result:
        """Puts a question, again after a transient failure; `receive` is called again after a broken answer.

        A rate limit is no failure: it uses up no attempt and has bounds of its own.

        Raises:
            RefusedError: A status that no waiting will change.
            TransientError: No good answer came, however often it was asked.
            SettingError: The system's certificate is not trusted.
        """
        waited, longest = 0.0, max(self._settings.retry_seconds, LONGEST_RATE_LIMIT_WAIT_SECONDS)
        for _ in range(MOST_RATE_LIMIT_WAITS):
            try:
                return patiently(self._settings, lambda: self._once(question, receive, entry))
            except RateLimitedError as limit:
                if waited + limit.seconds > longest:
                    break
                time.sleep(limit.seconds)
                waited += limit.seconds
        raise TransientError(
            f"{self.asked(question)} answers 429, too many requests, after {waited:g} s of waiting too.",
            "Run again later; if it stays, lower KHOTINH_HTTP_CONNECTIONS or ask its owner for a higher limit.",
        )

    def asked(self, question: Question) -> str:
        """Who asks and where, as it may be shown."""
        return f"{self._subject}: {without_credentials(str(question.url))}"

    def broken(self, question: Question, what: str) -> TransientError:
        """The error for an answer that came broken; raised in `receive`, it has the call tried again."""
        return broken(self.asked(question), what)

    def pieces(self, question: Question, response: httpx.Response, most: int | None = None) -> Iterator[bytes]:
        """The body of a good answer in pieces, unpacked, bounded in size and time.

        Args:
            question: What was asked.
            response: The answer.
            most: Bytes that are too many; LARGEST_FILE_BYTES if None.

        Raises:
            DataRefusedError: It is too large.
            TransientError: It is not whole, or took longer than `LONGEST_ANSWER_SECONDS`.
        """
        size, latest = 0, time.monotonic() + LONGEST_ANSWER_SECONDS
        try:
            for piece in unpacked(response):
                size += len(piece)
                if size > (most or LARGEST_FILE_BYTES):
                    raise too_large(self._subject, without_credentials(str(question.url)))
                if time.monotonic() > latest:
                    raise self.broken(question, f"was still answering after {LONGEST_ANSWER_SECONDS:g} s")
                if piece:
                    yield piece
        except BrokenBodyError as error:
            raise self.broken(question, str(error)) from error

    def _once(self, question: Question, receive: Receive[Result], entry: Entry) -> Result:
        request = self._client.build_request(
            "GET" if question.form is None and question.document is None else "POST",
            question.url,
            data=question.form,
            json=question.document,
            headers=question.headers,
        )
        try:
            return self._answer(request, question, receive, entry)
        except httpx.TimeoutException as error:
            seconds = self._settings.http_timeout_seconds
            raise self.broken(question, f"did not answer within {seconds:g} s") from error
        except httpx.ConnectError as error:
            if certificate := _certificate_error(error):
                raise SettingError(
                    self._setting,
                    f"{self.asked(question)} shows a certificate that is not trusted ({certificate.verify_message}).",
                    "Check the address; if its authority is the province's own, name it in the connection's CA_FILE.",
                ) from None
            raise self.broken(question, f"does not answer ({error})") from error
        except httpx.TransportError as error:
            raise self.broken(question, f"broke off its answer ({type(error).__name__})") from error

    def _answer(
        self, request: httpx.Request, question: Question, receive: Receive[Result], entry: Entry, redirects: int = 0
    ) -> Result:
        """Sends a request and those that its redirects ask for, as long as they stay with the system itself."""
        entry.show(request)
        response = self._client.send(request, stream=True)
        try:
            entry.hear(response)
            following = response.next_request
            if following is None or redirects == MOST_REDIRECTS or not same_origin(following.url, question.url):
                judge(response, self.asked(question))
                return receive(response)
        finally:
            response.close()
        return self._answer(following, question, receive, entry, redirects + 1)


def same_origin(one: httpx.URL, other: httpx.URL) -> bool:
    """Whether two addresses have scheme, host and port in common."""
    return _origin(one) == _origin(other)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or _DEFAULT_PORTS.get(url.scheme)


def _certificate_error(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error
        error = error.__cause__ or error.__context__
    return None
