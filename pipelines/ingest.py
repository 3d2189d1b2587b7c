"""One dataset's partition from its source to the ledger: extract, archive, parse, validate, load, in this order.

The steps know nothing of each other but their products; this is the only place that strings them together, and
Dagster's assets, the tests and the benchmark all call it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines import archive
from pipelines.archive import Arrival
from pipelines.calendar import Partition, WorkingDays, now
from pipelines.connections import variable
from pipelines.contracts import Contract, DropFolder, HttpDownload, read_contracts
from pipelines.errors import (
    DataRefusedError,
    KhoTinhError,
    MessagesWithheld,
    NotThereError,
    PermanentError,
    SettingError,
)
from pipelines.extract import Known, dropped, pull_all
from pipelines.load.ledger import (
    Attempt,
    JudgedBefore,
    Outcome,
    arrival_id,
    arrived_files,
    last_arrival,
    load_with_same_bytes,
    needs_baseline,
    record_attempt,
)
from pipelines.load.load import load
from pipelines.load.volumes import settle_changed
from pipelines.load.warehouse import open_warehouse, prepare
from pipelines.parse import parse
from pipelines.parse.cells.values import Reading
from pipelines.parse.scratch import FOLDER_PREFIX
from pipelines.reference import ALIASES_NAME, CROSSWALK_NAME, Reference, read_reference
from pipelines.settings import ENDPOINTS_FILE, EXPECTATIONS, SEEDS, SOURCES, Settings
from pipelines.validate.suites import MARTS_FOLDER, MartSuite, Suite, read_mart_suites, read_suite
from pipelines.validate.verdict import Judged, Verdict, judge, refuse_unread
from pipelines.validate.volume_basis import EXCEPTIONS_NAME, VolumeBasis, read_volume_basis

_INCOMING = "incoming-"


@dataclass(frozen=True)
class Workshop:
    """What every ingestion needs, read once: settings, contracts, suites, registers, calendar.

    Attributes:
        sources, expectations, seeds: Folders of the contracts, the suites and the registers; tests give their own.
        report: Is told of each attempt as it ends, and of each load of another day that it turned, for whoever watches.
    """

    settings: Settings
    sources: Path = SOURCES
    expectations: Path = EXPECTATIONS
    seeds: Path = SEEDS
    report: Callable[[Attempt], None] = lambda _attempt: None

    @cached_property
    def contracts(self) -> Mapping[str, Contract]:
        """Every contract by dataset; one of a system that this home does not have is optional, whatever it says.

        Raises:
            ContractError: A contract is malformed.
            SettingError: The home is said to have a system that no contract knows.
        """
        found = read_contracts(self.sources)
        connections = {contract.source.connection for contract in found.values()}
        if unknown := sorted(self.settings.system_names - connections):
            raise SettingError(
                variable("systems"),
                f"names {', '.join(unknown)}, and no contract has such a connection.",
                f"Correct it; there are: {', '.join(sorted(connections))}.",
            )
        return {
            name: contract
            if self.settings.has_system(contract.source.connection)
            else contract.model_copy(update={"is_optional": True})
            for name, contract in found.items()
        }

    def asked(self, datasets: Collection[str] = ()) -> Mapping[str, Contract]:
        """The contracts to pull: the named ones, or all but those of a system that this province does not have."""
        if datasets:
            return {name: self.contracts[name] for name in self.contracts if name in datasets}
        return {
            name: contract
            for name, contract in self.contracts.items()
            if not contract.is_optional or self.settings.is_connected(contract.source.connection)
        }

    @cached_property
    def suites(self) -> Mapping[str, Suite]:
        """Every suite by dataset."""
        return {dataset: read_suite(self.expectations, dataset) for dataset in self.contracts}

    @cached_property
    def mart_suites(self) -> Mapping[str, MartSuite]:
        """Every mart's suite by its name."""
        return read_mart_suites(self.expectations / MARTS_FOLDER)

    @cached_property
    def reference(self) -> Reference:
        """Units, endpoints and code lists."""
        return read_reference(self.seeds, ENDPOINTS_FILE)

    @cached_property
    def working_days(self) -> WorkingDays:
        """The working calendar."""
        return WorkingDays(self.seeds / "holidays.csv")

    @cached_property
    def volume_basis(self) -> VolumeBasis:
        """What volumes are judged by beside the contracts."""
        exceptions = self.sources / EXCEPTIONS_NAME
        return read_volume_basis(self.seeds, self.reference.units, exceptions, self.contracts.keys())

    @cached_property
    def _registers_sha256(self) -> bytes:
        digest = sha256()
        for name in ("units.csv", ALIASES_NAME, CROSSWALK_NAME, "code_lists.csv", "holidays.csv"):
            digest.update((self.seeds / name).read_bytes())
        digest.update(ENDPOINTS_FILE.read_bytes())
        return digest.digest()

    def rules_sha256(self, dataset: str) -> str:
        """Fingerprint of all that a file of the dataset is judged by: contract, suite and registers."""
        digest = sha256(self._registers_sha256)
        digest.update(self.contracts[dataset].model_dump_json().encode())
        # How a row is mended judges nothing: a better sentence must not have every file judged again.
        words = {"rules": {"__all__": {"mend"}}}
        digest.update(self.suites[dataset].model_dump_json(exclude=words).encode())
        return digest.hexdigest()


def ingest(workshop: Workshop, dataset: str, partition: Partition) -> list[Attempt]:
    """Brings one partition in; before a dataset's first, the stock that its contract asks for.

    Returns:
        One attempt, or two with the baseline's. A refusal is a normal outcome, and so is an export that is not there.

    Raises:
        TransientError: The source did not answer; a rerun may clear it. Nothing was loaded.
        PermanentError: A setting, a contract or a suite must be mended first.
        UnforeseenError: A fault of the program; its own message, which may quote a cell, is withheld.
    """
    with MessagesWithheld(f"{dataset} {partition.key}"):
        return _ingest(workshop, dataset, partition)


def _ingest(workshop: Workshop, dataset: str, partition: Partition) -> list[Attempt]:
    contract = workshop.contracts[dataset]
    attempts = []
    with open_warehouse(workshop.settings) as connection:
        prepare(connection, workshop.contracts.values())
        for turned in settle_changed(connection, workshop.contracts.values(), workshop.volume_basis, now()):
            workshop.report(turned)
        is_first = contract.baseline and needs_baseline(connection, dataset)
    if is_first:
        attempts += _ingest_one(workshop, contract, Partition.baseline(partition.first_day))
    attempts += _ingest_one(workshop, contract, partition)
    return attempts


def waiting(workshop: Workshop, dataset: str) -> list[Partition]:
    """Periods of which a file lies in the dataset's drop folder that never came, or changed since: dropped late.

    Returns:
        The periods that are over, in order; none for a dataset of another kind.

    Raises:
        TransientError: The folder does not answer.
        PermanentError: A setting must be mended first, or the folder is not there.
    """
    contract = workshop.contracts[dataset]
    if not isinstance(contract.source, DropFolder):
        return []
    with MessagesWithheld(f"{dataset}: its drop folder"):
        found = dropped(contract, workshop.settings)
    with open_warehouse(workshop.settings) as connection:
        prepare(connection, workshop.contracts.values())
        known = arrived_files(connection, dataset)
    return [Partition.parse(key) for key, files in found.items() if any((key, *file) not in known for file in files)]


def record_failure(workshop: Workshop, dataset: str, partition: Partition, error: KhoTinhError) -> Attempt:
    """Writes down that an export could not be had, so that its day counts as missing and not as zero.

    As in a refusal, the message begins with the name of the check that failed.
    """
    outcome = Outcome.FAILED
    if isinstance(error, NotThereError):
        is_due = partition.last_day != partition.first_day or workshop.working_days.is_working_day(partition.first_day)
        outcome = Outcome.NOT_THERE if is_due else Outcome.NOT_DUE
    attempt = Attempt(dataset, partition.key, outcome, f"{error.check}: {error}")
    with open_warehouse(workshop.settings) as connection:
        prepare(connection, workshop.contracts.values())
        record_attempt(connection, attempt, now())
    return attempt


def _ingest_one(workshop: Workshop, contract: Contract, partition: Partition) -> list[Attempt]:
    """Every delivery of one partition, in the order of their times."""
    settings = workshop.settings
    started_at = now()
    archive.sweep(settings.archive_folder, (_INCOMING, FOLDER_PREFIX))
    with TemporaryDirectory(dir=settings.archive_folder, prefix=_INCOMING) as work:
        try:
            deliveries = pull_all(contract, partition, settings, Path(work), _known(settings, contract, partition))
        except (NotThereError, DataRefusedError) as error:
            return [record_failure(workshop, contract.dataset, partition, error)]
        arrivals = [
            archive.store(delivery, contract.dataset, partition.key, settings.archive_folder, now())
            for delivery in deliveries
        ]
    return [_take(workshop, contract, partition, arrival, started_at) for arrival in arrivals]


def _take(
    workshop: Workshop, contract: Contract, partition: Partition, arrival: Arrival, started_at: datetime
) -> Attempt:
    settings, rules = workshop.settings, workshop.rules_sha256(contract.dataset)
    with open_warehouse(settings) as connection:
        if known := load_with_same_bytes(connection, arrival, rules):
            attempt = _judged_before(contract, partition, known)
            record_attempt(connection, attempt, now())
            if isinstance(contract.source, DropFolder) and _as_dropped(arrival) not in arrived_files(
                connection, contract.dataset
            ):
                arrival_id(connection, arrival)  # a copy that says nothing new has come all the same: it waits no more
            return attempt
    judged = examine(workshop, contract, partition, arrival)
    with open_warehouse(settings) as connection:
        attempt = load(connection, contract, arrival, judged, started_at, now(), rules, workshop.volume_basis)
    # An earlier day that is held from now on is gone from the figures: the run must not end as if all were well.
    for turned in attempt.turned:
        workshop.report(turned)
    return attempt


def _as_dropped(arrival: Arrival) -> tuple[str, str, int, datetime | None]:
    return arrival.partition_key, arrival.file_name, arrival.file_bytes, arrival.source_modified_at


def _known(settings: Settings, contract: Contract, partition: Partition) -> Known | None:
    """What came last, of a source that can say that it still holds; its bytes are held against their hash first."""
    if not isinstance(contract.source, HttpDownload):
        return None
    with open_warehouse(settings) as connection:
        last = last_arrival(connection, contract.dataset, partition.key)
    if last is None:
        return None
    try:
        held = archive.fetch(contract.dataset, partition.key, *last, settings.archive_folder)
    except PermanentError:
        return None  # gone or spoilt: it is fetched anew
    if held.etag is None:
        return None
    return Known(held.file, held.file_name, held.source_uri, held.source_modified_at, held.etag)


def _judged_before(contract: Contract, partition: Partition, known: JudgedBefore) -> Attempt:
    """The same bytes change nothing; if they were refused, they still are, and for the same reason."""
    message = f"The same bytes were judged before as {known.load_id}."
    if known.verdict != Verdict.REFUSED:
        return Attempt(contract.dataset, partition.key, Outcome.SAME_BYTES, message, known.load_id, known.verdict)
    reason = f"{known.refusal_reason} {message}"
    return Attempt(contract.dataset, partition.key, Outcome.REFUSED, reason, known.load_id, known.verdict)


def examine(workshop: Workshop, contract: Contract, partition: Partition, arrival: Arrival) -> Judged:
    """Parses and judges one raw file by its content; nothing is written.

    Args:
        workshop: Contracts, suites, registers.
        contract: The dataset's contract.
        partition: The day or month.
        arrival: The raw file.
    """
    settings = workshop.settings
    # Typed rows of a large file rest on disk for a while: where only the pipeline looks, not in the system's folder.
    settings.archive_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    reading = Reading(
        arrival.file_name, contract, partition, workshop.reference, settings.hash_key(), settings.archive_folder
    )
    try:
        parsed = parse(arrival.file, reading)
    except DataRefusedError as error:
        return refuse_unread(error)
    suite = workshop.suites[contract.dataset]
    return judge(parsed, contract, suite, partition, workshop.working_days, arrival.declared_rows)
