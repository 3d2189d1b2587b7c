"""Ten days of arrivals of a small province: pulled for real from its servers, then corrected, re-sent and taken back.

What may come in another order, and why the rest may not, is said once, here:

- Files of different datasets or partitions, whatever they say.
- Versions of one partition of a snapshot whose source dates them differently: its date tells which one is newer.
- Files of a `changes` dataset, dated or not, because each of their records has its own time. Where two of them hold a
  record with one and the same time and different content, their source dates them differently.

What may not: versions of one snapshot's partition that the source does not date (polls, downloads), or dates with the
same second. Which of them came last is then all that tells which one is true; any other order of them is another story,
not the same arrivals in another order. They form a `chain`, which keeps its order whatever happens around it.

Every file arrives after its own date: a date that is still to come is no date, and the gate takes the arrival's time
instead. Every correction keeps at least four fifths of the rows that it replaces, so that the rule on shrunken
revisions (`revision_keeps_most_rows`) has no cause to fire in any order.
"""

# ruff: noqa: DTZ001  (the warehouse keeps naive local times)

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from demo.accounts import accounts, accounts_csv
from demo.calendar import month_end
from demo.document_wire import register_rows, register_workbook
from demo.officer_form import officer_workbook
from demo.province import Province, province
from demo.serve import running
from demo.signing import signing, signing_workbook
from demo.statistics import ii_06a, ii_06a_html
from pipelines import archive
from pipelines.archive import Arrival
from pipelines.calendar import Partition, days_between
from pipelines.errors import NotThereError
from pipelines.extract import Delivery, pull
from pipelines.ingest import Workshop
from pipelines.settings import Settings

FIRST, LAST = date(2026, 11, 2), date(2026, 11, 11)
MONTH = date(2026, 10, 1)
SCALE = 0.01
POLLED = (date(2026, 11, 3), date(2026, 11, 10))
"""A poll costs half a second; two days are enough for all that can happen to one."""
FAULTS = ("duplicate_rows", "bad_rows:2", "resent_bodies", "corrected_file:2026-11-04", "changed_heading:2026-11-06")
"""Conflicting pairs are left out: cut apart, each of the two would be a record without a rival."""
STORED_AT = datetime(2026, 11, 16)
"""After the latest date that a source gives."""
CALLS, DOSSIERS = "videoconference_calls", "portal_dossiers"


@dataclass(frozen=True)
class Came:
    """A file that arrives, and what is known of it before it does.

    Attributes:
        arrival: The file in the archive. When it arrives is the schedule's matter, not the file's.
        label: Which of its partition's versions it is, for whoever reads a failure.
        chain: Its place among the versions of its partition whose order is information; None where there is none.
    """

    arrival: Arrival
    label: str
    chain: int | None = None

    def __str__(self) -> str:
        arrival = self.arrival
        dated = f", dated {arrival.source_modified_at:%d %H:%M:%S}" if arrival.source_modified_at else ""
        return f"{arrival.dataset} {arrival.partition_key} {self.label} ({arrival.file_sha256[:6]}{dated})"

    @property
    def partition(self) -> tuple[str, str]:
        """Dataset and partition."""
        return self.arrival.dataset, self.arrival.partition_key

    @property
    def can_be_cut(self) -> bool:
        """Whether two halves of its rows say what the whole says: records that add up, and more than one of them."""
        return self.arrival.dataset in (CALLS, DOSSIERS) and len(_parts(self.arrival)) > 1


@dataclass(frozen=True, repr=False)
class TenDays:
    """Everything that arrives, in the order in which it became known, and the workshop that judges it."""

    workshop: Workshop
    came: tuple[Came, ...]

    @cached_property
    def can_be_cut(self) -> list[int]:
        """Numbers of the files that may come in two parts."""
        return [number for number, one in enumerate(self.came) if one.can_be_cut]


def ten_days(folder: Path) -> TenDays:
    """Pulls the ten days from a served province and adds what was corrected afterwards."""
    made = province(scale=SCALE, first_day=FIRST, last_day=LAST, faults=FAULTS)
    with running(made) as environment:
        found = {name.removeprefix("KHOTINH_").lower(): value for name, value in environment.items()}
        workshop = Workshop(Settings(_env_file=None, home=folder, endpoint_concurrency=32, **found))  # type: ignore[call-arg, arg-type]
        archive_folder = workshop.settings.archive_folder
        archive_folder.mkdir(mode=0o700, parents=True)
        pulled = [
            Came(arrival, "as pulled")
            for dataset, partition in _partitions(workshop)
            for arrival in _pull(workshop, dataset, partition)
        ]
    made_later = _Corrections(made, archive_folder, {one.partition: one.arrival for one in pulled})
    return TenDays(workshop, (*_chained(pulled), *made_later))


def cut_in_two(came: Came, share: float, folder: Path) -> tuple[Came, Came]:
    """The file's rows in two files, as a source hands them over that is asked twice and each time tells the rest."""
    parts = _parts(came.arrival)
    middle = min(max(1, round(len(parts) * share)), len(parts) - 1)
    return (
        Came(_of_parts(came.arrival, parts[:middle], folder), f"{came.label}, first {middle} of {len(parts)}"),
        Came(_of_parts(came.arrival, parts[middle:], folder), f"{came.label}, all but {middle} of {len(parts)}"),
    )


def _partitions(workshop: Workshop) -> Iterator[tuple[str, Partition]]:
    for dataset, contract in workshop.asked().items():
        if contract.baseline:
            yield dataset, Partition.baseline(FIRST)
            yield dataset, Partition.baseline(FIRST + timedelta(days=4))
        if contract.cadence == "monthly":
            yield dataset, Partition.of_month(MONTH)
            continue
        for day in days_between(FIRST, LAST):
            if dataset != "videoconference_endpoint_status" or day in POLLED:
                yield dataset, Partition.of_day(day)
            if dataset == "document_exchanges" and day == date(2026, 11, 4):
                yield dataset, Partition.of_day(day)  # its file was corrected once it was read


def _pull(workshop: Workshop, dataset: str, partition: Partition) -> Iterator[Arrival]:
    folder = workshop.settings.archive_folder
    with TemporaryDirectory(dir=folder) as work, suppress(NotThereError):
        delivery = pull(workshop.contracts[dataset], partition, workshop.settings, Path(work))
        yield archive.store(delivery, dataset, partition.key, folder, STORED_AT)


def _chained(pulled: list[Came]) -> list[Came]:
    """The two that get a second, undated version below stand first in their chains."""
    starts = {("videoconference_endpoint_status", "2026-11-10"), ("portal_statistics", "2026-10")}
    starts.add(("document_exchanges", "2026-11-10"))
    return [replace(one, chain=0) if one.partition in starts else one for one in pulled]


class _Corrections:
    """Later versions of what was pulled."""

    def __init__(self, made: Province, folder: Path, pulled: dict[tuple[str, str], Arrival]) -> None:
        self._made, self._folder, self._pulled = made, folder, pulled

    def __iter__(self) -> Iterator[Came]:
        yield from self._dated()
        yield from self._undated()
        yield from self._changes()

    def _dated(self) -> Iterator[Came]:
        """Snapshots whose source says when: any order of their versions must end in the newest accepted one."""
        exchanges = self._pulled["document_exchanges", "2026-11-04"]  # the corrected file: pulled last
        original = exchanges.file.read_bytes().splitlines(keepends=True)
        yield self._again(exchanges, exchanges.file.read_bytes(), "said again", days=4)
        yield self._again(exchanges, b"".join(original[:-3]), "three rows fewer", days=2)
        exchanges = self._pulled["document_exchanges", "2026-11-09"]
        original = exchanges.file.read_bytes().splitlines(keepends=True)
        yield self._again(exchanges, b"".join(original[:-5]), "five rows fewer", days=1)
        yield self._again(exchanges, exchanges.file.read_bytes(), "as before after all", days=2)
        for key in ("2026-11-03", "2026-11-05", "2026-11-06"):
            exchanges = self._pulled["document_exchanges", key]
            yield self._again(exchanges, _without_documents(exchanges, every=15), "documents withdrawn", days=1)
        register = self._pulled["document_registers", "2026-11-03"]
        rows = register_rows(self._made.documents, self._made.seed, date(2026, 11, 3))
        yield self._again(
            register, register_workbook(rows.head(len(rows) - 1), date(2026, 11, 3)), "a row fewer", days=1
        )
        register = self._pulled["document_registers", "2026-11-05"]
        content = register.file.read_bytes()
        yield self._again(register, content[: len(content) // 2], "cut short", days=1)
        made = self._made
        table = accounts_csv(accounts(made.seed, made.scale, made.units, MONTH), made.units)
        locked = table.replace(b";false\n", b";true\n", 30)
        yield self._again(self._pulled["platform_accounts", "2026-10"], locked, "thirty more locked", days=3)
        figures = signing(made.seed + 1, made.scale, made.units, MONTH)
        workbook = signing_workbook(figures, made.units, MONTH)
        yield self._again(self._pulled["document_signing", "2026-10"], workbook, "recounted", days=3)
        form = self._pulled["officer_forms", "2026-10"]
        yield self._again(form, officer_workbook(made.seed + 1, MONTH), "second thoughts", days=4)
        yield self._again(form, form.file.read_bytes(), "first thoughts again", days=5)
        yield self._again(form, officer_workbook(made.seed + 2, MONTH), "in between", days=4, hours=12)

    def _undated(self) -> Iterator[Came]:
        """Snapshots whose source does not say when, or says the same second: their order is kept."""
        poll = self._pulled["videoconference_endpoint_status", "2026-11-10"]
        silenced = poll.file.read_bytes().replace(b'"registered":true', b'"registered":false', 40)
        yield replace(self._again(poll, silenced, "asked again"), chain=1)
        table = self._pulled["portal_statistics", "2026-10"]
        figures = ii_06a(self._made.dossiers.alive(MONTH, month_end(MONTH)), self._made.units, MONTH)
        more = figures.with_columns(figures[name] + 1 for name in ("received", "direct", "open", "open_in_time"))
        yield replace(self._again(table, ii_06a_html(more, self._made.units, MONTH), "one more a unit"), chain=1)
        exchanges = self._pulled["document_exchanges", "2026-11-10"]
        yield replace(self._again(exchanges, _without_documents(exchanges, every=15), "same second"), chain=1)

    def _changes(self) -> Iterator[Came]:
        """Records that add up: the newest of a key wins by its own time, or by the date of its file."""
        dossiers = self._pulled[DOSSIERS, "2026-11-05"]
        yield self._again(dossiers, _changed_later(dossiers, every=3, hours=1), "every third changed later")
        yield self._again(dossiers, _changed_later(dossiers, every=7, hours=2), "every seventh changed later still")
        calls = self._pulled[CALLS, "2026-11-10"]
        with zipfile.ZipFile(calls.file) as packed:
            bodies = {name: packed.read(name) for name in packed.namelist()}
        for seconds, days in ((400, 1), (7, 2)):
            longer = {name: _with_activated_seconds(body, seconds) for name, body in bodies.items()}
            yield self._again(calls, _packed(longer), f"legs of {seconds} s", days=days)

    def _again(self, first: Arrival, content: bytes, label: str, days: int = 0, hours: int = 0) -> Came:
        """Another version of the same partition, dated so much later than the first if the source dates its files."""
        dated = first.source_modified_at
        when = dated + timedelta(days=days, hours=hours) if dated else None
        return Came(_stored(replace(first, source_modified_at=when), content, first.declared_rows, self._folder), label)


def _stored(like: Arrival, content: bytes, declared_rows: int | None, folder: Path) -> Arrival:
    with TemporaryDirectory(dir=folder) as work:
        file = Path(work) / like.file_name
        file.write_bytes(content)
        delivery = Delivery(file, like.file_name, like.source_uri, like.source_modified_at, declared_rows)
        return archive.store(delivery, like.dataset, like.partition_key, folder, STORED_AT)


def _items(arrival: Arrival) -> list[dict[str, Any]]:
    decoder, text, items, place = json.JSONDecoder(), arrival.file.read_text(), [], 0
    while place < len(text):
        page, place = decoder.raw_decode(text, place)
        items += page["items"]
        place += 1  # the newline between two pages
    return items


def _page(items: list[Any]) -> bytes:
    return json.dumps({"total": len(items), "page": 1, "items": items}, ensure_ascii=False).encode()


def _changed_later(arrival: Arrival, every: int, hours: int) -> bytes:
    """The same dossiers; some of them with another fee, and changed so many hours after they were."""
    items = _items(arrival)
    for item in items[::every]:
        with suppress(TypeError, ValueError):  # what is wrong on purpose stays as it is
            changed_at = datetime.strptime(item["ngayCapNhat"], "%d/%m/%Y %H:%M:%S") + timedelta(hours=hours)  # noqa: DTZ007
            item |= {"phi": item["phi"] + 1_000 * hours, "ngayCapNhat": f"{changed_at:%d/%m/%Y %H:%M:%S}"}
    return _page(items)


def _without_documents(arrival: Arrival, every: int) -> bytes:
    """An exchange file without any row of every n-th document: what a load that leaves alone held must vanish."""
    heading, *rows = arrival.file.read_bytes().splitlines(keepends=True)
    document = heading.split(b";").index(b"MaVanBan")
    withdrawn = set(sorted({row.split(b";")[document] for row in rows})[::every])
    return heading + b"".join(row for row in rows if row.split(b";")[document] not in withdrawn)


def _with_activated_seconds(body: bytes, seconds: int) -> bytes:
    return re.sub(rb"(?<=<activatedDuration>)\d+", str(seconds).encode(), body)


def _packed(bodies: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as packed:
        for name, body in bodies.items():
            packed.writestr(zipfile.ZipInfo(name), body)
    return buffer.getvalue()


def _parts(arrival: Arrival) -> list[Any]:
    if arrival.dataset == DOSSIERS:
        return _items(arrival)
    with zipfile.ZipFile(arrival.file) as packed:
        return [(name, packed.read(name)) for name in packed.namelist()]


def _of_parts(whole: Arrival, parts: list[Any], folder: Path) -> Arrival:
    if whole.dataset == DOSSIERS:
        return _stored(whole, _page(parts), len(parts), folder)
    return _stored(whole, _packed(dict(parts)), None, folder)
