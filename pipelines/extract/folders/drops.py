"""A folder into which somebody drops files by hand: which file is of which period, and which names say nothing.

A file whose name no contract of the folder reads is a stray: it is told, because whoever dropped it believes that it
was taken. Names are typed by people and may hold a person's: of a name only the contract's own words, short numbers
and signs are ever told or stored.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines import calendar
from pipelines.calendar import Partition
from pipelines.connections import FileConnection
from pipelines.contracts import Contract, DropFolder
from pipelines.errors import NotThereError
from pipelines.extract.delivery import (
    LARGEST_FILE_BYTES,
    Delivery,
    Order,
    local_time,
    safe_name,
    too_large,
    without_credentials,
)
from pipelines.extract.folders.files import check_unchanged, is_marked, is_marker
from pipelines.extract.folders.folder import Entry, Folder
from pipelines.extract.folders.names import is_legible
from pipelines.extract.folders.places import open_folder
from pipelines.extract.patience import patiently
from pipelines.settings import Settings

FRESH_SECONDS, SETTLE_SECONDS = 300, 5.0
"""People copy over slow lines: a file that changed in the last five minutes is looked at again after five seconds."""

FIRST_DAY = date(2020, 1, 1)
"""No platform is older, and Dagster's partitions begin here."""

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_DIGITS = 8  # A telephone or ID number has more.
_USUAL_WORDS = frozenset(
    ["bao", "cao", "bc", "bieu", "so", "lieu", "thang", "quy", "nam", "ngay", "lan", "sua", "moi", "cuoi", "báo", "cáo",
     "biểu", "số", "liệu", "tháng", "quý", "năm", "ngày", "lần", "sửa", "mới", "cuối", "copy", "final", "xls", "xlsx",
     "csv", "zip", "html", "json", "xml", "done"]
)  # fmt: skip


@dataclass(frozen=True)
class Stray:
    """A file in a drop folder that no contract takes.

    Attributes:
        folder: Where it lies, without credentials.
        told_name: As much of its name as may be told.
        modified_at: When it was changed last, local time.
        vi, en: Why it is not taken.
    """

    folder: str
    told_name: str
    modified_at: datetime | None
    vi: str
    en: str


_NO_FORM = (
    "tên tệp không theo mẫu nào; đề nghị đổi tên theo mẫu",
    "its name has the form of no contract; rename it after the contract's name_pattern",
)
_NO_DAY = (
    "tên tệp ghi một ngày không có thật, hoặc đọc được thành hai kỳ; đề nghị sửa tên",
    "its name tells a day that does not exist, or could be read as two periods; correct the name",
)
_NOT_YET = (
    "tên tệp ghi một kỳ chưa đến hoặc trước năm 2020; đề nghị sửa tên",
    "its name tells a period that has not begun, or one before 2020; correct the name",
)


def pull_drops(source: DropFolder, order: Order) -> list[Delivery]:
    """Copies every file of the order's period, in the order of their times, then names.

    Raises:
        NotThereError: No file of the period is there, or none with its mark.
        SettingError: As of `files.pull_files`, and the others too.
    """
    connection = order.settings.connections.files(source.connection)
    return patiently(order.settings, lambda: _pull_once(source, connection, order))


def dropped(contract: Contract, settings: Settings) -> dict[str, list[tuple[str, int, datetime | None]]]:
    """What lies in a contract's drop folder, marked as done where marks are demanded and of periods that are over.

    Returns:
        Of each partition key its files as the ledger knows them: name, bytes, time at the source.

    Raises:
        KhoTinhError: The folder cannot be looked into.
    """
    source = _source(contract)
    connection = settings.connections.files(source.connection)
    with open_folder(connection, settings) as folder:
        listed = folder.files(source.folder)
    found: dict[str, list[tuple[str, int, datetime | None]]] = {}
    for entry in _finished(listed, source):
        day = _day(entry.name, source)
        partition = _partition(day, source) if day else None
        if partition and partition.last_day < calendar.today():
            known = (_stored_name(entry.name, source, settings), entry.size, _local(entry))
            found.setdefault(partition.key, []).append(known)
    return dict(sorted(found.items()))


def strays(contracts: Iterable[Contract], settings: Settings) -> list[Stray]:
    """The files of all drop folders that no contract takes.

    Args:
        contracts: All of the province, not only those that are pulled: several may share a folder.
        settings: How the folders are reached.

    Raises:
        KhoTinhError: A folder cannot be looked into.
    """
    folders: dict[tuple[str, str], list[DropFolder]] = {}
    for contract in contracts:
        if isinstance(source := contract.source, DropFolder):
            folders.setdefault((source.connection, source.folder), []).append(source)
    return [stray for (name, path), sources in folders.items() for stray in _strays(name, path, sources, settings)]


def _strays(name: str, path: str, sources: Sequence[DropFolder], settings: Settings) -> list[Stray]:
    connection = settings.connections.files(name)
    with open_folder(connection, settings) as folder:
        listed = folder.files(path)
    words = _USUAL_WORDS.union(*(source.names.words for source in sources))
    address = posixpath.join(without_credentials(connection.url), path)
    return [
        Stray(address, _told(entry.name, words), _local(entry), *why)
        for entry in listed
        if not any(is_marker(entry.name, source.done_marker) for source in sources)
        and (why := _why_stray(entry.name, sources))
    ]


def _why_stray(name: str, sources: Sequence[DropFolder]) -> tuple[str, str] | None:
    matching = [source for source in sources if is_legible(name) and source.names.matches(name)]
    days = [day for source in matching if (day := _told_day(name, source))]
    if not matching:
        return _NO_FORM
    if not days:
        return _NO_DAY
    return None if any(FIRST_DAY <= day <= calendar.today() for day in days) else _NOT_YET


def _pull_once(source: DropFolder, connection: FileConnection, order: Order) -> list[Delivery]:
    def look() -> list[Entry]:
        listed = folder.files(source.folder)
        own = [entry for entry in _finished(listed, source) if _is_of(entry.name, source, order.partition)]
        return sorted(own, key=lambda entry: (entry.modified_at or _LONG_AGO, entry.name))

    with (
        open_folder(connection, order.settings) as folder,
        TemporaryDirectory(dir=order.folder, prefix=".copying-") as name,
    ):
        entries = look()
        if not entries:
            raise _not_there(source, order, folder)
        if sum(entry.size for entry in entries) > LARGEST_FILE_BYTES:
            raise too_large(order.dataset, source.folder or "the drop folder")
        copies = [Path(name) / str(number) for number in range(len(entries))]
        folder.copy(entries, copies)
        check_unchanged(folder, source.folder, entries, copies, look, (FRESH_SECONDS, SETTLE_SECONDS))
        return [
            _delivery(source, order, entry, copy, number)
            for number, (entry, copy) in enumerate(zip(entries, copies, strict=True))
        ]


def _delivery(source: DropFolder, order: Order, entry: Entry, copy: Path, number: int) -> Delivery:
    name = _stored_name(entry.name, source, order.settings)
    connection = order.settings.connections.files(source.connection)
    uri = posixpath.join(without_credentials(connection.url), source.folder, name)
    file = copy.replace(order.folder / f"{number}-{safe_name(name)}")
    return Delivery(file, name, uri, _local(entry))


def _not_there(source: DropFolder, order: Order, folder: Folder) -> NotThereError:
    listed = folder.files(source.folder)
    unmarked = [
        entry
        for entry in listed
        if not is_marker(entry.name, source.done_marker) and _is_of(entry.name, source, order.partition)
    ]
    unread = sum(_why_stray(entry.name, [source]) is not None for entry in listed)
    what = f"{order.dataset} {order.partition.key}: no file named like {source.name_pattern} is of this period."
    if unmarked:
        what = f"{order.dataset} {order.partition.key}: the file is there without its mark {source.done_marker}."
    hint = f" {unread} files have names that this contract does not read: a name may be mistyped." if unread else ""
    return NotThereError(f"{what}{hint}", "Ask its owner; khotinh doctor lists the names that no contract reads.")


def _finished(listed: Sequence[Entry], source: DropFolder) -> list[Entry]:
    """The files that are no marks, and that have theirs where marks are demanded."""
    beside: Mapping[str, Entry] = {entry.name: entry for entry in listed}
    marker = source.done_marker
    return [
        entry
        for entry in listed
        if not is_marker(entry.name, marker) and (marker is None or is_marked(entry, marker, beside))
    ]


def _is_of(name: str, source: DropFolder, partition: Partition) -> bool:
    day = _day(name, source)
    return day is not None and _partition(day, source) == partition


def _day(name: str, source: DropFolder) -> date | None:
    """The day or month that a name tells; None if it tells none that can be had."""
    day = _told_day(name, source)
    return day if day and day >= FIRST_DAY else None


def _told_day(name: str, source: DropFolder) -> date | None:
    """The day or month that a name tells, whenever it was; None if it tells none."""
    if not is_legible(name) or not source.names.matches(name):
        return None
    try:
        return source.names.day_of(name)
    except ValueError:
        return None


def _partition(day: date, source: DropFolder) -> Partition:
    return Partition.of_day(day) if source.names.has_day else Partition.of_month(day)


def _source(contract: Contract) -> DropFolder:
    if not isinstance(contract.source, DropFolder):
        raise TypeError(contract.dataset)
    return contract.source


def _local(entry: Entry) -> datetime | None:
    return local_time(entry.modified_at) if entry.modified_at else None


def _stored_name(name: str, source: DropFolder, settings: Settings) -> str:
    """The name as the ledger keeps it: told in part, and then with a keyed hash that tells it from others."""
    told = _told(name, _USUAL_WORDS | source.names.words)
    if told == name:
        return name
    digest = blake2b(name.encode(), key=settings.hash_key(), digest_size=4).hexdigest()
    stem, suffix = posixpath.splitext(told)
    return f"{stem}~{digest}{suffix}"


def _told(name: str, words: frozenset[str]) -> str:
    """The name with each word that is not of ours, and each long number, as its shape."""

    def told(found: re.Match[str]) -> str:
        piece = found.group()
        if piece.isdigit():
            return piece if len(piece) <= _MOST_DIGITS else "9" * len(piece)
        return piece if piece.casefold() in words else "x" * len(piece)

    visible = "".join(letter for letter in name if is_legible(letter))
    return re.sub(r"[0-9]+|[^\W\d_]+", told, visible)
