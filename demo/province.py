"""The demo province: one seed, one scale, one stretch of days, and the faults that befall it.

It ties the parts together and says which months and which bodies of rows they serve; it makes nothing itself.
Days are those of Asia/Ho_Chi_Minh.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import polars as pl

from demo.bad_rows import Served, spoil_dossiers, spoil_exchanges, spoil_register
from demo.calendar import Calendar, days, month_end, month_start, start_of
from demo.conferences import Conferences, conferences
from demo.document_wire import correction, exchange_rows, register_rows, without_vanished
from demo.documents import Documents
from demo.dossier_wire import as_items
from demo.dossiers import Dossiers, changed, open_before
from demo.endpoints import Endpoints
from demo.faults import Faults, choose
from demo.seeding import generator
from demo.units import Units

DEFAULT_SEED, DEFAULT_SCALE = 56, 1.0
DEFAULT_FIRST_DAY, DEFAULT_LAST_DAY = date(2026, 11, 2), date(2026, 11, 8)


@dataclass(frozen=True)
class Province:
    """A province to be served and counted.

    Attributes:
        seed: Same seed, same bytes.
        scale: 1.0 is a full-size province; the registries never shrink.
        first_day: The first day asked for; the document exchange begins on it.
        last_day: The last day asked for; nothing later is known.
        fault_names: Faults as `demo.faults.choose` takes them.
    """

    seed: int = DEFAULT_SEED
    scale: float = DEFAULT_SCALE
    first_day: date = DEFAULT_FIRST_DAY
    last_day: date = DEFAULT_LAST_DAY
    fault_names: tuple[str, ...] = ()

    @cached_property
    def calendar(self) -> Calendar:
        """The working days."""
        return Calendar()

    @cached_property
    def units(self) -> Units:
        """The unit registry."""
        return Units(self.seed)

    @cached_property
    def endpoints(self) -> Endpoints:
        """The endpoint registry."""
        return Endpoints(self.seed, self.units)

    @cached_property
    def dossiers(self) -> Dossiers:
        """The dossiers."""
        return Dossiers(self.seed, self.scale, self.calendar, self.units)

    @cached_property
    def documents(self) -> Documents:
        """The document traffic."""
        return Documents(self.seed, self.scale, self.calendar, self.units)

    @cached_property
    def faults(self) -> Faults:
        """The faults, each with its day or count."""
        return choose(self.fault_names, self.calendar.working_days(self.first_day, self.last_day), self.days)

    @property
    def days(self) -> list[date]:
        """Every day asked for."""
        return days(self.first_day, self.last_day)

    @property
    def months(self) -> list[date]:
        """The first days of the months of which there are monthly files: those touched, and the one before."""
        month = month_start(month_start(self.first_day) - timedelta(days=1))
        found = []
        while month <= self.last_day:
            found.append(month)
            month = month_end(month) + timedelta(days=1)
        return found

    @property
    def due_months(self) -> list[date]:
        """The months whose monthly files are due within the run: those over before the last day."""
        return [month for month in self.months if month_end(month) < self.last_day]

    def conferences(self, day: date) -> Conferences:
        """The conferences that start on the day."""
        return conferences(self.seed, self.scale, self.calendar, self.endpoints, day)

    def changed_items(self, since: int, before: int) -> pl.DataFrame:
        """The portal's items changed from `since` up to `before` (moments), without faults."""
        alive = self.dossiers.alive(*_day_span(since, before))
        return as_items(changed(alive, since, before), self.units, self.dossiers.procedures)

    def open_items(self, day: date) -> pl.DataFrame:
        """The portal's items received before the day and not settled by then."""
        alive = self.dossiers.alive(day, day - timedelta(days=1))
        return as_items(open_before(alive, start_of(day)), self.units, self.dossiers.procedures)

    def dossier_export(self, day: date) -> Served:
        """The portal's items changed on the day, with the run's row faults."""
        start = start_of(day)
        items = self.changed_items(start, start_of(day + timedelta(days=1)))
        return spoil_dossiers(items, self.faults, generator(self.seed, "dossier-faults", day), day)

    def exchange_statuses(self, day: date, *, is_corrected: bool = False) -> pl.DataFrame:
        """The statuses of what was sent on the day, before its file was corrected or after."""
        if is_corrected and self.faults.is_on("corrected_file", day):
            return pl.concat([self.documents.batch(day).events, correction(self.documents, self.seed, day)])
        if is_corrected and self.faults.is_on("vanished_rows", day):
            return without_vanished(self.documents, self.seed, day)
        return self.documents.batch(day).events

    def exchange_export(self, day: date, *, is_corrected: bool = False) -> Served:
        """The rows of the day's exchange file, with the run's row faults and, if asked for, its correction."""
        statuses = self.exchange_statuses(day, is_corrected=is_corrected)
        rows = exchange_rows(self.documents, self.first_day, day, statuses)
        return spoil_exchanges(rows, self.faults, generator(self.seed, "exchange-faults", day), day)

    def register_export(self, day: date) -> Served:
        """The rows of the day's register, with the run's row faults."""
        return spoil_register(register_rows(self.documents, self.seed, day), self.faults, self.units, day)


def province(
    seed: int = DEFAULT_SEED,
    scale: float = DEFAULT_SCALE,
    first_day: date = DEFAULT_FIRST_DAY,
    last_day: date = DEFAULT_LAST_DAY,
    faults: Iterable[str] = (),
) -> Province:
    """A province with the faults asked for; a fault that cannot be is told at once."""
    made = Province(seed, scale, first_day, last_day, tuple(faults))
    made.faults  # noqa: B018  (resolves the names now, so that a wrong one is told here)
    return made


def _day_span(since: int, before: int) -> tuple[date, date]:
    epoch = date(1970, 1, 1)
    return epoch + timedelta(days=since // 86_400), epoch + timedelta(days=(before - 1) // 86_400)
