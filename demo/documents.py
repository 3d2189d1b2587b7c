"""Documents that travel between units, and the statuses that each recipient's copy goes through.

A batch is what is sent on one day: documents, deliveries (one document at one recipient) and events (one status of one
packet). It depends on the seed, the scale and the day alone. The files that the document system writes from it belong
to `demo.document_wire` and `demo.registers`. Times are moments on the local clock, see `demo.calendar`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from threading import Lock
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from demo.calendar import DAY_SECONDS, Calendar, DayKind, Numbers, start_of
from demo.seeding import generator
from demo.units import Units

DOCUMENTS_A_WORKING_DAY: Final = 3_600
SHARE_OF_A_DAY: Final = {DayKind.WORKING: 1.0, DayKind.WEEKEND: 0.03, DayKind.HOLIDAY: 0.015, DayKind.TET: 0.002}
MEAN_RECIPIENTS: Final = 7.0
EXCHANGE_DAYS: Final = 45

SHARE: Final = {
    "refused": 0.008, "silent": 0.045, "assigned": 0.3, "completed": 0.36, "recalled": 0.005, "recall agreed": 0.6,
    "twin": 0.03, "sent again": 0.02, "copy taken in": 0.5,
}  # fmt: skip
STATUSES: Final = ("SENT", "01", "02", "03", "04", "05", "06", "13", "15", "16", "200")
STATUS: Final = {code: number for number, code in enumerate(STATUSES)}
TAKEN_IN: Final = ("03", "04", "05", "06")
KINDS: Final = (
    ("Công văn", ""), ("Quyết định", "QĐ"), ("Thông báo", "TB"), ("Kế hoạch", "KH"), ("Báo cáo", "BC"),
    ("Giấy mời", "GM"), ("Tờ trình", "TTr"),
)  # fmt: skip
KIND_SHARES: Final = (0.46, 0.12, 0.11, 0.08, 0.11, 0.09, 0.03)
URGENCIES: Final = ("Thường", "Khẩn", "Thượng khẩn", "Hỏa tốc")


@dataclass(frozen=True)
class Batch:
    """What is sent on one day.

    Attributes:
        documents: One row a document: sender (unit number), number, kind, urgency, business_type, age_days.
        deliveries: One row a delivery: document (row number above), recipient (unit number).
        events: One row a status: delivery (row number above), packet (1, 2), status (number in STATUSES), at.
    """

    documents: pl.DataFrame
    deliveries: pl.DataFrame
    events: pl.DataFrame


@dataclass
class Documents:
    """The document traffic of one seed and scale, made day by day as asked and kept."""

    seed: int
    scale: float
    calendar: Calendar
    units: Units
    _batches: dict[date, Batch] = field(default_factory=dict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def batch(self, day: date) -> Batch:
        """What is sent on the day, with all that ever becomes of it."""
        with self._lock:
            if day not in self._batches:
                self._batches[day] = self._make(day)
            return self._batches[day]

    @property
    def numbers_a_day(self) -> int:
        """How far the numbers that one sender gives to its documents move on from day to day."""
        return 300 * max(1, round(self.scale))

    def _make(self, day: date) -> Batch:
        random = generator(self.seed, "documents", day)
        expected = DOCUMENTS_A_WORKING_DAY * self.scale * SHARE_OF_A_DAY[self.calendar.kind(day)]
        count = round(expected * (1 + 0.04 * random.standard_normal()))
        everyone, groups = self._groups(day)
        sender_group = random.choice(4, p=[0.06, 0.32, 0.40, 0.22], size=count)
        drawn = [self.units.draw(random, group, count) for group in groups]
        sender = np.select([sender_group == number for number in range(4)], drawn).astype(np.int64)
        documents = (
            pl.DataFrame({
                "sender": sender.astype(np.int32),
                "kind": random.choice(len(KINDS), p=KIND_SHARES, size=count).astype(np.int8),
                "urgency": random.choice(len(URGENCIES), p=[0.86, 0.09, 0.03, 0.02], size=count).astype(np.int8),
                "business_type": random.choice(4, p=[0.965, 0.01, 0.015, 0.01], size=count).astype(np.int8),
                "age_days": random.choice(4, p=[0.72, 0.18, 0.06, 0.04], size=count).astype(np.int8),
            })
            .with_columns(pl.int_range(pl.len(), dtype=pl.Int32).over("sender").alias("number"))
            .with_columns(pl.col("number") + day.timetuple().tm_yday * self.numbers_a_day + 1)
        )  # fmt: skip
        deliveries = self._deliveries(random, sender, sender_group, everyone)
        sent = start_of(day) + self.calendar.office.second_at(random.random(count))
        if not self.calendar.is_working(day):
            sent = start_of(day) + self.calendar.home.second_at(random.random(count))
        events = _events(random, self.calendar, sent[deliveries["document"].to_numpy()])
        return Batch(documents, deliveries, events)

    def _groups(self, day: date) -> tuple[Numbers, list[Numbers]]:
        kinds = (("province",), ("department",), ("commune", "district"), ("sub_unit",))
        groups = [self.units.valid(day, *kind) for kind in kinds]
        return np.concatenate([groups[2], groups[1], groups[0], groups[3]]), groups

    def _deliveries(
        self, random: np.random.Generator, sender: Numbers, sender_group: Numbers, everyone: Numbers
    ) -> pl.DataFrame:
        """Each document goes to a stretch of a shuffled ring of units: short mostly, long now and then."""
        count = len(sender)
        mean = np.array([24.0, 9.0, 5.4, 2.6])[sender_group] * MEAN_RECIPIENTS / 6.9
        lengths = np.clip(np.round(random.lognormal(0.0, 0.8, count) * mean * 0.73), 1, 166).astype(np.int64)
        weights = np.sqrt(self.units.busyness[everyone])
        ring = everyone[np.argsort(random.exponential(1.0, len(everyone)) / weights)]
        start = (random.random(count) ** 1.6 * len(ring)).astype(np.int64)
        document = np.repeat(np.arange(count), lengths)
        place = np.arange(len(document)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        recipient = ring[(np.repeat(start, lengths) + place) % len(ring)]
        frame = pl.DataFrame({"document": document.astype(np.int32), "recipient": recipient.astype(np.int32)})
        return frame.filter(pl.Series(recipient != sender[document]))


def _events(random: np.random.Generator, calendar: Calendar, sent: Numbers) -> pl.DataFrame:
    """Every status of every packet of these deliveries."""
    count = len(sent)
    dice = random.random((count, 6))
    arrived = _same_day(sent, random.integers(1, 180, count))
    position = calendar.position_at(sent) + random.exponential(0.35, count) + 0.001
    taken = np.maximum(calendar.moment_at(position), arrived)
    assigned = calendar.moment_at(position + random.exponential(0.2, count) + 0.002)
    done = calendar.moment_at(position + np.minimum(random.exponential(3.5, count), 18.0) + 0.005)
    is_refused, is_recalled, is_silent = (
        dice[:, 0] < SHARE["refused"],
        dice[:, 1] < SHARE["recalled"],
        dice[:, 0] > 1 - SHARE["silent"],
    )
    is_taken = ~(is_refused | is_silent)
    is_assigned, is_done = is_taken & (dice[:, 2] < SHARE["assigned"]), is_taken & (dice[:, 3] < SHARE["completed"])
    recalled, answer = _same_day(taken, 900), np.where(dice[:, 5] < SHARE["recall agreed"], STATUS["15"], STATUS["16"])
    is_twin, is_sent_again = dice[:, 4] < SHARE["twin"], dice[:, 4] > 1 - SHARE["sent again"]
    again = calendar.moment_at(calendar.position_at(sent) + 0.2 + random.exponential(0.8, count))
    again = np.where(is_twin, sent, np.maximum(again, sent + 1))
    is_copied = is_twin | is_sent_again
    copy_taken = calendar.moment_at(calendar.position_at(again) + random.exponential(0.5, count) + 0.001)
    copy_taken, is_copy_taken = np.maximum(copy_taken, again + 200), is_copied & (dice[:, 5] < SHARE["copy taken in"])
    everyone = np.ones(count, dtype=np.bool_)
    return pl.concat([
        _event(everyone, 1, "SENT", sent), _event(everyone, 1, "01", arrived),
        _event(is_refused, 1, "02", taken), _event(is_taken, 1, "03", taken), _event(is_taken, 1, "05", taken),
        _event(is_assigned, 1, "04", assigned), _event(is_done, 1, "06", done),
        _event(is_recalled, 1, "13", recalled), _event(is_recalled, 1, answer, recalled + 600),
        _event(is_copied, 2, "SENT", again), _event(is_copied, 2, "01", again + 5),
        _event(is_copy_taken, 2, "03", copy_taken), _event(is_copy_taken, 2, "05", copy_taken),
    ])  # fmt: skip


def _event(mask: NDArray[np.bool_], packet: int, status: str | Numbers, at: Numbers) -> pl.DataFrame:
    delivery = np.flatnonzero(mask)
    number = np.full(len(delivery), STATUS[status]) if isinstance(status, str) else status[delivery]
    return pl.DataFrame({
        "delivery": delivery.astype(np.int32),
        "packet": np.full(len(delivery), packet, dtype=np.int8),
        "status": number.astype(np.int8),
        "at": at[delivery].astype(np.int32),
    })  # fmt: skip


def _same_day(moments: Numbers, delay: Numbers | int) -> Numbers:
    """The moments put off by the delay, but never past the end of their day."""
    return np.asarray(np.minimum(moments + delay, (moments // DAY_SECONDS + 1) * DAY_SECONDS - 601), dtype=np.int64)


def symbols(batch: Batch, units: Units) -> pl.DataFrame:
    """Each document's number and notation (`07/QĐ-UBND`, `123/SNV-VP`) and the name of its kind, row by row."""
    sender = pl.lit(units.acronyms).gather(pl.col("sender"))
    short = pl.lit(pl.Series([short for _, short in KINDS])).gather(pl.col("kind"))
    notation = pl.when(short == "").then(sender + "-VP").otherwise(short + "-" + sender)
    number = pl.col("number").cast(pl.String).str.zfill(2)
    return batch.documents.select(
        pl.concat_str(number, notation, separator="/").alias("symbol"),
        pl.lit(pl.Series([name for name, _ in KINDS])).gather(pl.col("kind")).alias("kind_name"),
    )
