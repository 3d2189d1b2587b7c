"""The folder that the file servers offer: every file's place, its bytes when somebody asks, and its time stamp.

Nothing is written before it is looked for, so a year of days costs a start nothing. What a file says belongs to the
modules that write it; how it is offered belongs to `demo.servers.files`. Time stamps are evenings of Asia/Ho_Chi_Minh.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from threading import RLock

from demo.accounts import accounts, accounts_csv
from demo.calendar import UTC_OFFSET_SECONDS, month_end, start_of
from demo.call_records import bodies
from demo.document_wire import exchange_csv, register_workbook
from demo.officer_form import officer_workbook
from demo.province import Province
from demo.signing import signing, signing_workbook
from demo.spoilt_files import spoil_exchange_bytes, spoil_exchange_rows

EVENING, NEXT_MORNING = 19 * 3_600, 34 * 3_600


@dataclass(frozen=True)
class Part:
    """A file, or a folder whose files come to be together.

    Attributes:
        path: Below the folder, with `/`; of the file or of the folder.
        modified: Time stamp of what it holds, seconds since 1970 in UTC.
        build: Gives the files by path below the folder.
    """

    path: str
    modified: int
    build: Callable[[], Mapping[str, bytes]]


class FileTree:
    """The folder of a province, filled as it is looked at."""

    def __init__(self, province: Province, folder: Path) -> None:
        """Makes the empty folders; files follow when they are asked for."""
        self.folder = folder
        self._parts = {part.path: part for part in parts(province)}
        self._corrections = corrections(province)
        self._late = late_files(province)
        self._lock = RLock()
        self._scratch = folder / ".scratch"
        self._scratch.mkdir(parents=True, exist_ok=True)
        for part in self._parts.values():
            is_file = "." in part.path.rsplit("/", 1)[-1]
            target = folder / part.path
            (target.parent if is_file else target).mkdir(parents=True, exist_ok=True)

    def ensure(self, path: str) -> None:
        """Writes what stands at the path, or below it, unless it is there already or still to come late."""
        with self._lock:
            for part in [part for part in self._parts.values() if _meets(part.path, path)]:
                if part.path in self._late.values():
                    continue
                self._write(part)
                del self._parts[part.path]

    def ensure_all(self) -> None:
        """Writes everything that is not late."""
        self.ensure("")

    def opened(self, path: str) -> None:
        """Takes note that a file was read: a correction takes its place, and a late file of the day before comes."""
        with self._lock:
            late = self._late.pop(path, None)
            if late is not None:
                self.ensure(late)
            correction = self._corrections.pop(path, None)
            if correction is not None:
                self._write(correction)

    def _write(self, part: Part) -> None:
        for name, content in part.build().items():
            scratch, target = self._scratch / "file", self.folder / name
            scratch.write_bytes(content)
            os.utime(scratch, (part.modified, part.modified))
            scratch.replace(target)


def parts(province: Province) -> list[Part]:
    """Every file and folder of files that the province's systems write."""
    found = []
    for day in province.days:
        evening = start_of(day) + EVENING - UTC_OFFSET_SECONDS
        if not province.faults.is_on("missing_file", day):
            found.append(_file(exchange_path(day), evening, partial(exchange_file, province, day)))
        found.append(_file(register_path(day), evening, partial(register_file, province, day)))
        folder = f"videoconference/cdr/{day:%Y-%m-%d}"
        found.append(Part(folder, evening, partial(call_record_files, province, folder, day)))
    for month in province.months:
        evening = start_of(month_end(month)) + EVENING - UTC_OFFSET_SECONDS
        found += [_file(path, evening, content) for path, content in _monthly_files(province, month).items()]
    return found


def corrections(province: Province) -> dict[str, Part]:
    """What takes a file's place once it was opened, by the file's path."""
    found = {}
    for name in ("corrected_file", "vanished_rows"):
        day = province.faults.days.get(name)
        if day is not None and day in province.days:
            path, modified = exchange_path(day), start_of(day) + NEXT_MORNING - UTC_OFFSET_SECONDS
            found[path] = _file(path, modified, partial(exchange_file, province, day, is_corrected=True))
    return found


def late_files(province: Province) -> dict[str, str]:
    """The path of each late file, by the path of the file that has to be opened first."""
    day = province.faults.days.get("late_file")
    if day is None or day not in province.days:
        return {}
    return {exchange_path(day + timedelta(days=1)): exchange_path(day)}


def exchange_path(day: date) -> str:
    """Where the exchange statuses of the day are."""
    return f"documents/exchanges/{day:%Y-%m}/exchange-{day:%Y%m%d}.csv"


def register_path(day: date) -> str:
    """Where the register of the day is."""
    return f"documents/registers/{day:%Y-%m}/so-van-ban-den-{day:%Y%m%d}.xlsx"


def exchange_file(province: Province, day: date, *, is_corrected: bool = False) -> bytes:
    """The exchange file of the day, with the faults that befall it."""
    if province.faults.is_on("wrong_day_file", day):
        return exchange_file(province, day - timedelta(days=1))
    rows = province.exchange_export(day, is_corrected=is_corrected).rows
    return spoil_exchange_bytes(exchange_csv(spoil_exchange_rows(rows, province.faults, day)), province.faults, day)


def register_file(province: Province, day: date) -> bytes:
    """The register of the day, with the faults that befall it."""
    content = register_workbook(
        province.register_export(day).rows,
        day,
        is_heading_changed=province.faults.is_on("changed_heading", day),
        has_mixed_dates=province.faults.is_on("mixed_dates", day),
    )
    return content[: len(content) // 2] if province.faults.is_on("truncated_file", day) else content


def call_record_files(province: Province, path: str, day: date) -> dict[str, bytes]:
    """The bodies of call records of the day; none where there was no conference."""
    made = bodies(
        province.seed, day, province.conferences(day), province.endpoints, province.faults.count("resent_bodies")
    )
    return {f"{path}/body-{number:04d}.xml": text for number, text in enumerate(made.texts, start=1)}


def _monthly_files(province: Province, month: date) -> dict[str, Callable[[], bytes]]:
    seed, scale, units = province.seed, province.scale, province.units
    return {
        f"documents/signing/ky-so-{month:%Y%m}.xlsx": lambda: signing_workbook(
            signing(seed, scale, units, month),
            units,
            month,
            is_total_wrong=province.faults.is_lasting("lying_total_row"),
        ),
        f"documents/accounts/tai-khoan-{month:%Y%m}.csv": lambda: accounts_csv(
            accounts(seed, scale, units, month), units
        ),
        f"officer/bieu-chi-tieu-{month:%Y%m}.xlsx": lambda: officer_workbook(seed, month),
    }


def _file(path: str, modified: int, content: Callable[[], bytes]) -> Part:
    return Part(path, modified, lambda: {path: content()})


def _meets(part: str, path: str) -> bool:
    """Whether the one stands at, above or below the other."""
    inner, outer = part.split("/"), [step for step in path.split("/") if step]
    shared = min(len(inner), len(outer))
    return inner[:shared] == outer[:shared]
