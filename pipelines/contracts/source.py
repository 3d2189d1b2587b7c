"""Where an export lies and how its place is asked. What a place's address and secrets are is a setting, not a contract."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt, field_validator, model_validator

from pipelines.contracts.declared import Declared
from pipelines.contracts.login import ClientCredentials, Login
from pipelines.contracts.name_pattern import NamePattern
from pipelines.contracts.paging import Links, Offsets, PageNumbers, Paging

CONNECTION = r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$"
"""A connection's name: `documents` is set by KHOTINH_DOCUMENTS_URL and what stands beside it."""

Query = dict[str, str | StrictInt | StrictBool]


class HttpPages(Declared):
    """Rows that come page by page as JSON.

    Attributes:
        query: Parameters of every question; texts may hold placeholders, numbers and truth values stay what they are.
        send: Where they go: into the address, or by POST as a form or as one JSON object.
        baseline_query: Parameters of the question for the stock.
        rows: Path of the list of rows in an answer.
        total: Path of the number of rows that there are in all, where the source says it.
        proof: What proves that none was lost while pages were read. `second_pass`: two readings one after the other
            found the same rows. `total`: one reading is enough if it has as many rows as the source declares and none
            twice; of a set that changes under the reader, it can miss a row.
        row_key: Paths of the values that tell a row in two readings apart, where others change with the hour; the
            whole row if empty.
    """

    kind: Literal["http_pages"]
    connection: str = Field(pattern=CONNECTION)
    login: Login = ClientCredentials(kind="client_credentials")
    path: str
    query: Query
    send: Literal["query", "form", "json"] = "query"
    baseline_query: Query = Field(default_factory=dict)
    paging: Paging
    rows: str
    total: str | None = Field(default=None, min_length=1)
    proof: Literal["second_pass", "total"] = "second_pass"
    row_key: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> HttpPages:
        if self.proof == "total" and self.total is None:
            raise ValueError("`proof: total` needs a `total`")
        if self.total is not None and isinstance(self.paging, PageNumbers | Offsets) and self.paging.full_page:
            raise ValueError("`full_page` is for a source without `total`")
        if self.send != "query" and isinstance(self.paging, Links):
            raise ValueError("`paging` by links goes by addresses alone, so `send` must be `query`")
        return self


class HttpDownload(Declared):
    """One file that an HTTP address hands out.

    Attributes:
        query, send: As of `HttpPages`.
    """

    kind: Literal["http_download"]
    connection: str = Field(pattern=CONNECTION)
    login: Login = ClientCredentials(kind="client_credentials")
    path: str
    query: Query = Field(default_factory=dict)
    send: Literal["query", "form", "json"] = "query"


DONE_MARKER = r"^(\{name\}[^{}/\\*]+|[^.{}/\\*][^{}/\\*]*)$"


class Files(Declared):
    """One file, or with a `*` in the path all that match, in a folder outside.

    Attributes:
        done_marker: File beside it that its sender writes last: `_SUCCESS` for all, `{name}.done` for each. Without
            it the export is not there yet.
    """

    kind: Literal["files"]
    connection: str = Field(pattern=CONNECTION)
    path: str
    done_marker: str | None = Field(default=None, pattern=DONE_MARKER)


class DropFolder(Declared):
    """A folder into which somebody drops files by hand; each file's name tells its period.

    Attributes:
        folder: Below the connection's root; empty for the root itself.
        name_pattern: How names tell the period, as in `contracts.name_pattern`.
        done_marker: As of `Files`.
    """

    kind: Literal["drop_folder"]
    connection: str = Field(pattern=CONNECTION)
    folder: str = ""
    name_pattern: str
    done_marker: str | None = Field(default=None, pattern=DONE_MARKER)

    @property
    def names(self) -> NamePattern:
        """The pattern of its names."""
        return NamePattern(self.name_pattern)

    @field_validator("name_pattern")
    @classmethod
    def _can_be_read(cls, template: str) -> str:
        NamePattern(template).checked()
        return template


class EndpointPoll(Declared):
    """One status question to each registered endpoint. Without history only today can be asked."""

    kind: Literal["endpoint_poll"]
    connection: Literal["endpoints"]
    query: dict[str, str] = Field(default_factory=dict)
    has_history: bool


Source = Annotated[HttpPages | HttpDownload | Files | DropFolder | EndpointPoll, Field(discriminator="kind")]
