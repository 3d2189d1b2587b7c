"""One file that an HTTP address hands out behind a token: streamed to disk as it comes, whatever it holds."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime

import httpx

from pipelines.contracts import HttpDownload
from pipelines.extract.delivery import Delivery, Order, local_time, private_file, safe_name
from pipelines.extract.http import open_system


def pull_download(source: HttpDownload, order: Order) -> Delivery:
    """Pulls the file; its name is the last part of the path.

    Raises:
        DataRefusedError: It is too large.
        TransientError, PermanentError: As `HttpSystem.get` says.
    """
    name = safe_name(order.path)
    file = order.folder / name
    with open_system(order.settings.http(source.connection), order.settings, order.dataset) as system:

        def receive(response: httpx.Response) -> datetime | None:
            with private_file(file) as handle:
                handle.writelines(system.pieces(order.path, response))
            return _last_modified(response)

        modified_at = system.get(order.path, order.query, receive)
        return Delivery(file, name, system.shown(order.path, order.query), source_modified_at=modified_at)


def _last_modified(response: httpx.Response) -> datetime | None:
    try:
        return local_time(parsedate_to_datetime(response.headers["Last-Modified"]))
    except (KeyError, ValueError):
        return None
