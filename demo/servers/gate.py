"""Who gets into the portal: tokens that end, an allowance for requests, and failures on demand.

What is answered once a request is in belongs to `demo.servers.portal`. Times are seconds of the clock handed in.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


@dataclass(frozen=True)
class PortalRules:
    """How the portal treats its clients.

    Attributes:
        client_id: Who may ask for a token.
        client_secret: And with which secret.
        token_seconds: How long a token lasts.
        requests_per_second: How fast the allowance for requests fills up.
        burst: How many requests it holds.
        clock: Seconds that only ever grow.
    """

    client_id: str
    client_secret: str
    token_seconds: float = 20.0
    requests_per_second: float = 40.0
    burst: float = 40.0
    clock: Callable[[], float] = time.monotonic


@dataclass
class Gate:
    """Who may pass: tokens and when each ends, the allowance for requests, and the failures still owed.

    Attributes:
        rules: How clients are treated.
        failures: How many of the first questions fail.
        early_ends: How many tokens still end right after the first request that they let through.
        waits: How many of the first requests are told to come back later.
    """

    rules: PortalRules
    failures: int = 0
    early_ends: int = 0
    waits: int = 0
    _tokens: dict[str, float] = field(default_factory=dict)
    _allowance: float = 0.0
    _filled_at: float | None = None

    def issue_token(self) -> str:
        """A new token; those that have ended are forgotten."""
        now = self.rules.clock()
        self._tokens = {token: end for token, end in self._tokens.items() if end > now}
        token = secrets.token_urlsafe(24)
        self._tokens[token] = now + self.rules.token_seconds
        return token

    def refusal(self, request: Request) -> Response | None:
        """Why the request may not pass, or None if it may."""
        if self._owes_wait() or not self._take_one():
            return problem(HTTPStatus.TOO_MANY_REQUESTS, "Too many requests.", {"Retry-After": "1"})
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or self._tokens.get(token, 0.0) <= self.rules.clock():
            challenge = {"WWW-Authenticate": 'Bearer realm="portal", error="invalid_token"'}
            return problem(HTTPStatus.UNAUTHORIZED, "The token is missing or has expired.", challenge)
        if self.early_ends > 0:
            self.early_ends -= 1
            del self._tokens[token]
        return None

    def owes_failure(self) -> bool:
        """Whether this request is one of the first, which fail."""
        is_owed = self.failures > 0
        self.failures -= is_owed
        return is_owed

    def _owes_wait(self) -> bool:
        is_owed = self.waits > 0
        self.waits -= is_owed
        return is_owed

    def _take_one(self) -> bool:
        now = self.rules.clock()
        since = 0.0 if self._filled_at is None else now - self._filled_at
        full = self.rules.burst if self._filled_at is None else self._allowance
        self._allowance, self._filled_at = min(self.rules.burst, full + since * self.rules.requests_per_second), now
        if self._allowance < 1.0:
            return False
        self._allowance -= 1.0
        return True


def problem(status: HTTPStatus, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """An answer that says what is wrong."""
    return JSONResponse({"error": message}, status_code=status, headers=headers)
