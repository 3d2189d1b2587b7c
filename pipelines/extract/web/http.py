"""An HTTP system for the length of one pull: a login that is renewed when it ends, and calls behind it.

How a call is carried stands in `calls`, what a status means in `answers`, how a login goes in `login`; what a good
answer holds is the caller's business.
"""

from __future__ import annotations

import functools
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Literal
from urllib.parse import urlencode

import certifi
import httpx

from pipelines.connections import HttpConnection
from pipelines.contracts import HttpDownload, HttpPages, Login
from pipelines.errors import SettingError, TransientError
from pipelines.extract.delivery import without_credentials
from pipelines.extract.web.answers import UNAUTHORIZED, LoginPageError, RefusedError, no_data
from pipelines.extract.web.bodies import ACCEPTED_ENCODINGS
from pipelines.extract.web.calls import Caller, Entry, Question, Receive, Result
from pipelines.extract.web.login import can_renew, log_in
from pipelines.extract.web.login_page import HEAD_BYTES, is_login_page
from pipelines.settings import Settings

MOST_RENEWALS = 2


class HttpSystem:
    """One HTTP system for the length of one pull; its calls may come from several threads.

    Args:
        caller: Carries the calls.
        connection: Address and credentials.
        login: How it lets us in.
    """

    def __init__(self, caller: Caller, connection: HttpConnection, login: Login) -> None:
        self._caller = caller
        self._connection = connection
        self._login = login
        self._entry: Entry | None = None
        self._failure: SettingError | None = None
        self._entry_lock = threading.Lock()

    def ask(self, question: Question, receive: Receive[Result]) -> Result:
        """Puts a question and gives the answer to `receive`, which is called again after a broken answer.

        A login that has ended is renewed, and once more should the new one end while its call waited; a rate limit is
        waited for; a transient failure is tried again.

        Raises:
            TransientError: No good answer came, however often it was asked.
            NotThereError: The system has nothing at that address.
            SettingError: The credentials do not work.
            PermanentError: Any other refusal.
        """
        entry = self._entry or self.log_in(None)
        renewals = 0 if can_renew(self._login) else MOST_RENEWALS
        while True:
            try:
                return self._caller.call(question, receive, entry)
            except RefusedError as refused:
                if refused.status != UNAUTHORIZED or renewals == MOST_RENEWALS:
                    raise no_data(refused, self._caller.asked(question), self._connection) from None
            entry, renewals = self.log_in(entry), renewals + 1

    def log_in(self, old: Entry | None) -> Entry:
        """Logs in, unless another thread has already replaced the `old` entry.

        A login that was refused is not tried again: many a system locks an account that knocks too often.

        Raises:
            SettingError: The system does not know the credentials, or nobody can log in at this address.
            TransientError: No good answer came, however often it was asked.
        """
        with self._entry_lock:
            if self._failure is not None:
                raise self._failure
            if self._entry is None or self._entry is old:
                try:
                    self._entry = log_in(self._login, self._connection, self._caller, old)
                except SettingError as error:
                    self._failure = error
                    raise
            return self._entry

    def question(
        self, path: str, query: Mapping[str, str | int], send: Literal["query", "form", "json"] = "query"
    ) -> Question:
        """A question for `path` below the connection's address, its parameters sent as the contract says."""
        url = httpx.URL(self._connection.url + path)
        match send:
            case "query":
                return Question(url.copy_merge_params(_texts(query)) if query else url)
            case "form":
                return Question(url, form=_texts(query))
            case "json":
                return Question(url, document=query)

    def address(self, path: str) -> str:
        """The address of `path`, as it may be shown."""
        return without_credentials(self._connection.url + path)

    def shown(self, path: str, query: Mapping[str, str | int]) -> str:
        """The address with its parameters, wherever they were sent, as it may be stored."""
        return f"{self.address(path)}?{urlencode(_texts(query))}" if query else self.address(path)

    def broken(self, question: Question, what: str) -> TransientError:
        """The error for an answer that came broken; raised in `receive`, it has the call tried again."""
        return self._caller.broken(question, what)

    def pieces(self, question: Question, response: httpx.Response) -> Iterator[bytes]:
        """The body of a good answer in pieces, bounded in size and time.

        Raises:
            LoginPageError: It is a page that asks for a password.
            DataRefusedError: It is too large.
            TransientError: It is not whole, or took too long.
        """
        head = b""
        for piece in self._caller.pieces(question, response):
            if len(head) < HEAD_BYTES:
                head += piece[: HEAD_BYTES - len(head)]
                if is_login_page(head):
                    raise LoginPageError
            yield piece


@contextmanager
def open_system(source: HttpPages | HttpDownload, settings: Settings, subject: str) -> Iterator[HttpSystem]:
    """An HTTP system for the length of one pull. No call is made before the first question.

    Args:
        source: Which connection, and how it lets us in.
        settings: How places are reached, and how patiently.
        subject: Dataset or connection that errors name.

    Raises:
        SettingError: A setting is missing, or an address is malformed or holds a user or password.
    """
    connection = settings.connections.http(source.connection, source.login.settings)
    check_address(connection.url, connection.setting)
    check_address(connection.login_url, connection.login_setting)
    connections = settings.http_connections
    with httpx.Client(
        timeout=settings.http_timeout_seconds,
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
        verify=_tls_context_with(connection) if connection.ca_file else tls_context(),
        trust_env=False,
        follow_redirects=False,
        # Cookies belong to a login, which keeps them itself.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        headers={"User-Agent": "khotinh", "Accept-Encoding": ACCEPTED_ENCODINGS},
    ) as client:
        yield HttpSystem(Caller(client, settings, subject, connection.setting), connection, source.login)


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


def _tls_context_with(connection: HttpConnection) -> ssl.SSLContext:
    """Trusts the authorities of the connection's own file as well."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    try:
        context.load_verify_locations(connection.ca_file)
    except OSError as error:  # ssl.SSLError is one
        raise SettingError(
            connection.variable("ca_file"),
            f"holds no certificates that can be read ({error.strerror or error}).",
            "Give the authority's certificate as PEM.",
        ) from None
    return context


def _texts(query: Mapping[str, str | int]) -> dict[str, str]:
    """Parameters as the texts that addresses and forms hold."""
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in query.items()}
