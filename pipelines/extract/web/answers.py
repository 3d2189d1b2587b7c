"""What an HTTP status means for a pull: try again, wait, or tell a person what to change.

Only the meaning and its words stand here; calling, waiting and tokens are `http`'s business.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from pipelines.connections import HttpConnection
from pipelines.errors import NotThereError, PermanentError, SettingError, TransientError
from pipelines.extract.delivery import without_credentials

NOT_MODIFIED, UNAUTHORIZED = 304, 401
LONGEST_RATE_LIMIT_WAIT_SECONDS = 60.0

_OK, _BAD_REQUEST, _FORBIDDEN, _NOT_FOUND, _TIMED_OUT, _GONE, _TOO_MANY = 200, 400, 403, 404, 408, 410, 429
_REDIRECTS, _SERVER_ERRORS = range(300, 400), range(500, 600)


class RateLimitedError(Exception):
    """The system asks to wait.

    Args:
        seconds: How long, at most `LONGEST_RATE_LIMIT_WAIT_SECONDS`.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class RefusedError(Exception):
    """A status that no waiting will change.

    Args:
        status: The HTTP status.
        location: Where the answer points to, empty if nowhere.
    """

    def __init__(self, status: int, location: str) -> None:
        super().__init__(status)
        self.status = status
        self.location = location


class LoginPageError(RefusedError):
    """Instead of what was asked for came a page that asks for a password: the login has ended or was none."""

    def __init__(self) -> None:
        super().__init__(UNAUTHORIZED, "")


def judge(response: httpx.Response, asked: str) -> None:
    """Lets a 200 through, and a 304 where it was asked for.

    Raises:
        RateLimitedError: 429.
        TransientError: The server failed (5xx) or gave up waiting (408).
        RefusedError: Anything else.
    """
    status = response.status_code
    if status == _OK or (status == NOT_MODIFIED and "If-None-Match" in response.request.headers):
        return
    if status == _TOO_MANY:
        raise RateLimitedError(_seconds_to_wait(response.headers.get("Retry-After", "")))
    if status == _TIMED_OUT or status in _SERVER_ERRORS:
        raise broken(asked, f"answered {status}")
    raise RefusedError(status, response.headers.get("Location", ""))


def broken(asked: str, what: str) -> TransientError:
    """The error for an answer that did not come, or not whole."""
    return TransientError(f"{asked} {what}.", "It may work later; run again.")


def not_let_in(refused: RefusedError, address: str, connection: HttpConnection) -> SettingError:
    """The error for a refused login."""
    if refused.status in {_BAD_REQUEST, UNAUTHORIZED, _FORBIDDEN}:
        first, others = _credentials(connection)
        return SettingError(
            first,
            f"{address} does not accept it{others} ({refused.status}).",
            "Correct them in the environment or in .env, or ask the system's owner for new ones.",
        )
    return SettingError(
        connection.login_setting,
        f"{address} answered {refused.status}{_pointing(refused)}, so nobody can log in there.",
        "Correct the address in the environment or in .env, or the login in the dataset's contract.",
    )


def no_data(refused: RefusedError, asked: str, connection: HttpConnection) -> PermanentError:
    """The error for a refused call for data."""
    if refused.status in {_NOT_FOUND, _GONE}:
        return NotThereError(
            f"{asked} answered {refused.status}: the export is not there.",
            "Ask its owner whether it has been made, and check the path in the dataset's contract.",
        )
    if refused.status == UNAUTHORIZED:
        return _shut_out(refused, asked, connection)
    if refused.status == _FORBIDDEN:
        return PermanentError(f"{asked} answered 403.", "Ask the system's owner to let this client read it.")
    if refused.status in _REDIRECTS:
        return PermanentError(
            f"{asked} answered {refused.status}{_pointing(refused)}; that is not followed.",
            f"If it has moved, correct {connection.setting} or the path in the dataset's contract.",
        )
    return PermanentError(f"{asked} answered {refused.status}.", "Check the query in the dataset's contract.")


def _shut_out(refused: RefusedError, asked: str, connection: HttpConnection) -> SettingError:
    how = "a login page" if isinstance(refused, LoginPageError) else "401"
    if not connection.credentials:
        return SettingError(
            connection.setting,
            f"{asked} asks for a login ({how}), and the contract declares none.",
            "Declare it in the dataset's contract (`login`).",
        )
    first, others = _credentials(connection)
    return SettingError(
        first,
        f"{asked} lets nobody in with it{others}, even after a new login ({how}).",
        "Ask the system's owner whether this account may still come in, and check these settings.",
    )


def _credentials(connection: HttpConnection) -> tuple[str, str]:
    """The name of the first setting with credentials, and the others as words."""
    first, *others = (connection.variable(name) for name in connection.credentials)
    return first, f" together with {', '.join(others)}" if others else ""


def _pointing(refused: RefusedError) -> str:
    return f" and points to {without_credentials(refused.location)}" if refused.location else ""


def _seconds_to_wait(retry_after: str) -> float:
    """Reads Retry-After, seconds or an HTTP date; one second if it is missing or malformed."""
    try:
        seconds = float(int(retry_after))
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(retry_after).astimezone(UTC) - datetime.now(UTC)).total_seconds()
        except ValueError:
            seconds = 1.0
    return min(max(seconds, 0.0), LONGEST_RATE_LIMIT_WAIT_SECONDS)
