"""One file that an HTTP address hands out: streamed to disk as it comes, whatever it holds."""

from __future__ import annotations

import re
from datetime import datetime
from email.message import Message
from email.utils import collapse_rfc2231_value, parsedate_to_datetime
from pathlib import Path

import httpx

from pipelines.contracts import HttpDownload
from pipelines.extract.delivery import Delivery, Order, local_time, private_file, safe_name
from pipelines.extract.http import open_system

_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}")


def pull_download(source: HttpDownload, order: Order) -> Delivery:
    """Pulls the file; its name is the last part of the path.

    Raises:
        DataRefusedError: It is too large.
        TransientError, PermanentError: As `HttpSystem.ask` says.
    """
    file = order.file(".download")
    with open_system(source, order.settings, order.dataset) as system:
        question = system.question(order.path, order.query, source.send)

        def receive(response: httpx.Response) -> httpx.Headers:
            with private_file(file) as handle:
                handle.writelines(system.pieces(question, response))
            return response.headers

        headers = system.ask(question, receive)
        name = _name(safe_name(order.path.partition("?")[0]), headers)
        return Delivery(file, name, system.shown(order.path, order.query), source_modified_at=_last_modified(headers))


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
