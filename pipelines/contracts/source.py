"""Where an export lies and how its place is asked. What a place's address and secrets are is a setting, not a contract."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pipelines.contracts.declared import Declared

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


class Files(Declared):
    """One file, or with a `*` in the path all that match, in a folder reached by SFTP, S3 or the local disk."""

    kind: Literal["files"]
    connection: str = Field(pattern=CONNECTION)
    path: str


class EndpointPoll(Declared):
    """One status question to each registered endpoint. Without history only today can be asked."""

    kind: Literal["endpoint_poll"]
    connection: Literal["endpoints"]
    query: dict[str, str] = Field(default_factory=dict)
    has_history: bool


Source = Annotated[HttpPages | HttpDownload | Files | EndpointPoll, Field(discriminator="kind")]
