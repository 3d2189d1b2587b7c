"""Before anything is written: which settings of the places that the contracts need do not work.

For `khotinh doctor` and the start of a run. Nothing is pulled, and no export is looked for: what a place holds is
seen when it is pulled.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from pipelines import calendar
from pipelines.contracts import Contract, DropFolder, EndpointPoll, Files, HttpDownload, HttpPages, Source
from pipelines.errors import SettingError, TransientError
from pipelines.extract.endpoints import SETTING as ENDPOINT_SETTING
from pipelines.extract.endpoints import endpoint_address, read_endpoints
from pipelines.extract.http import open_system
from pipelines.extract.places import open_folder
from pipelines.settings import ENDPOINTS_FILE, Settings

CONNECT_SECONDS = 3.0
"""A place on the province's own network that takes longer to take a call is not there."""

LOOK_SECONDS = 10.0
"""To let us in and to list a folder may take longer than to take the call."""

_DEFAULT_PORTS = {"http": 80, "https": 443, "sftp": 22, "ftps": 21, "smb": 445}


def check(
    contracts: Iterable[Contract], settings: Settings, *, skip: frozenset[str] = frozenset()
) -> list[tuple[str, SettingError | None]]:
    """Tries each connection that the contracts name, once and without waiting for it to get better.

    Args:
        contracts: Those that are about to be pulled.
        settings: The settings to try.
        skip: Connections to leave out.

    Returns:
        Each connection, sorted, with what is wrong with its settings; None if nothing is.

    Raises:
        ContractError: The registry of endpoints is malformed.
    """
    impatient = settings.model_copy(
        update={
            "retry_attempts": 1,
            "retry_seconds": 0.0,
            "http_timeout_seconds": min(settings.http_timeout_seconds, LOOK_SECONDS),
        }
    )
    sources = {contract.source.connection: contract.source for contract in contracts}
    connections = sorted(sources.keys() - skip)
    with ThreadPoolExecutor(max(len(connections), 1), thread_name_prefix="reach") as pool:
        findings = pool.map(lambda connection: _finding(sources[connection], impatient), connections)
        return list(zip(connections, findings, strict=True))


def _finding(source: Source, settings: Settings) -> SettingError | None:
    setting, look = _looks(source)
    try:
        look(source.connection, settings)
    except SettingError as error:
        return error
    except TransientError as error:
        return SettingError(setting, error.what, "Check the address, and that the place is up and may be reached.")
    return None


def _looks(source: Source) -> tuple[str, Callable[[str, Settings], None]]:
    match source:
        case EndpointPoll():
            return ENDPOINT_SETTING, _look_at_endpoints
        case HttpPages() | HttpDownload():
            return f"KHOTINH_{source.connection.upper()}_URL", _look_at_http
        case Files() | DropFolder():
            return f"KHOTINH_{source.connection.upper()}_URL", _look_at_files


def _look_at_http(connection: str, settings: Settings) -> None:
    place = settings.http(connection)
    with open_system(place, settings, connection) as system:
        _call(place.url, place.setting)
        system.new_token(None)


def _look_at_files(connection: str, settings: Settings) -> None:
    place = settings.files(connection)
    if urlsplit(place.url).scheme in _DEFAULT_PORTS:
        _call(place.url, place.setting)
    if place.endpoint_url:
        _call(place.endpoint_url, place.beside("endpoint_url"))
    with open_folder(place, settings) as folder:
        folder.check_root()


def _look_at_endpoints(_: str, settings: Settings) -> None:
    """Only the template: an endpoint that is off is an outcome of the poll, not a fault of the settings."""
    for endpoint in read_endpoints(ENDPOINTS_FILE, calendar.today())[:1]:
        endpoint_address(settings, endpoint)
    settings.endpoint_template()


def _call(url: str, setting: str) -> None:
    """Connects to the address and hangs up."""
    try:
        address = urlsplit(url)
        place = (address.hostname or "", address.port or _DEFAULT_PORTS[address.scheme])
    except ValueError:
        raise SettingError(setting, "has a malformed port.", "Correct it in the environment or in .env.") from None
    shown = f"{address.scheme}://{place[0]}:{place[1]}"
    next_step = "Check the address, and that this machine may reach it."
    try:
        socket.create_connection(place, timeout=CONNECT_SECONDS).close()
    except socket.gaierror:
        raise SettingError(setting, f"{shown}: no such host is known.", next_step) from None
    except TimeoutError:
        raise SettingError(setting, f"{shown} does not answer within {CONNECT_SECONDS:g} s.", next_step) from None
    except OSError as error:
        raise SettingError(setting, f"{shown} does not answer ({error.strerror}).", next_step) from None
