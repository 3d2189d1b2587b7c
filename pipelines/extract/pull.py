"""One way in for every kind of source: a contract and a partition become an order, and the order a delivery.

The kinds themselves have a module each. Nothing is kept here and nothing is decided about what came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pipelines.calendar import Partition
from pipelines.contracts import Contract, DropFolder, EndpointPoll, Files, HttpDownload, HttpPages
from pipelines.errors import ContractError
from pipelines.extract.delivery import Delivery, Order
from pipelines.extract.download import pull_download
from pipelines.extract.drops import pull_drops
from pipelines.extract.endpoints import pull_poll
from pipelines.extract.files import pull_files
from pipelines.extract.pages import pull_pages
from pipelines.settings import Settings


def pull_all(contract: Contract, partition: Partition, settings: Settings, folder: Path) -> Sequence[Delivery]:
    """All that the contract's source has of one partition: one delivery, or each file of a drop folder, oldest first.

    Two files of one period are a file and its correction, not two parts: which counts is told by their own times.

    Args:
        contract: As of `pull`.
        partition: As of `pull`.
        settings: As of `pull`.
        folder: As of `pull`.

    Raises:
        KhoTinhError: As `pull`.
    """
    if isinstance(contract.source, DropFolder):
        return pull_drops(contract.source, Order(contract.dataset, partition, "", {}, settings, folder))
    return [pull(contract, partition, settings, folder)]


def pull(contract: Contract, partition: Partition, settings: Settings, folder: Path) -> Delivery:
    """Asks the contract's source for one partition.

    Args:
        contract: Whose export, and where it lies.
        partition: The day, month or baseline asked for.
        settings: How places are reached, and how patiently.
        folder: Existing, empty folder of the caller's; it holds the delivered file afterwards, and nothing else.

    Raises:
        TransientError: The source did not answer as it usually does, however often it was asked.
        NotThereError: The source answered, and this export is not there.
        SettingError: A setting is missing or does not work.
        ContractError: The contract's source cannot be asked so.
        PermanentError: The source refuses.
        DataRefusedError: What came is not what the source itself declares, or is too large.
    """

    def order(path: str, query: Mapping[str, str]) -> Order:
        filled = {key: _filled(value, contract, partition) for key, value in query.items()}
        return Order(contract.dataset, partition, _filled(path, contract, partition), filled, settings, folder)

    match contract.source:
        case HttpPages() as source:
            query = source.baseline_query if partition.is_baseline else source.query
            return pull_pages(source, order(source.path, query))
        case HttpDownload() as source:
            return pull_download(source, order(source.path, source.query))
        case Files() as source:
            return pull_files(source, order(source.path, {}))
        case DropFolder():
            return pull_all(contract, partition, settings, folder)[-1]
        case EndpointPoll() as source:
            return pull_poll(source, order("", source.query))


def _filled(template: str, contract: Contract, partition: Partition) -> str:
    try:
        return template.format(day=partition.first_day, next_day=partition.next_day)
    except (KeyError, IndexError, ValueError, AttributeError) as error:
        raise ContractError(
            f"{contract.dataset}: {template!r} in the contract's source cannot be filled in ({error}).",
            "Use {day:...} and {next_day:...} only.",
        ) from error
