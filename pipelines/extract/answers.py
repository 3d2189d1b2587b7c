"""What an HTTP status means for a pull: try again, wait, or tell a person what to change.

Only the meaning and its words stand here; calling, waiting and tokens are `http`'s business.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from pipelines.errors import NotThereError, PermanentError, SettingError, TransientError
from pipelines.extract.delivery import without_credentials
from pipelines.settings import HttpConnection

UNAUTHORIZED = 401
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


def judge(response: httpx.Response, asked: str) -> None:
    """Lets a 200 through.

    Raises:
        RateLimitedError: 429.
        TransientError: The server failed (5xx) or gave up waiting (408).
        RefusedError: Anything else.
    """
    status = response.status_code
    if status == _OK:
        return
    if status == _TOO_MANY:
        raise RateLimitedError(_seconds_to_wait(response.headers.get("Retry-After", "")))
    if status == _TIMED_OUT or status in _SERVER_ERRORS:
        raise broken(asked, f"answered {status}")
    raise RefusedError(status, response.headers.get("Location", ""))


def broken(asked: str, what: str) -> TransientError:
    """The error for an answer that did not come, or not whole."""
    return TransientError(f"{asked} {what}.", "It may work later; run again.")


def no_token(refused: RefusedError, address: str, connection: HttpConnection) -> SettingError:
    """The error for a refused token call."""
    if refused.status in {_BAD_REQUEST, UNAUTHORIZED, _FORBIDDEN}:
        client_id, client_secret = credentials(connection)
        return SettingError(
            client_id,
            f"{address} does not accept it together with {client_secret} ({refused.status}).",
            "Correct them in the environment or in .env, or ask the system's owner for new ones.",
        )
    return SettingError(
        connection.setting,
        f"{address} answered {refused.status}{_pointing(refused)}, so no token is handed out there.",
        "Correct the address in the environment or in .env.",
    )


def no_data(refused: RefusedError, asked: str, connection: HttpConnection) -> PermanentError:
    """The error for a refused call for data."""
    if refused.status in {_NOT_FOUND, _GONE}:
        return NotThereError(
            f"{asked} answered {refused.status}: the export is not there.",
            "Ask its owner whether it has been made, and check the path in the dataset's contract.",
        )
    if refused.status == UNAUTHORIZED:
        client_id, client_secret = credentials(connection)
        return SettingError(
            client_id,
            f"{asked} refuses even a new token (401).",
            f"Ask the system's owner whether this client may still come in, and check {client_secret}.",
        )
    if refused.status == _FORBIDDEN:
        return PermanentError(f"{asked} answered 403.", "Ask the system's owner to let this client read it.")
    if refused.status in _REDIRECTS:
        return PermanentError(
            f"{asked} answered {refused.status}{_pointing(refused)}; that is not followed.",
            f"If it has moved, correct {connection.setting} or the path in the dataset's contract.",
        )
    return PermanentError(f"{asked} answered {refused.status}.", "Check the query in the dataset's contract.")


def credentials(connection: HttpConnection) -> tuple[str, str]:
    """The names of the two settings that hold a connection's credentials."""
    prefix = connection.setting.removesuffix("_URL")
    return f"{prefix}_CLIENT_ID", f"{prefix}_CLIENT_SECRET"


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
