"""How an HTTP system hands rows out part by part, and how it tells that there are no more."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pipelines.contracts.declared import Declared


class PageNumbers(Declared):
    """Pages by number.

    Attributes:
        parameter: Takes the page's number.
        first: Number of the first page.
        full_page: Rows of a full page: of a source without total, a page with fewer is the last. Without it the first
            empty page is the end, which is safer and one more question.
    """

    kind: Literal["page"]
    parameter: str
    first: Literal[0, 1] = 1
    full_page: int | None = Field(default=None, ge=1)


class Offsets(Declared):
    """Pages by the number of rows to leave out; how many a page holds is said in the query.

    Attributes:
        parameter: Takes the number of rows to leave out.
        full_page: As of `PageNumbers`.
    """

    kind: Literal["offset"]
    parameter: str
    full_page: int | None = Field(default=None, ge=1)


class Cursors(Declared):
    """Each page says what to ask the next one by; nothing or an empty text says that it is the last.

    Attributes:
        parameter: Takes what the page before said; the first question goes without it.
        next: Path of that in the answer.
    """

    kind: Literal["cursor"]
    parameter: str
    next: str = Field(min_length=1)


class Links(Declared):
    """Each page holds the next one's address; without one it is the last. Other hosts are never asked.

    Attributes:
        next: Path of the address in the answer; empty for the header `Link` with `rel=next` (RFC 8288).
    """

    kind: Literal["link"]
    next: str = ""


Paging = Annotated[PageNumbers | Offsets | Cursors | Links, Field(discriminator="kind")]
