"""Law 3: any order of the same arrivals gives the same marts.

Ten days of files of a small province, with what was corrected, re-sent and taken back, come in any order, again, late,
and in parts; the warehouse is built in between. Every mart's checksum must be that of the files in their own order,
built once and from nothing. What is not put in another order, and why, stands in `order_arrivals`.

`KHOTINH_ORDER_EXAMPLES=200` plays so many schedules instead of a few, new ones each time, and shortens the one that
fails. The few are always the same ones: a build must not fail by luck.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipelines.build import dbt_environment
from pipelines.calendar import Partition
from pipelines.ingest import Workshop, examine
from pipelines.settings import Settings
from pipelines.validate.verdict import Verdict
from tests.pipeline.order_arrivals import Came, TenDays, cut_in_two, ten_days
from tests.pipeline.order_builds import Schedule, Stage, checksums, first_differences, judged_once

ASKED_FOR = int(os.environ.get("KHOTINH_ORDER_EXAMPLES", "0"))
# Shortening plays tens of schedules: worth its minutes only for somebody who waits for the answer.
PHASES = [Phase.explicit, Phase.generate, *([Phase.shrink] if ASKED_FOR else [])]
CUTS = (0.34, 0.5, 0.8)
# The first test pays for the ten days too; on a crowded machine that is minutes.
pytestmark = pytest.mark.timeout(0 if ASKED_FOR else 900)


@dataclass(frozen=True, repr=False)
class Played:
    """The ten days, the stage, and what the marts hold when nothing is out of order."""

    days: TenDays
    stage: Stage
    expected: Path
    sums: dict[str, tuple[int, str]]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """Pulls, judges and builds the ten days once, in order and from nothing."""
    days = ten_days(tmp_path_factory.mktemp("ten-days") / "data")
    home = tmp_path_factory.mktemp("stage")
    stage_settings = Settings(_env_file=None, home=home)  # type: ignore[call-arg]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in dbt_environment(stage_settings).items():
            patch.setenv(name, value)
        stage = Stage.open(stage_settings, days.workshop)
        stage.play(Schedule(days.came), "--full-refresh")
        expected = home / "expected.duckdb"
        shutil.copy(stage_settings.warehouse_file, expected)
        yield Played(days, stage, expected, checksums(expected))


@st.composite
def schedules(draw: st.DrawFn, days: TenDays) -> Schedule:
    """The files in any order, some of them more than once, some in two parts, with builds in between."""
    cuts = draw(st.dictionaries(st.sampled_from(days.can_be_cut), st.sampled_from(CUTS), max_size=4))
    archive = days.workshop.settings.archive_folder
    pieces: list[Came] = []
    for number, came in enumerate(days.came):
        pieces += cut_in_two(came, cuts[number], archive) if number in cuts else (came,)
    again = draw(st.lists(st.sampled_from(pieces), max_size=10))
    order = draw(st.permutations([*pieces, *again]))
    builds = draw(st.sets(st.integers(1, len(order) - 1), min_size=1, max_size=3))
    return Schedule(tuple(_with_chains_in_order(order)), tuple(sorted(builds)))


def _with_chains_in_order(order: list[Came]) -> list[Came]:
    """The same places, but a chain's members take theirs in the order of the chain."""
    members: dict[tuple[str, str], list[Came]] = {}
    for came in order:
        if came.chain is not None:
            members.setdefault(came.partition, []).append(came)
    waiting = {partition: iter(sorted(chain, key=lambda came: came.chain or 0)) for partition, chain in members.items()}
    return [came if came.chain is None else next(waiting[came.partition]) for came in order]


@settings(
    max_examples=ASKED_FOR or 4, phases=PHASES, derandomize=not ASKED_FOR, database=None, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(data=st.data())
def test_any_order_of_the_same_arrivals_gives_the_same_marts(played: Played, data: st.DataObject) -> None:
    schedule = data.draw(schedules(played.days), label="schedule")
    found = played.stage.play(schedule)
    _assert_as_in_order(played, schedule, found)


@pytest.mark.long
def test_corrections_may_come_after_a_build(played: Played) -> None:
    """As it mostly happens: what was pulled is built, and then corrected."""
    came = played.days.came
    first_versions = len({one.partition for one in came})
    schedule = Schedule(came, (first_versions, len(came) - 6))
    _assert_as_in_order(played, schedule, played.stage.play(schedule))


def _assert_as_in_order(played: Played, schedule: Schedule, found: Path) -> None:
    sums = checksums(found)
    assert sums.keys() == played.sums.keys()
    for table, (rows, checksum) in sums.items():
        if (rows, checksum) != played.sums[table]:
            pytest.fail(
                f"{table} has {rows} rows, in order {played.sums[table][0]}:\n"
                f"{first_differences(played.expected, found, table)}\nSchedule:\n{schedule}"
            )


def test_the_ten_days_hold_what_they_are_to_test(played: Played) -> None:
    """Empty tables would be equal in any order."""
    empty = {table for table, (rows, _) in played.sums.items() if rows == 0}
    # A reason is proved, and open data given, of whole months only, and ten days have none; no month of theirs is closed.
    assert empty == {
        "marts.portal_reconciliation_reason", "marts.indicator_restatement", "marts.indicator_restatement_cause",
    }  # fmt: skip
    judged = {str(came): judged_once(played.days.workshop, came, played.stage.judged) for came in played.days.came}
    refused = [(name, one.refusal_reason) for name, one in judged.items() if one.verdict is Verdict.REFUSED]
    assert [name.split(" (")[0] for name, _ in refused] == [
        "document_registers 2026-11-06 as pulled", "document_registers 2026-11-05 cut short",
    ], refused  # fmt: skip
    versions = [came.partition for came in played.days.came]
    assert sum(versions.count(partition) > 1 for partition in set(versions)) >= 10


def test_a_verdict_is_a_function_of_the_file(played: Played) -> None:
    """When it came, from where it was dated and who judges it do not count; so one verdict serves every schedule."""
    workshop = played.days.workshop
    other = Workshop(workshop.settings)
    for came in {came.arrival.dataset: came for came in played.days.came}.values():
        arrival = came.arrival
        later = replace(arrival, arrived_at=arrival.arrived_at + timedelta(days=400), source_modified_at=None)
        contract = other.contracts[arrival.dataset]
        judged = examine(other, contract, Partition.parse(arrival.partition_key), later)
        known = judged_once(workshop, came, played.stage.judged)
        assert judged.rows.frame().equals(known.rows.frame())
        assert judged.quarantine.equals(known.quarantine)
        assert replace(judged, rows=known.rows, quarantine=known.quarantine) == known
