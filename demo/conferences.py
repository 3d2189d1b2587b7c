"""Conferences and who was connected to them when: the truth behind the call detail records.

How the meeting server writes it down belongs to `demo.call_records`. No conference crosses local midnight; now and then
one crosses 07:00, which is midnight in UTC. Times are moments on the local clock, see `demo.calendar`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from demo.calendar import Calendar, DayKind, Numbers, start_of
from demo.endpoints import Endpoints
from demo.seeding import generator

CONFERENCES_A_WORKING_DAY: Final = 12
SMALLEST, LARGEST = 20, 300
GUEST: Final = -1
QUARTER, MINUTE = 900, 60
EARLY_START, CALL_SHARE_AT_WEEKENDS = 6.5 * 3_600, 0.15
SHARE: Final = {
    "before seven": 0.2, "joins late": 0.1, "stays to the end": 0.85, "glances": 0.03, "fails": 0.04, "drops out": 0.06,
}  # fmt: skip
LONG_ENOUGH_TO_DROP: Final = 1_200
MIDDLE: Final = 0.5
TOPICS: Final = (
    "Họp giao ban UBND tỉnh", "Hội nghị trực tuyến toàn tỉnh", "Tập huấn chuyển đổi số", "Họp Ban Chỉ đạo",
    "Giao ban công tác cải cách hành chính", "Hội nghị triển khai nhiệm vụ", "Họp phòng, chống thiên tai",
)  # fmt: skip


@dataclass(frozen=True)
class Conferences:
    """The conferences of one day.

    Attributes:
        calls: One row a conference: name, start, end.
        legs: One row a connection: call (row number above), endpoint (row in the registry, or GUEST), start, end,
            is_joined (whether the connection ever got into the conference).
    """

    calls: pl.DataFrame
    legs: pl.DataFrame


def conferences(seed: int, scale: float, calendar: Calendar, endpoints: Endpoints, day: date) -> Conferences:
    """The conferences that start on the day."""
    random = generator(seed, "conferences", day)
    count = _count(random, scale, calendar.kind(day))
    slots = random.choice([8.0, 8.5, 9.0, 13.5, 14.0, 14.5, 15.0, 19.5], p=[0.28, 0.1, 0.1, 0.12, 0.26, 0.06, 0.05, 0.03],
                          size=count)  # fmt: skip
    start = start_of(day) + (slots * 3_600).astype(np.int64) + random.integers(-4, 9, count) * MINUTE
    if count and random.random() < SHARE["before seven"]:
        start[0] = start_of(day) + int(EARLY_START)
    end = start + random.integers(40, 210, count) * MINUTE + random.integers(0, MINUTE, count)
    size = np.clip(np.round(random.lognormal(4.3, 0.75, count)), SMALLEST, LARGEST).astype(np.int64)
    topics = random.integers(0, len(TOPICS), count)
    legs = [_legs(random, call, int(start[call]), int(end[call]), int(size[call]), endpoints) for call in range(count)]
    calls = pl.DataFrame(
        {"name": [TOPICS[topic] for topic in topics], "start": start, "end": end},
        schema={"name": pl.String, "start": pl.Int64, "end": pl.Int64},
    )
    return Conferences(calls, pl.concat([_no_legs(), *legs]))


def connected(day: Conferences) -> pl.DataFrame:
    """Seconds that each endpoint was connected inside each conference: call, endpoint, start (of the call), seconds."""
    return (
        day.legs.filter(pl.col("is_joined") & (pl.col("endpoint") != GUEST))
        .join(
            day.calls.with_row_index("call").select(
                pl.col("call").cast(pl.Int64), pl.col("start").alias("call_start"), pl.col("end").alias("call_end")
            ),
            on="call",
        )
        .with_columns(seconds=(pl.min_horizontal("end", "call_end") - pl.max_horizontal("start", "call_start")).clip(0))
        .group_by("call", "endpoint", maintain_order=True)
        .agg(pl.col("seconds").sum(), pl.col("call_start").first())
    )


def _count(random: np.random.Generator, scale: float, kind: DayKind) -> int:
    if kind is DayKind.WORKING:
        return max(1, round(CONFERENCES_A_WORKING_DAY * scale) + int(random.integers(-1, 2)))
    if kind is DayKind.WEEKEND and random.random() < CALL_SHARE_AT_WEEKENDS:
        return 1
    return 0


def _legs(
    random: np.random.Generator, call: int, start: int, end: int, size: int, endpoints: Endpoints
) -> pl.DataFrame:
    """The connections of one conference: most join early and stay, some drop and come back, fail, or look in."""
    guests = int(random.integers(0, max(2, size // 15)))
    endpoint = np.concatenate([random.permutation(len(endpoints.codes))[:size], np.full(guests, GUEST)])
    count, fate = len(endpoint), random.random(len(endpoint))
    joined = start + random.integers(-120, 600, count)
    joined[0] = start - 2
    joined = np.where(
        random.random(count) < SHARE["joins late"], joined + random.integers(0, (end - start) // 2, count), joined
    )
    left = np.where(random.random(count) < SHARE["stays to the end"], end + random.integers(-3, 3, count),
                    joined + (random.random(count) * (end - joined)).astype(np.int64) + 1)  # fmt: skip
    is_glance, is_failed = fate < SHARE["glances"], fate > 1 - SHARE["fails"]
    left = np.where(is_glance, joined + random.integers(20, 299, count), left)
    left = np.where(is_failed, joined + random.integers(1, 40, count), left)
    left = np.maximum(left, joined + 1)
    drops = (np.abs(fate - MIDDLE) < SHARE["drops out"] / 2) & (left - joined > LONG_ENOUGH_TO_DROP)
    middle = joined + ((left - joined) * random.uniform(0.2, 0.7, count)).astype(np.int64)
    back = middle + random.integers(10, 400, count)
    first = _frame(call, endpoint, joined, np.where(drops, middle, left), ~is_failed)
    return pl.concat([first, _frame(call, endpoint[drops], back[drops], left[drops], drops[drops])])


def _frame(call: int, endpoint: Numbers, start: Numbers, end: Numbers, is_joined: NDArray[np.bool_]) -> pl.DataFrame:
    return pl.DataFrame({
        "call": np.full(len(endpoint), call, dtype=np.int64),
        "endpoint": endpoint.astype(np.int64),
        "start": start.astype(np.int64),
        "end": end.astype(np.int64),
        "is_joined": is_joined,
    })  # fmt: skip


def _no_legs() -> pl.DataFrame:
    nothing = np.empty(0, dtype=np.int64)
    return _frame(0, nothing, nothing, nothing, np.empty(0, dtype=np.bool_))
