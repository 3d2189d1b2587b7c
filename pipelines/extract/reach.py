"""Before anything is written: which settings of the places that the contracts need do not work.

For `khotinh doctor` and the start of a run. Nothing is pulled, and no export is looked for: what a place holds is
seen when it is pulled. Only where a login is no call of its own, the address of an export has to be asked.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from pipelines import calendar
from pipelines.calendar import Partition
from pipelines.contracts import Contract, DropFolder, EndpointPoll, Files, HttpDownload, HttpPages, Source
from pipelines.errors import DataRefusedError, NotThereError, PermanentError, SettingError, TransientError
from pipelines.extract.endpoints import SETTING as ENDPOINT_SETTING
from pipelines.extract.endpoints import endpoint_address, read_endpoints
from pipelines.extract.folders.places import open_folder
from pipelines.extract.pull import order_of
from pipelines.extract.web.http import open_system
from pipelines.extract.web.login import can_renew
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
        contracts: Those that are about to be pulled; an optional one whose address is not set is left out.
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
    sources: dict[str, list[Contract]] = {}
    for contract in contracts:
        if not contract.is_optional or settings.is_connected(contract.source.connection):
            sources.setdefault(contract.source.connection, []).append(contract)
    connections = sorted(sources.keys() - skip)
    with ThreadPoolExecutor(max(len(connections), 1), thread_name_prefix="reach") as pool:
        findings = pool.map(lambda connection: _finding(sources[connection], impatient), connections)
        return list(zip(connections, findings, strict=True))


def _finding(contracts: list[Contract], settings: Settings) -> SettingError | None:
    """What is wrong with one connection; each manner in which its contracts come in is tried once."""
    looks = {repr(_manner(contract.source)): contract for contract in contracts}
    for contract in looks.values():
        setting, look = _looks(contract)
        try:
            look(contract, settings)
        except SettingError as error:
            return error
        except TransientError as error:
            return SettingError(setting, error.what, "Check the address, and that the place is up and may be reached.")
    return None


def _manner(source: Source) -> object:
    return (source.kind, source.login) if isinstance(source, HttpPages | HttpDownload) else source.kind


def _looks(contract: Contract) -> tuple[str, Callable[[Contract, Settings], None]]:
    match contract.source:
        case EndpointPoll():
            return ENDPOINT_SETTING, _look_at_endpoints
        case HttpPages() | HttpDownload():
            return f"KHOTINH_{contract.source.connection.upper()}_URL", _look_at_http
        case Files() | DropFolder():
            return f"KHOTINH_{contract.source.connection.upper()}_URL", _look_at_files


def _look_at_http(contract: Contract, settings: Settings) -> None:
    """Logs in. Where a login is no call of its own, the export's address is asked, and only the answer's head is read.

    Raises:
        SettingError: The credentials do not work, or the address refuses.
        TransientError: The system does not answer.
    """
    source = contract.source
    if not isinstance(source, HttpPages | HttpDownload):
        return
    with open_system(source, settings, source.connection) as system:
        place = settings.connections.http(source.connection)
        _call(place.url, place.setting)
        if can_renew(source.login):
            system.log_in(None)
            return
        order = order_of(contract, _last_period(contract), settings, Path())
        question = system.question(order.path, order.query, source.send)
        try:
            system.ask(question, lambda response: next(system.pieces(question, response), b""))
        except (NotThereError, DataRefusedError):
            return  # it lets us in: what it holds is seen when it is pulled
        except SettingError:
            raise
        except PermanentError as error:
            raise SettingError(place.setting, error.what, error.next_step) from None


def _last_period(contract: Contract) -> Partition:
    """The last day or month that has wholly passed."""
    today = calendar.today()
    if contract.cadence == "monthly":
        return Partition.of_month(today.replace(day=1) - timedelta(days=1))
    return Partition.of_day(today - timedelta(days=1))


def _look_at_files(contract: Contract, settings: Settings) -> None:
    place = settings.connections.files(contract.source.connection)
    if urlsplit(place.url).scheme in _DEFAULT_PORTS:
        _call(place.url, place.setting)
    if place.endpoint_url:
        _call(place.endpoint_url, place.beside("endpoint_url"))
    with open_folder(place, settings) as folder:
        folder.check_root()


def _look_at_endpoints(_: Contract, settings: Settings) -> None:
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
