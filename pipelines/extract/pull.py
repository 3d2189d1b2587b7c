"""One way in for every kind of source: a contract and a partition become an order, and the order a delivery.

The kinds themselves have a module each. Nothing is kept here and nothing is decided about what came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path

from pipelines.calendar import TIME_ZONE, Partition
from pipelines.contracts import Contract, DropFolder, EndpointPoll, Files, HttpDownload, HttpPages
from pipelines.errors import ContractError
from pipelines.extract.delivery import Delivery, Known, Order
from pipelines.extract.endpoints import pull_poll
from pipelines.extract.folders.drops import pull_drops
from pipelines.extract.folders.files import pull_files
from pipelines.extract.web.download import pull_download
from pipelines.extract.web.pages import pull_pages
from pipelines.settings import Settings


def pull_all(
    contract: Contract, partition: Partition, settings: Settings, folder: Path, known: Known | None = None
) -> Sequence[Delivery]:
    """All that the contract's source has of one partition: one delivery, or each file of a drop folder, oldest first.

    Two files of one period are a file and its correction, not two parts: which counts is told by their own times.

    Args:
        contract: As of `pull`.
        partition: As of `pull`.
        settings: As of `pull`.
        folder: As of `pull`.
        known: As of `pull`.

    Raises:
        KhoTinhError: As `pull`.
    """
    if isinstance(contract.source, DropFolder):
        return pull_drops(contract.source, order_of(contract, partition, settings, folder))
    return [pull(contract, partition, settings, folder, known)]


def pull(
    contract: Contract, partition: Partition, settings: Settings, folder: Path, known: Known | None = None
) -> Delivery:
    """Asks the contract's source for one partition.

    Args:
        contract: Whose export, and where it lies.
        partition: The day, month or baseline asked for.
        settings: How places are reached, and how patiently.
        folder: Existing, empty folder of the caller's; it holds the delivered file afterwards, and nothing else.
        known: What came last of this partition, where it is still held.

    Raises:
        TransientError: The source did not answer as it usually does, however often it was asked.
        NotThereError: The source answered, and this export is not there.
        SettingError: A setting is missing or does not work.
        ContractError: The contract's source cannot be asked so.
        PermanentError: The source refuses.
        DataRefusedError: What came is not what the source itself declares, or is too large.
    """
    order = replace(order_of(contract, partition, settings, folder), known=known)
    match contract.source:
        case HttpPages() as source:
            return pull_pages(source, order)
        case HttpDownload() as source:
            return pull_download(source, order)
        case Files() as source:
            return pull_files(source, order)
        case DropFolder() as source:
            return pull_drops(source, order)[-1]
        case EndpointPoll() as source:
            return pull_poll(source, order)


def order_of(contract: Contract, partition: Partition, settings: Settings, folder: Path) -> Order:
    """What is asked of the contract's source for one partition, with every placeholder filled in.

    Raises:
        ContractError: A placeholder is unknown or malformed.
    """
    source = contract.source
    query: Mapping[str, str | int]
    match source:
        case HttpPages() if partition.is_baseline:
            path, query = source.path, source.baseline_query
        case HttpPages() | HttpDownload():
            path, query = source.path, source.query
        case Files():
            path, query = source.path, {}
        case DropFolder():
            path, query = "", {}
        case EndpointPoll():
            path, query = "", source.query
    filled = {
        key: _filled(value, contract, partition) if isinstance(value, str) else value for key, value in query.items()
    }
    return Order(contract.dataset, partition, _filled(path, contract, partition), filled, settings, folder)


def _filled(template: str, contract: Contract, partition: Partition) -> str:
    """Fills the placeholders in. The `_start` ones are the local midnight, with its offset or as UTC."""
    start, next_start = (
        datetime.combine(day, time.min, TIME_ZONE) for day in (partition.first_day, partition.next_day)
    )
    moments = {
        "day": partition.first_day,
        "last_day": partition.last_day,
        "next_day": partition.next_day,
        "day_start": start,
        "next_day_start": next_start,
        "day_start_utc": start.astimezone(UTC),
        "next_day_start_utc": next_start.astimezone(UTC),
        "day_seconds": int(start.timestamp()),
        "next_day_seconds": int(next_start.timestamp()),
        "day_milliseconds": int(start.timestamp()) * 1000,
        "next_day_milliseconds": int(next_start.timestamp()) * 1000,
    }
    try:
        if "%s" in template:  # seconds by the clock of this machine, wherever it stands
            raise ValueError("%s hangs on the machine's time zone")
        return template.format(**moments)
    except (KeyError, IndexError, ValueError, AttributeError) as error:
        raise ContractError(
            f"{contract.dataset}: {template!r} in the contract's source cannot be filled in ({error}).",
            f"Use these only: {', '.join(moments)}.",
        ) from error
