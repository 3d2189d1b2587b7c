"""How many rows are expected: a band learned from earlier days of the same kind, and what a load outside it becomes.

Pure: the judgement is a function of the set of loads, the calendar, the registers and the contract, never of the order
in which the loads came. So a verdict may change when an earlier day comes late; `pipelines.load.volumes` settles it
again. What is judged is every load whose content was accepted. An empty export on a working day is the suite's matter.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import ceil, floor
from statistics import median

from pipelines.contracts import Contract, Volume
from pipelines.validate.verdict import Check
from pipelines.validate.volume_basis import EXCEPTIONS_NAME, VolumeBasis

ALL = "all"
IN_BAND, GROUPS_IN_BAND, KEEPS_MOST = "volume_is_in_band", "unit_groups_are_in_band", "revision_keeps_most_rows"

# A month of working days: long enough for a steady middle, short enough to follow a province that grows.
HISTORY_LENGTH = 20
# The middle of fewer than five days is one day's accident.
SHORTEST_HISTORY = 5
# At 60 rows chance alone (the square root of 60) moves a day by 13%: the narrowest band is two of these wide.
FEWEST_ROWS = 60
# Four robust deviations: of a thousand sound days about one lies outside.
DEVIATIONS = 4.0
# 1.4826 x MAD is the standard deviation where days are spread normally.
MAD_TO_DEVIATION = 1.4826
# Below: a Monday or a month's end is a quarter off without being broken; half an export must be caught however noisy.
NARROWEST_BELOW, WIDEST_BELOW = 0.25, 0.40
# Above: the mirror of a quarter less is a third more; a rush before a deadline may bring two and a half times as much.
NARROWEST_ABOVE, WIDEST_ABOVE = 0.33, 1.50
# A revision that lacks a fifth of what was said before is rather a broken export than a correction.
SMALLEST_REVISION_SHARE = 0.8

_KINDS = {
    "working_day": "working days", "saturday": "Saturdays", "sunday": "Sundays", "holiday": "holidays", "month": "months",
}  # fmt: skip
# On a day off nobody owes anything, and Tết is no measure for other holidays: a count outside its band only warns.
_OWED = ("working_day", "month")


class State(StrEnum):
    """What a count is against its band. `LEARNING`: too few earlier days; `TOO_FEW`: too few rows for a band."""

    LEARNING = "learning"
    TOO_FEW = "too_few"
    IN_BAND = "in_band"
    BELOW = "below"
    ABOVE = "above"
    EXCUSED = "excused"


@dataclass(frozen=True)
class LoadRows:
    """The rows of one load whose content was accepted.

    Attributes:
        known: When the source knew it, when it arrived, its number: the order in which snapshots replace each other.
        rows: Row counts by unit group, the whole under ALL; where the files of a period add up, without the records that
            a fresher one of them tells as well.
    """

    load_id: str
    partition_key: str
    file_sha256: str
    known: tuple[datetime, datetime, int]
    rows: Mapping[str, int]


@dataclass(frozen=True)
class Band:
    """The counts expected of a period, from `history_count` earlier ones; no bounds while there is no band."""

    history_count: int
    median_count: float | None = None
    low_count: int | None = None
    high_count: int | None = None

    def state_of(self, rows: int) -> State:
        """What a count is against this band."""
        if self.history_count < SHORTEST_HISTORY:
            return State.LEARNING
        if self.low_count is None or self.high_count is None:
            return State.TOO_FEW
        return State.BELOW if rows < self.low_count else State.ABOVE if rows > self.high_count else State.IN_BAND


@dataclass(frozen=True)
class PeriodVolume:
    """One line of `ops.volumes`: what came of a unit group in a period, and what was expected."""

    partition_key: str
    unit_group: str
    day_kind: str
    rows_count: int
    band: Band
    state: State


@dataclass(frozen=True)
class LoadVolume:
    """What the volume says of one load.

    Attributes:
        reason: Why the load is held, None if it is free.
        checks: Its lines of `ops.checks`.
    """

    load_id: str
    reason: str | None
    checks: tuple[Check, ...]


def band_of(history: Sequence[int]) -> Band:
    """The band that these earlier counts give."""
    if len(history) < SHORTEST_HISTORY:
        return Band(len(history))
    middle = median(history)
    if middle < FEWEST_ROWS:
        return Band(len(history), middle)
    spread = DEVIATIONS * MAD_TO_DEVIATION * median(abs(count - middle) for count in history) / middle
    low = middle * (1 - _clamp(spread, NARROWEST_BELOW, WIDEST_BELOW))
    high = middle * (1 + _clamp(spread, NARROWEST_ABOVE, WIDEST_ABOVE))
    # The share of n rows may miss a whole number by a hair: 0.75 * 100 is 75.00….
    return Band(len(history), middle, ceil(low - 1e-6), floor(high + 1e-6))


def reach_of(changed: str, keys: Iterable[str], basis: VolumeBasis) -> tuple[list[str], list[str]]:
    """What a change in one period can change.

    Args:
        changed: Key of the period.
        keys: Keys of every period that has a load.
        basis: The calendar.

    Returns:
        The periods to judge again, those that have it in their history and itself; and the periods to read for that.
    """
    kind = basis.day_kind(changed)
    alike = sorted(key for key in {changed, *keys} if basis.day_kind(key) == kind)
    place = alike.index(changed)
    return (
        alike[place : place + HISTORY_LENGTH + 1],
        alike[max(0, place - HISTORY_LENGTH) : place + HISTORY_LENGTH + 1],
    )


def judge_volumes(
    loads: Iterable[LoadRows], contract: Contract, basis: VolumeBasis, keys: Collection[str] | None = None
) -> tuple[list[PeriodVolume], list[LoadVolume]]:
    """Judges periods and their loads.

    Args:
        loads: The loads of the dataset whose content was accepted, at least of `keys` and of their histories.
        contract: The dataset's contract.
        basis: Calendar, registers and exceptions.
        keys: Periods to judge; every one that has a load if not given.
    """
    loads_of: defaultdict[str, list[LoadRows]] = defaultdict(list)
    for load in loads:
        loads_of[load.partition_key].append(load)
    counts = {key: _rows_of(found, contract.mode) for key, found in loads_of.items()}
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for key in sorted(counts):
        alike[basis.day_kind(key)].append(key)
    volumes: list[PeriodVolume] = []
    judged: list[LoadVolume] = []
    for key in sorted(counts if keys is None else counts.keys() & set(keys)):
        of_kind = alike[basis.day_kind(key)]
        place = bisect_left(of_kind, key)
        history = [counts[earlier] for earlier in of_kind[max(0, place - HISTORY_LENGTH) : place]]
        groups = {ALL, *(group for known in (counts[key], *history) for group in known)}
        groups &= {ALL, *counts[key], *basis.unit_groups(key)}
        bands = {group: band_of([known.get(group, 0) for known in history]) for group in sorted(groups)}
        period = _Period(key, basis.day_kind(key), bands, is_excused=basis.is_excused(contract.dataset, key))
        volumes += period.volumes(counts[key])
        judged += [
            _judge_load(load, counts[key] if contract.mode == "changes" else load.rows, loads_of[key], period, contract)
            for load in loads_of[key]
        ]
    return volumes, judged


@dataclass(frozen=True)
class _Period:
    """A period's bands, one a unit group."""

    key: str
    kind: str
    bands: Mapping[str, Band]
    is_excused: bool

    def volumes(self, rows: Mapping[str, int]) -> list[PeriodVolume]:
        return [
            PeriodVolume(self.key, group, self.kind, rows.get(group, 0), band, self.state(group, rows))
            for group, band in self.bands.items()
        ]

    def state(self, group: str, rows: Mapping[str, int]) -> State:
        return State.EXCUSED if self.is_excused else self.bands[group].state_of(rows.get(group, 0))

    def told(self, group: str, rows: Mapping[str, int]) -> str:
        """What came and what was expected, in one line."""
        band, count = self.bands[group], rows.get(group, 0)
        came = f"{count} rows" if group == ALL else f"{count} rows of {group} units"
        earlier = f"{band.history_count} earlier {_KINDS[self.kind]}"
        if self.is_excused:
            return f"{came}, excused by {EXCEPTIONS_NAME}"
        if band.history_count < SHORTEST_HISTORY:
            return f"{came}; only {earlier} to learn from"
        if band.low_count is None:
            return f"{came}, too few for a band: median {band.median_count:g} of {earlier}"
        return f"{came}, expected {band.low_count} to {band.high_count} (median {band.median_count:g} of {earlier})"


def _rows_of(loads: Sequence[LoadRows], mode: str) -> Mapping[str, int]:
    """The rows that would be in force if no load were held: the newest snapshot's, or those of all distinct files."""
    if mode == "snapshot":
        return max(loads, key=lambda load: load.known).rows
    newest_of_file = {load.file_sha256: load for load in sorted(loads, key=lambda load: load.known)}
    summed: defaultdict[str, int] = defaultdict(int)
    for load in newest_of_file.values():
        for group, rows in load.rows.items():
            summed[group] += rows
    return summed


def _judge_load(
    load: LoadRows, rows: Mapping[str, int], siblings: Iterable[LoadRows], period: _Period, contract: Contract
) -> LoadVolume:
    below = [group for group in period.bands if period.state(group, rows) is State.BELOW]
    absent = [group for group in below if group != ALL and not rows.get(group)]
    checks = [_whole_check(rows, absent, period, contract.volume)]
    if thin := [group for group in below if group != ALL and group not in absent]:
        told = "; ".join(period.told(group, rows) for group in thin)
        checks.append(Check(GROUPS_IN_BAND, "warning", is_success=False, observed=told))
    # The same bytes judged again under mended rules are no revision of themselves, and what lies above the band is no
    # measure: its correction would be held, and a doubled export stay in force.
    before = [
        other.rows[ALL]
        for other in siblings
        if other.known < load.known
        and other.file_sha256 != load.file_sha256
        and period.bands[ALL].state_of(other.rows[ALL]) is not State.ABOVE
    ]
    if contract.mode == "snapshot" and before:
        kept = period.is_excused or load.rows[ALL] >= SMALLEST_REVISION_SHARE * max(before)
        told = f"a revision before has {max(before)} rows, this one has {load.rows[ALL]}"
        checks.append(Check(KEEPS_MOST, "critical", is_success=kept, observed=told))
    holding = [check for check in checks if not check.is_success and check.severity == "critical"]
    reason = "; ".join(f"{check.check_name}: {check.observed}" for check in holding)
    return LoadVolume(load.load_id, reason or None, tuple(checks))


def _whole_check(rows: Mapping[str, int], absent: Sequence[str], period: _Period, rule: Volume) -> Check:
    """The whole against its band; a unit group that is wholly gone counts as much as the whole."""
    state = period.state(ALL, rows)
    faulty = [ALL, *absent] if state in (State.BELOW, State.ABOVE) else absent
    told = "; ".join(period.told(group, rows) for group in faulty or [ALL])
    answers = (
        (rule.below_band, state is State.BELOW or bool(absent)),
        (rule.above_band, state is State.ABOVE),
    )
    refuses = period.kind in _OWED and ("refuse", True) in answers
    return Check(IN_BAND, "critical" if refuses else "warning", is_success=not faulty, observed=told)


def _clamp(value: float, least: float, most: float) -> float:
    return min(max(value, least), most)
