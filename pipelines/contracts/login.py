"""How an HTTP system lets us in: the manner is the contract's, what proves who we are is a setting.

The names of the settings that a kind needs stand here, so that a missing one is named before anything is asked. How a
login is carried out belongs to `extract`.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from pipelines.contracts.declared import Declared

HEADER = r"^[A-Za-z][A-Za-z0-9-]*$"
"""A header's name. A token goes into `Authorization` as `Bearer …`, and into any other header bare."""


class ClientCredentials(Declared):
    """A token for a client's id and secret (RFC 6749, section 4.4).

    Attributes:
        path: Of the token call, below the connection's LOGIN_URL if it has one, or else below its URL.
        client: Whether id and secret stand in the call's body, or as Basic in its header (section 2.3.1).
        fields: More fields of the call, such as `scope`.
        token: Path of the token in the answer.
        header: Header that carries the token afterwards.
    """

    settings: ClassVar[tuple[str, ...]] = ("client_id", "client_secret")

    kind: Literal["client_credentials"]
    path: str = "/oauth/token"
    client: Literal["body", "header"] = "body"
    fields: dict[str, str] = Field(default_factory=dict)
    token: str = "access_token"  # noqa: S105 -- the name of a key, not a token
    header: str = Field(default="Authorization", pattern=HEADER)


class Password(Declared):
    """A token for a user's name and password: the password grant of RFC 6749, or a system's own login call.

    Attributes:
        path: Of the login call, below the connection's LOGIN_URL if it has one, or else below its URL.
        client: Where the call also needs a client's id and secret: in its body, as Basic in its header, or not at all.
        send: The fields go as a form or as one JSON object.
        user_field, password_field: What the two fields are called.
        fields: More fields of the call, such as `grant_type: password`.
        token: Path of the token in the answer.
        header: Header that carries the token afterwards.
    """

    kind: Literal["password"]
    path: str
    client: Literal["none", "body", "header"] = "none"
    send: Literal["form", "json"] = "form"
    user_field: str = "username"
    password_field: str = "password"  # noqa: S105 -- the name of a field, not a password
    fields: dict[str, str] = Field(default_factory=dict)
    token: str = "access_token"  # noqa: S105 -- the name of a key, not a token
    header: str = Field(default="Authorization", pattern=HEADER)

    @property
    def settings(self) -> tuple[str, ...]:
        """What must be set of the connection."""
        return ("user", "password") if self.client == "none" else ("user", "password", "client_id", "client_secret")


class Basic(Declared):
    """A user's name and password with every call (RFC 7617)."""

    settings: ClassVar[tuple[str, ...]] = ("user", "password")

    kind: Literal["basic"]


class Bearer(Declared):
    """A token or key that the system's owner has handed out, with every call.

    Attributes:
        header: Header that carries it.
        parameter: Or the parameter of the address; it is never stored or shown.
    """

    settings: ClassVar[tuple[str, ...]] = ("token",)

    kind: Literal["bearer"]
    header: str | None = Field(default=None, pattern=HEADER)
    parameter: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _goes_one_way(self) -> Bearer:
        if self.header is not None and self.parameter is not None:
            raise ValueError("a `bearer` goes into a `header` or a `parameter`, not into both")
        return self


class LoginForm(Declared):
    """A login page as people use it: user and password into its form, hidden fields as they stand there, a session.

    Attributes:
        path: Of the page that holds the form, below the connection's LOGIN_URL if it has one, or else below its URL.
        user_field, password_field: Names of the form's two fields.
        fields: More fields to fill in, such as a choice of the unit.
    """

    settings: ClassVar[tuple[str, ...]] = ("user", "password")

    kind: Literal["form"]
    path: str
    user_field: str = "username"
    password_field: str = "password"  # noqa: S105 -- the name of a field, not a password
    fields: dict[str, str] = Field(default_factory=dict)


class NoLogin(Declared):
    """Whoever can reach the system may ask."""

    settings: ClassVar[tuple[str, ...]] = ()

    kind: Literal["none"]


Login = Annotated[
    ClientCredentials | Password | Basic | Bearer | LoginForm | NoLogin,
    Field(discriminator="kind"),
]
