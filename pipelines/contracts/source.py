"""Where an export lies and how its place is asked. What a place's address and secrets are is a setting, not a contract."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from pipelines.contracts.declared import Declared
from pipelines.contracts.name_pattern import NamePattern

CONNECTION = r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$"
"""A connection's name: `documents` is set by KHOTINH_DOCUMENTS_URL and what stands beside it."""


class HttpPages(Declared):
    """Rows that come page by page as JSON behind a token, with a total to check against."""

    kind: Literal["http_pages"]
    connection: str = Field(pattern=CONNECTION)
    path: str
    query: dict[str, str]
    baseline_query: dict[str, str] = Field(default_factory=dict)
    page_parameter: str
    rows: str
    total: str


class HttpDownload(Declared):
    """One file that an HTTP address hands out behind a token."""

    kind: Literal["http_download"]
    connection: str = Field(pattern=CONNECTION)
    path: str
    query: dict[str, str] = Field(default_factory=dict)


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
