"""What happens to a dossier, and when: from its submission to the last thing that is ever noted on it.

The events of a dossier stand in one fixed order, later ones never before earlier ones; its state at any moment follows
from those that have happened. Everything ends within `LIFE_DAYS` of the submission. What a dossier is about (procedure,
unit, channel, money, people) does not belong here. Times are moments on the local clock, see `demo.calendar`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from demo.calendar import DAY_SECONDS, Calendar, Numbers, Shares

LIFE_DAYS: Final = 45
LAST_FINISH_DAYS: Final = 38
NEVER: Final = -1

SHARE: Final = {
    "ignored": 0.012, "refused": 0.018, "withdrawn": 0.015, "without due date": 0.04, "received by machine": 0.25,
    "on the due day": 0.3, "begun": 0.97, "asked for a fee": 0.15, "supplemented": 0.09, "supplemented twice": 0.018,
    "stopped": 0.012, "passed on": 0.6, "returned at once": 0.7, "returned": 0.88, "synchronised at once": 0.6,
    "synchronised": 0.9, "due at five": 0.7,
}  # fmt: skip
LONG: Final = 0.8
WITHDRAWN, FINISHED, RETURNED = 7, 9, 10
STATUS_OF_EVENT: Final[dict[str, int | None]] = {
    "submitted": 1, "received": 2, "refused": 3, "started": 4, "fee_requested": 6, "fee_paid": 4,
    "supplement_1_requested": 5, "supplement_1_received": 4, "supplement_2_requested": 5, "supplement_2_received": 4,
    "stopped": 8, "step_1": None, "step_2": None, "step_3": None, "step_4": None, "withdrawn": 7, "finished": 9,
    "returned": 10, "synchronised": None,
}  # fmt: skip
EVENTS: Final = tuple(STATUS_OF_EVENT)
STEPS: Final = ("step_1", "step_2", "step_3", "step_4")
DETOURS: Final = (
    "started", "fee_requested", "fee_paid", "supplement_1_requested", "supplement_1_received",
    "supplement_2_requested", "supplement_2_received", "stopped",
)  # fmt: skip
DETOUR_WEIGHTS: Final = np.array([0.25, 0.5, 0.8, 0.5, 1.6, 0.4, 1.6, 0.6])
SETTLED_STATUSES: Final = (7, 9, 10)
OPEN_STATUSES: Final = (2, 4, 5, 6, 8)
UNCOUNTED_STATUSES: Final = (1, 3)
EXCUSED_STATUSES: Final = (5, 6, 8)


@dataclass(frozen=True)
class Submissions:
    """What the life of the dossiers of one submission day depends on; arrays of one length.

    Attributes:
        day_number: The day of submission.
        is_office_day: Whether offices are open on it.
        is_remote: Handed in online, at any hour.
        maximum_working_days: What the procedure allows.
        late_share: How often the unit is late.
        has_cost: Whether a fee or charge is due.
        is_electronic: Whether the result is handed over in electronic form.
    """

    day_number: int
    is_office_day: bool
    is_remote: NDArray[np.bool_]
    maximum_working_days: Numbers
    late_share: Shares
    has_cost: NDArray[np.bool_]
    is_electronic: NDArray[np.bool_]


def live(random: np.random.Generator, calendar: Calendar, dossiers: Submissions) -> pl.DataFrame:
    """Draws the life of every dossier: one Int32 column of moments an event, and `due` (null: never, or none)."""
    count = len(dossiers.maximum_working_days)
    submitted, received, from_position = _reception(random, calendar, dossiers)
    door = random.random(count)
    is_ignored, is_refused = door < SHARE["ignored"], door > 1 - SHARE["refused"]
    is_in = ~(is_ignored | is_refused)

    due_days = calendar.add_working_days(received // DAY_SECONDS, dossiers.maximum_working_days)
    until_position = _end(random, calendar, dossiers, from_position, due_days)
    span = until_position - from_position
    is_withdrawn = is_in & (random.random(count) < SHARE["withdrawn"])
    until_position = np.where(is_withdrawn, from_position + span * random.random(count), until_position)

    moments = {"submitted": submitted, "received": np.where(is_in, received, NEVER)}
    moments["refused"] = np.where(is_refused, received, NEVER)
    moments |= _detours(random, calendar, dossiers, is_in, from_position, until_position)
    end = np.maximum(calendar.moment_at(until_position), received)
    moments["withdrawn"] = np.where(is_withdrawn, end, NEVER)
    is_finished = is_in & ~is_withdrawn
    moments["finished"] = np.where(is_finished, end, NEVER)
    moments |= _aftermath(random, calendar, dossiers, is_finished, until_position, end)
    moments["due"] = np.where(
        is_in & (random.random(count) >= SHARE["without due date"]), _due(random, received, due_days), NEVER
    )
    return pl.DataFrame(moments).select(
        pl.when(pl.col(name) != NEVER).then(pl.col(name)).cast(pl.Int32).alias(name) for name in (*EVENTS, "due")
    )


def _reception(
    random: np.random.Generator, calendar: Calendar, dossiers: Submissions
) -> tuple[Numbers, Numbers, Shares]:
    """When each dossier is submitted and received, and the office position from which it is worked on."""
    count, midnight = len(dossiers.is_remote), dossiers.day_number * DAY_SECONDS
    at_home = midnight + calendar.home.second_at(random.random(count))
    first = float(calendar.first_position(np.array([dossiers.day_number]))[0])
    is_after_hours = (at_home >= midnight + 59_400) | (not dossiers.is_office_day)
    next_day = first + (1.0 if dossiers.is_office_day else 0.0)
    same_day = calendar.position_at(at_home) + random.exponential(0.12, count) + 0.002
    online = np.where(is_after_hours, next_day + random.random(count) * 0.3, same_day)
    counter = first + random.random(count) * 0.99
    position = np.where(dossiers.is_remote, online, counter)
    received = calendar.moment_at(position)
    submitted = np.where(dossiers.is_remote, at_home, received - random.integers(60, 900, count))
    is_automatic = (
        dossiers.is_remote & (not dossiers.is_office_day) & (random.random(count) < SHARE["received by machine"])
    )
    received = np.where(is_automatic, submitted + random.integers(1, 30, count), received)
    received = np.where(is_automatic & (received // DAY_SECONDS > dossiers.day_number), submitted, received)
    return submitted, np.maximum(received, submitted), position


def _end(
    random: np.random.Generator, calendar: Calendar, dossiers: Submissions, start: Shares, due_days: Numbers
) -> Shares:
    """The office position at which handling ends: early, on the due day, or late as the unit tends to be."""
    count = len(start)
    fate, base = random.random(count), np.floor(start)
    due = calendar.first_position(due_days).astype(np.float64)
    room = np.maximum(due - base, 1.0)
    early = base + np.floor(random.random(count) * room)
    late = due + 1 + np.floor(random.exponential(2.5, count))
    day = np.where(fate < dossiers.late_share, late, np.where(fate < SHARE["on the due day"], due, early))
    day = np.maximum(np.minimum(day, calendar.last_position(dossiers.day_number + LAST_FINISH_DAYS)), base)
    within = random.random(count) * 0.98
    return np.where(day == base, start + np.maximum(base + 0.999 - start, 0.0) * within, day + within)


def _detours(
    random: np.random.Generator,
    calendar: Calendar,
    dossiers: Submissions,
    is_in: NDArray[np.bool_],
    start: Shares,
    end: Shares,
) -> dict[str, Numbers]:
    """What happens between reception and end: begun, waiting for a fee or a supplement, stopped, passed on."""
    count, span = len(start), end - start
    is_long = is_in & (span > LONG)
    needs = random.random((count, 4))
    is_charged = is_long & dossiers.has_cost & (needs[:, 0] < SHARE["asked for a fee"])
    is_supplemented = is_long & (needs[:, 1] < SHARE["supplemented"])
    is_supplemented_again = is_supplemented & (needs[:, 1] < SHARE["supplemented twice"])
    is_stopped = is_long & (needs[:, 2] < SHARE["stopped"])
    present = np.column_stack([
        is_in & (needs[:, 3] < SHARE["begun"]), is_charged, is_charged, is_supplemented, is_supplemented,
        is_supplemented_again, is_supplemented_again, is_stopped,
    ])  # fmt: skip
    gaps = random.exponential(1.0, present.shape) * DETOUR_WEIGHTS * present
    remaining = random.exponential(1.0, count) * 1.2 + 0.01
    shares = np.cumsum(gaps, axis=1) / (gaps.sum(axis=1) + remaining)[:, None]
    moments = {
        name: np.where(present[:, index], calendar.moment_at(start + span * shares[:, index]), NEVER)
        for index, name in enumerate(DETOURS)
    }
    for name in STEPS:
        is_passed_on = is_long & (random.random(count) < SHARE["passed on"])
        moments[name] = np.where(is_passed_on, calendar.moment_at(start + span * random.random(count)), NEVER)
    return moments


def _aftermath(
    random: np.random.Generator,
    calendar: Calendar,
    dossiers: Submissions,
    is_finished: NDArray[np.bool_],
    end_position: Shares,
    end: Numbers,
) -> dict[str, Numbers]:
    """The hand-over of the result and the note that the national portal has it."""
    count = len(end)
    limit = calendar.last_position(dossiers.day_number + LIFE_DAYS - 1) + 0.99
    later = calendar.moment_at(np.minimum(end_position + random.exponential(1.1, count), limit))
    returned = np.maximum(
        np.where(dossiers.is_electronic & (random.random(count) < SHARE["returned at once"]), end + 60, later), end
    )
    is_returned = is_finished & (random.random(count) < SHARE["returned"])
    last = np.where(is_returned, returned, end)
    nightly = (last // DAY_SECONDS + 1) * DAY_SECONDS
    delay = random.integers(3_600, 14_400, count)
    at_once = np.minimum(last + delay // 30, nightly - 1)
    synchronised = np.where(random.random(count) < SHARE["synchronised at once"], at_once, nightly + delay)
    is_synchronised = is_finished & (random.random(count) < SHARE["synchronised"])
    return {
        "returned": np.where(is_returned, returned, NEVER),
        "synchronised": np.where(is_synchronised, synchronised, NEVER),
    }


def _due(random: np.random.Generator, received: Numbers, due_days: Numbers) -> Numbers:
    """Due at 17:00 of the due day, or at the hour of reception."""
    is_round = random.random(len(received)) < SHARE["due at five"]
    return due_days * DAY_SECONDS + np.where(is_round, 61_200, received % DAY_SECONDS)
