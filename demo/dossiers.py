"""The dossiers of the demo province: one cohort a submission day, and their state at any moment.

A cohort depends on the seed, the scale and the day alone. How the portal writes a dossier down (codes, date texts,
personal fields) belongs to `demo.dossier_wire`; what it should count to belongs to `demo.truth_portal`.
Times are moments on the local clock, see `demo.calendar`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from threading import Lock

import numpy as np
import polars as pl

from demo.calendar import DAY_SECONDS, Calendar, DayKind, Numbers, day_number, days
from demo.lifecycle import EVENTS, LIFE_DAYS, OPEN_STATUSES, STATUS_OF_EVENT, Submissions, live
from demo.registry import SEEDS
from demo.seeding import generator
from demo.units import Units

A_WORKING_DAY = 6_000
SHARE_OF_A_DAY = {DayKind.WORKING: 1.0, DayKind.WEEKEND: 0.09, DayKind.HOLIDAY: 0.05, DayKind.TET: 0.004}
SHARE_OF_A_WEEKDAY = (1.08, 1.03, 1.0, 0.97, 0.92, 1.0, 0.8)
FEES = (0, 0, 8_000, 0, 0, 2_000, 10_000, 0, 0, 0, 0, 50_000, 0, 0, 100_000, 0, 150_000, 0, 135_000, 4_300_000)
CHARGES = (0, 0, 0, 0, 5_000, 0, 0, 0, 0, 0, 25_000, 0, 30_000, 0, 0, 75_000, 0, 200_000, 0, 0)
TOWN_HALL_DESK = (
    r"Trung tâm Phục vụ hành chính công|Trung tâm Dịch vụ công|Bộ phận Một cửa|Phòng Nghiệp vụ|Phòng Kinh tế"
)
NO_CODE = -1
NOT_REPORTED_SHARE = 0.025
ONLINE, FULLY_ONLINE, ELECTRONIC = 2, 4, 2


def procedures(seeds: Path = SEEDS) -> pl.DataFrame:
    """The procedures on offer, in the order of `procedures.csv`, with what they cost in VND."""
    frame = pl.read_csv(seeds / "procedures.csv", schema_overrides={"procedure_code": pl.String})
    numbers = np.arange(len(frame))
    return frame.with_columns(
        fee=pl.Series(np.array(FEES)[numbers % len(FEES)]),
        charge=pl.Series(np.array(CHARGES)[numbers % len(CHARGES)]),
        service_level=pl.Series(np.array([4, 4, 4, 3, 4, 3, 4, 2])[numbers % 8]),
    )


@dataclass
class Dossiers:
    """Every dossier of one seed and scale, made day by day as asked and kept."""

    seed: int
    scale: float
    calendar: Calendar
    units: Units
    procedures: pl.DataFrame = field(default_factory=procedures)
    _cohorts: dict[date, pl.DataFrame] = field(default_factory=dict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def cohort(self, day: date) -> pl.DataFrame:
        """The dossiers submitted on the day, in order of submission, with their whole lives."""
        with self._lock:
            if day not in self._cohorts:
                self._cohorts[day] = self._make(day)
            return self._cohorts[day]

    def alive(self, first: date, last: date) -> pl.DataFrame:
        """Every dossier on which something may happen from first to last, both included."""
        return pl.concat([self.cohort(day) for day in days(first - timedelta(days=LIFE_DAYS), last)])

    def _make(self, day: date) -> pl.DataFrame:
        kind, random = self.calendar.kind(day), generator(self.seed, "dossiers", day)
        expected = A_WORKING_DAY * self.scale * SHARE_OF_A_DAY[kind] * SHARE_OF_A_WEEKDAY[day.weekday()]
        count = round(expected * (1 + 0.03 * random.standard_normal()))
        unit = self._units_for(random, day, count)
        procedure = self._procedures_for(random, unit, count)
        asked = self.procedures[procedure]
        channel = random.choice([1, 2, 3], p=[0.2, 0.78, 0.02], size=count)
        if kind is not DayKind.WORKING:
            channel = np.full(count, ONLINE)
        cost = (asked["fee"] + asked["charge"]).to_numpy()
        result_form = random.choice([0, 1, 2], p=[0.3, 0.1, 0.6], size=count)
        lives = live(
            random,
            self.calendar,
            Submissions(
                day_number=day_number(day),
                is_office_day=kind is DayKind.WORKING,
                is_remote=channel == ONLINE,
                maximum_working_days=asked["maximum_working_days"].to_numpy().astype(np.int64),
                late_share=self.units.late_share[unit],
                has_cost=cost > 0,
                is_electronic=result_form == ELECTRONIC,
            ),
        )
        paid = random.choice([0, 1, 2], p=[0.35, 0.55, 0.1], size=count)
        frame = pl.DataFrame({
            "cohort_day": np.full(count, day_number(day), dtype=np.int32),
            "unit": unit.astype(np.int32),
            "procedure": procedure.astype(np.int16),
            "channel": np.where(random.random(count) < NOT_REPORTED_SHARE, NO_CODE, channel).astype(np.int8),
            "service_level": asked["service_level"].to_numpy().astype(np.int8),
            "applicant_type": random.choice([1, 2, 3], p=[0.9, 0.08, 0.02], size=count).astype(np.int8),
            "result_form": result_form.astype(np.int8),
            "fee": asked["fee"].to_numpy().astype(np.int32),
            "charge": asked["charge"].to_numpy().astype(np.int32),
            "payment": np.where(cost > 0, paid, 0).astype(np.int8),
            "vneid": _flags(random, count, 0.86),
            "components_digitised": _flags(random, count, 0.74),
            "components_reused": _flags(random, count, 0.41),
            "electronic_result": _flags(random, count, 0.69),
            "person": random.integers(0, 2**62, count),
        })  # fmt: skip
        nullable = ("channel", "vneid", "components_digitised", "components_reused", "electronic_result")
        return (
            frame.hstack(lives)
            .with_columns(pl.when(pl.col(name) != NO_CODE).then(pl.col(name)).alias(name) for name in nullable)
            .sort("submitted", maintain_order=True)
            .with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over("unit").alias("counter"))
        )

    def _units_for(self, random: np.random.Generator, day: date, count: int) -> Numbers:
        """60% to communes, 25% to departments, the rest to districts where they exist and to desks inside units."""
        desks = self.units.valid(day, "sub_unit")
        desks = desks[self.units.names.gather(desks).str.contains(TOWN_HALL_DESK).to_numpy()]
        rest = np.concatenate([np.repeat(self.units.valid(day, "district"), 20), desks])
        places = (self.units.valid(day, "commune"), self.units.valid(day, "department"), rest)
        choice = random.choice(3, p=[0.60, 0.25, 0.15], size=count)
        drawn = [self.units.draw(random, place, count) for place in places]
        return np.asarray(np.select([choice == number for number in range(3)], drawn), dtype=np.int64)

    def _procedures_for(self, random: np.random.Generator, unit: Numbers, count: int) -> Numbers:
        """A procedure of the level at which the unit works."""
        levels = self.procedures["level"].to_numpy()
        of_commune, of_department = (np.flatnonzero(levels == level) for level in ("commune", "department"))
        reports_to = self.units.frame["unit_type"].to_numpy()[self.units.reporting_numbers[unit]]
        drawn = random.random((2, count))
        at_commune = of_commune[(drawn[0] * len(of_commune)).astype(np.int64)]
        at_department = of_department[(drawn[1] * len(of_department)).astype(np.int64)]
        return np.asarray(np.where(reports_to == "commune", at_commune, at_department), dtype=np.int64)


def state_as_of(dossiers: pl.DataFrame, moment: int | pl.Expr) -> pl.DataFrame:
    """The dossiers as they stood at the moment: status, last change, and only what had happened by then.

    Args:
        dossiers: Rows of cohorts.
        moment: One moment for all, or an expression over a column that gives each row its own.

    Returns:
        The same rows; events that lie ahead are null, `status` and `updated` follow from the rest. A row on which
        nothing had happened yet has a null status.
    """
    happened = [pl.when(pl.col(event) <= moment).then(pl.col(event)).alias(event) for event in EVENTS]
    return dossiers.with_columns(happened).with_columns(
        status=pl.coalesce(
            pl.when(pl.col(event).is_not_null()).then(pl.lit(status, dtype=pl.Int8))
            for event, status in reversed(STATUS_OF_EVENT.items())
            if status is not None
        ),
        updated=pl.max_horizontal(EVENTS),
        due=pl.when(pl.col("received").is_not_null()).then(pl.col("due")),
        electronic_result=pl.when(pl.col("finished").is_not_null()).then(pl.col("electronic_result")),
        supplement_count=pl.sum_horizontal(
            pl.col(f"supplement_{number}_requested").is_not_null().cast(pl.Int8) for number in (1, 2)
        ),
    )


def changed(dossiers: pl.DataFrame, since: int, before: int) -> pl.DataFrame:
    """The dossiers with at least one event from `since` up to `before` (excluded), as they stood just before it."""
    return state_as_of(
        dossiers.filter(pl.any_horizontal(_within(event, since, before) for event in EVENTS)), before - 1
    )


def open_before(dossiers: pl.DataFrame, moment: int) -> pl.DataFrame:
    """The dossiers received before the moment and not settled by then, as they stood just before it."""
    return state_as_of(dossiers, moment - 1).filter(pl.col("status").is_in(OPEN_STATUSES))


def day_column(name: str) -> pl.Expr:
    """The number of the day on which the event of this name happened."""
    return pl.col(name) // DAY_SECONDS


def _within(event: str, since: int, before: int) -> pl.Expr:
    return (pl.col(event) >= since) & (pl.col(event) < before)


def _flags(random: np.random.Generator, count: int, share: float) -> np.typing.NDArray[np.int8]:
    drawn = random.random((2, count))
    return np.where(drawn[0] < NOT_REPORTED_SHARE, NO_CODE, drawn[1] < share).astype(np.int8)
