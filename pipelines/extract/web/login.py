"""How each kind of login is carried out: what the contract declares becomes an `Entry` that lets calls in.

When a login is due again is `http`'s business. A secret goes to the connection's own origins only.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from urllib.parse import quote_plus

import httpx
import orjson

from pipelines.connections import HttpConnection
from pipelines.contracts import Basic, Bearer, ClientCredentials, Login, LoginForm, NoLogin, Password
from pipelines.errors import SettingError
from pipelines.extract.delivery import without_credentials
from pipelines.extract.web.answers import RefusedError, not_let_in
from pipelines.extract.web.calls import Caller, Entry, Question, same_origin
from pipelines.extract.web.json_path import at
from pipelines.extract.web.login_page import Form, find_form, is_login_page

LARGEST_LOGIN_ANSWER = 4 * 1024 * 1024


class _Headers(Entry):
    """A token or password that stands in each call's headers."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = dict(headers)

    def show(self, request: httpx.Request) -> None:
        request.headers.update(self._headers)


class _Parameter(Entry):
    """A key that stands in each call's address."""

    def __init__(self, name: str, key: str) -> None:
        self._name, self._key = name, key

    def show(self, request: httpx.Request) -> None:
        request.url = request.url.copy_set_param(self._name, self._key)


class _Token(_Headers):
    """A token, and what it may be renewed by."""

    def __init__(self, header: str, token: str, refresh_token: str | None) -> None:
        super().__init__({header: f"Bearer {token}" if header == "Authorization" else token})
        self.refresh_token = refresh_token


class _Session(Entry):
    """The cookies of a login.

    They stand still once it is done: a late answer to a call of the session before must not overwrite the new ones.
    """

    def __init__(self) -> None:
        self._cookies = httpx.Cookies()
        self.is_open = True

    def show(self, request: httpx.Request) -> None:
        self._cookies.set_cookie_header(request)

    def hear(self, response: httpx.Response) -> None:
        if self.is_open:
            self._cookies.extract_cookies(response)

    @property
    def has_cookies(self) -> bool:
        return bool(self._cookies)


def can_renew(login: Login) -> bool:
    """Whether a new login may let in what the one before no longer does."""
    return isinstance(login, ClientCredentials | Password | LoginForm)


def log_in(login: Login, connection: HttpConnection, caller: Caller, old: Entry | None) -> Entry:
    """Logs in.

    Args:
        login: What the contract declares.
        connection: Addresses and credentials.
        caller: Carries the calls.
        old: The entry that let in until now, if there was one.

    Raises:
        SettingError: The system does not know the credentials, or there is no such login at its address.
        TransientError: No good answer came, however often it was asked.
    """
    match login:
        case NoLogin():
            return Entry()
        case Basic():
            return _Headers({"Authorization": _basic(connection.secret("user"), connection.secret("password"))})
        case Bearer(parameter=str(parameter)):
            return _Parameter(parameter, connection.secret("token"))
        case Bearer():
            return _Token(login.header or "Authorization", _printable(connection, "token"), None)
        case LoginForm():
            return _fill_in(login, connection, caller)
        case ClientCredentials() | Password():
            refresh_token = old.refresh_token if isinstance(old, _Token) else None
            return _fresh_token(login, connection, caller, refresh_token)


def _fresh_token(
    login: ClientCredentials | Password, connection: HttpConnection, caller: Caller, refresh_token: str | None
) -> _Token:
    """A new token, by a refresh token if there is one that still works, else by the credentials."""
    if refresh_token is not None:
        try:
            return _ask_token(
                login, connection, caller, {"grant_type": "refresh_token", "refresh_token": refresh_token}
            )
        except RefusedError:
            pass  # it has ended too: RFC 6749 has the client log in again
    try:
        return _ask_token(login, connection, caller, _own_fields(login, connection))
    except RefusedError as refused:
        raise not_let_in(refused, without_credentials(connection.login_url + login.path), connection) from None


def _own_fields(login: ClientCredentials | Password, connection: HttpConnection) -> dict[str, str]:
    if isinstance(login, ClientCredentials):
        return {"grant_type": "client_credentials", **login.fields}
    user, password = connection.secret("user"), connection.secret("password")
    return {**login.fields, login.user_field: user, login.password_field: password}


def _ask_token(
    login: ClientCredentials | Password, connection: HttpConnection, caller: Caller, fields: Mapping[str, str]
) -> _Token:
    headers = {}
    match login.client:
        case "body":
            client = {name: connection.secret(name) for name in ("client_id", "client_secret")}
            fields = {**fields, **client}
        case "header":
            client_id, client_secret = (quote_plus(connection.secret(name)) for name in ("client_id", "client_secret"))
            headers["Authorization"] = _basic(client_id, client_secret)
    url = httpx.URL(connection.login_url + login.path)
    is_json = isinstance(login, Password) and login.send == "json"
    question = Question(url, None if is_json else fields, fields if is_json else None, headers)

    def receive(response: httpx.Response) -> _Token:
        body = b"".join(caller.pieces(question, response, LARGEST_LOGIN_ANSWER))
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError:
            answer = None
        token = at(answer, login.token)
        if not isinstance(token, str) or not _is_sound(token):
            raise SettingError(
                connection.login_setting,
                f"{without_credentials(str(url))} answers, but with no {login.token}.",
                "Check that this is the address of the system's API, and the login in the dataset's contract.",
            )
        refresh_token = None if is_json else at(answer, _beside(login.token))
        return _Token(login.header, token, refresh_token if isinstance(refresh_token, str) else None)

    return caller.call(question, receive, Entry())


def _beside(token: str) -> str:
    """Where a refresh token stands: beside the token."""
    parent, dot, _ = token.rpartition(".")
    return f"{parent}{dot}refresh_token"


def _fill_in(login: LoginForm, connection: HttpConnection, caller: Caller) -> _Session:
    """Opens the login page, sends its form and keeps the session."""
    page = Question(httpx.URL(connection.login_url + login.path))
    shown = without_credentials(str(page.url))
    session = _Session()

    def find(response: httpx.Response) -> Form | None:
        body = b"".join(caller.pieces(page, response, LARGEST_LOGIN_ANSWER))
        return find_form(body, response.url, {login.user_field, login.password_field})

    try:
        form = caller.call(page, find, session)
        if form is None or form.method != "post" or not same_origin(form.action, page.url):
            raise SettingError(
                connection.login_setting,
                f"{shown} shows no form with {login.user_field} and {login.password_field} that is sent to itself.",
                "Check the address, and the login in the dataset's contract.",
            )
        user, password = connection.secret("user"), connection.secret("password")
        fields = {**form.hidden, **login.fields, login.user_field: user, login.password_field: password}
        sent = Question(form.action, fields)
        is_still_asking = caller.call(sent, lambda answer: is_login_page(_whole(caller, sent, answer)), session)
    except RefusedError as refused:
        raise not_let_in(refused, shown, connection) from None
    if is_still_asking or not session.has_cookies:
        raise SettingError(
            connection.variable("user"),
            f"{shown} does not accept it together with {connection.variable('password')}: "
            + ("it asks for the password again." if is_still_asking else "no session begins."),
            "Try both in a browser, then correct them in the environment or in .env.",
        )
    session.is_open = False
    return session


def _whole(caller: Caller, question: Question, response: httpx.Response) -> bytes:
    return b"".join(caller.pieces(question, response, LARGEST_LOGIN_ANSWER))


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")


def _printable(connection: HttpConnection, name: str) -> str:
    secret = connection.secret(name)
    if not _is_sound(secret):
        raise SettingError(
            connection.variable(name),
            "holds a character that no header may hold.",
            "Correct it in the environment or in .env.",
        )
    return secret


def _is_sound(token: str) -> bool:
    return bool(token) and token.isascii() and token.isprintable()
