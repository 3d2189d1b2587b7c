"""One file that an HTTP address hands out: streamed to disk as it comes, whatever it holds."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from datetime import datetime
from email.message import Message
from email.utils import collapse_rfc2231_value, parsedate_to_datetime
from pathlib import Path

import httpx

from pipelines.contracts import HttpDownload
from pipelines.extract.delivery import Delivery, Known, Order, local_time, private_file, safe_name
from pipelines.extract.web.answers import NOT_MODIFIED
from pipelines.extract.web.http import open_system

_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}")
_STRONG_ETAG = re.compile(r'"[!#-~]{1,200}"')


def pull_download(source: HttpDownload, order: Order) -> Delivery:
    """Pulls the file; its name is the last part of the path.

    Raises:
        DataRefusedError: It is too large.
        TransientError, PermanentError: As `HttpSystem.ask` says.
    """
    file = order.file(".download")
    with open_system(source, order.settings, order.dataset) as system:
        shown = system.shown(order.path, order.query)
        known = order.known if order.known is not None and order.known.source_uri == shown else None
        question = system.question(order.path, order.query, source.send)
        if known is not None and source.send == "query":
            question = replace(question, headers={"If-None-Match": known.etag})

        def receive(response: httpx.Response) -> Delivery:
            if known is not None and response.status_code == NOT_MODIFIED:
                return _as_before(known, file, _last_modified(response.headers))
            with private_file(file) as handle:
                handle.writelines(system.pieces(question, response))
            name = _name(safe_name(order.path.partition("?")[0]), response.headers)
            modified_at = _last_modified(response.headers)
            return Delivery(file, name, shown, source_modified_at=modified_at, etag=_etag(response.headers))

        return system.ask(question, receive)


def _as_before(known: Known, file: Path, modified_at: datetime | None) -> Delivery:
    """What came last once more, by its source's own word: all that follows need not know that it was not sent."""
    with private_file(file) as handle, known.file.open("rb") as held:
        shutil.copyfileobj(held, handle)
    modified_at = modified_at or known.source_modified_at
    return Delivery(file, known.file_name, known.source_uri, source_modified_at=modified_at, etag=known.etag)


def _etag(headers: httpx.Headers) -> str | None:
    """The mark of exactly these bytes; a weak one (`W/`) only says that they mean the same."""
    etag = headers.get("ETag", "").strip()
    return etag if _STRONG_ETAG.fullmatch(etag) else None


def _name(asked: str, headers: httpx.Headers) -> str:
    """The path's own name, with the suffix that the answer gives the file.

    A report screen likes to name the file after whoever is logged in, and names of files are published.
    """
    suffix = Path(safe_name(_told_name(headers))).suffix
    return f"{Path(asked).stem}{suffix.lower()}" if _SUFFIX.fullmatch(suffix) else asked


def _told_name(headers: httpx.Headers) -> str:
    """The file name of Content-Disposition; `filename*` goes before `filename` (RFC 6266, section 4.3)."""
    message = Message()
    message["Content-Disposition"] = headers.get("Content-Disposition", "")
    told = [value for name, value in message.get_params([], "Content-Disposition") if name.lower() == "filename"]
    told.sort(key=lambda value: not isinstance(value, tuple))
    return collapse_rfc2231_value(told[0]) if told else ""


def _last_modified(headers: httpx.Headers) -> datetime | None:
    try:
        return local_time(parsedate_to_datetime(headers["Last-Modified"]))
    except (KeyError, ValueError):
        return None
