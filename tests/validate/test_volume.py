"""Bands by hand, what is held and what is only told, and that the order of arrival never matters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.calendar import days_between
from pipelines.contracts import Contract, read_contract
from pipelines.errors import ContractError
from pipelines.reference import read_reference
from pipelines.settings import ENDPOINTS_FILE, SEEDS, SOURCES
from pipelines.validate.volume import (
    ALL,
    GROUPS_IN_BAND,
    IN_BAND,
    Band,
    LoadRows,
    LoadVolume,
    PeriodVolume,
    State,
    band_of,
    judge_volumes,
    reach_of,
)
from pipelines.validate.volume_basis import VolumeBasis, read_volume_basis

UNITS = read_reference(SEEDS, ENDPOINTS_FILE).units
BASIS = read_volume_basis(SEEDS, UNITS, Path("nobody is excused"), ())
EXCHANGES = read_contract(SOURCES / "document" / "document_exchanges.yaml")
REGISTERS = read_contract(SOURCES / "document" / "document_registers.yaml")
DOSSIERS = read_contract(SOURCES / "portal" / "portal_dossiers.yaml")
# Six working days from Monday 5 October 2026, then the day that is judged.
DAYS = ["2026-10-05", "2026-10-06", "2026-10-07", "2026-10-08", "2026-10-09", "2026-10-12"]
NEXT = "2026-10-13"


def load(key: str, rows: int | Mapping[str, int], revision: int = 1, hour: int = 6, **more: Any) -> LoadRows:
    """A load of a day, known on the next morning at `hour`."""
    known_at = datetime.fromisoformat(key if len(key) > 7 else f"{key}-28") + timedelta(days=1, hours=hour)
    counts = {ALL: rows} if isinstance(rows, int) else {ALL: sum(rows.values()), **rows}
    sha256 = more.get("sha256", f"{key}/{revision}")
    return LoadRows(f"{key}/r{revision}", key, sha256, (known_at, known_at, revision), counts)


def usual(rows: int | Mapping[str, int] = 100, days: Sequence[str] = DAYS) -> list[LoadRows]:
    """Days that all have the same rows."""
    return [load(day, rows) for day in days]


def judged(
    loads: Sequence[LoadRows], contract: Contract = EXCHANGES, basis: VolumeBasis = BASIS
) -> tuple[dict[tuple[str, str], PeriodVolume], dict[str, LoadVolume]]:
    """The judgement by period and group, and by load."""
    volumes, of_loads = judge_volumes(loads, contract, basis)
    return {(v.partition_key, v.unit_group): v for v in volumes}, {v.load_id: v for v in of_loads}


def failed(volume: LoadVolume) -> dict[str, str]:
    """The severity of each check that failed."""
    return {check.check_name: check.severity for check in volume.checks if not check.is_success}


@pytest.mark.parametrize(
    ("history", "band"),
    [
        ([100, 100, 100, 100], Band(4)),
        ([59, 59, 59, 59, 59], Band(5, 59)),
        # No spread at all: a quarter less, a third more.
        ([100, 100, 100, 100, 100], Band(5, 100, 75, 133)),
        # Median 100, deviations 0 5 5 10 10, MAD 5: 4 x 1.4826 x 5 / 100 = 0.29652 below; a third above is wider.
        ([90, 95, 100, 105, 110], Band(5, 100, 71, 133)),
        # MAD 10: 0.59304, no lower than 0.40 below; above 0.59304.
        ([80, 90, 100, 110, 120], Band(5, 100, 60, 159)),
        # MAD 40: 2.37, no more than 1.50 above.
        ([20, 60, 100, 140, 180], Band(5, 100, 60, 250)),
        # Two halved days among seven do not move the band.
        ([100, 50, 100, 100, 50, 100, 100], Band(7, 100, 75, 133)),
        # Six days: the median lies between two, 101; deviations 1 1 1 1 1 1, MAD 1: 0.0587, so 75.75 to 134.33.
        ([100, 102, 100, 102, 100, 102], Band(6, 101, 76, 134)),
    ],
)
def test_bands_by_hand(history: list[int], band: Band) -> None:
    assert band_of(history) == band


@pytest.mark.parametrize(
    ("rows", "state"), [(74, State.BELOW), (75, State.IN_BAND), (133, State.IN_BAND), (134, State.ABOVE)]
)
def test_the_bounds_belong_to_the_band(rows: int, state: State) -> None:
    volumes, loads = judged([*usual(), load(NEXT, rows)])
    line = volumes[NEXT, ALL]
    assert (line.state, line.rows_count, line.day_kind, line.band) == (
        state,
        rows,
        "working_day",
        Band(6, 100, 75, 133),
    )
    assert (loads[f"{NEXT}/r1"].reason is None) == (state is not State.BELOW)


def test_a_halved_day_is_held_and_told_with_what_was_expected() -> None:
    _, loads = judged([*usual(), load(NEXT, 50)])
    held = loads[f"{NEXT}/r1"]
    assert held.reason == "volume_is_in_band: 50 rows, expected 75 to 133 (median 100 of 6 earlier working days)"
    assert failed(held) == {IN_BAND: "critical"}


def test_the_contract_says_whether_a_thin_or_a_full_day_is_refused() -> None:
    thin, full = [*usual(), load(NEXT, 50)], [*usual(), load(NEXT, 200)]
    assert failed(judged(thin, REGISTERS)[1][f"{NEXT}/r1"]) == {IN_BAND: "warning"}
    assert judged(thin, REGISTERS)[1][f"{NEXT}/r1"].reason is None
    assert failed(judged(full)[1][f"{NEXT}/r1"]) == {IN_BAND: "warning"}
    strict = EXCHANGES.model_copy(update={"volume": EXCHANGES.volume.model_copy(update={"above_band": "refuse"})})
    assert (judged(full, strict)[1][f"{NEXT}/r1"].reason or "").startswith("volume_is_in_band: 200 rows, expected")


def test_five_earlier_days_are_needed_and_five_suffice() -> None:
    thin = load(NEXT, 10)
    assert judged([*usual(days=DAYS[:4]), thin])[0][NEXT, ALL].state is State.LEARNING
    assert judged([*usual(days=DAYS[:5]), thin])[0][NEXT, ALL].state is State.BELOW


def test_small_counts_have_no_band() -> None:
    volumes, loads = judged([*usual(59), load(NEXT, 0)])
    assert volumes[NEXT, ALL].state is State.TOO_FEW
    assert loads[f"{NEXT}/r1"].reason is None


def test_days_off_are_held_against_their_own_kind_and_only_warn() -> None:
    weeks = [day.isoformat() for day in days_between(date(2026, 7, 6), date(2026, 9, 1))]
    usual_rows = {"working_day": 1_000, "saturday": 200, "sunday": 70, "holiday": 5}
    loads = [load(day, usual_rows[BASIS.day_kind(day)]) for day in weeks]
    volumes, of_loads = judged([*loads, load("2026-09-05", 90), load("2026-09-06", 65)])
    # Saturday 22 August is a make-up day and counts as a working day; 1 September is a holiday, and nobody's measure.
    assert (volumes["2026-08-22", ALL].day_kind, volumes["2026-08-22", ALL].rows_count) == ("working_day", 1_000)
    assert volumes["2026-08-24", ALL].state is State.IN_BAND
    assert (volumes["2026-09-01", ALL].day_kind, volumes["2026-09-01", ALL].state) == ("holiday", State.LEARNING)
    # Seven Saturdays from 11 July to 29 August, less the make-up day.
    assert volumes["2026-09-05", ALL].band == Band(7, 200, 150, 266)
    assert volumes["2026-09-06", ALL].state is State.IN_BAND
    # A thin Saturday is told, and not held: nobody owes anything on a day off.
    assert volumes["2026-09-05", ALL].state is State.BELOW
    assert failed(of_loads["2026-09-05/r1"]) == {IN_BAND: "warning"}


def test_only_earlier_days_count_and_of_them_the_nearest_twenty() -> None:
    days = [day for n in range(60) if BASIS.day_kind(day := str(date(2026, 6, 1) + timedelta(days=n))) == "working_day"]
    loads = [load(day, 1_000 if place < 20 else 100) for place, day in enumerate(days[:41])]
    volumes, _ = judged(loads)
    # Behind the fortieth lie twenty days of 100 rows; the days of 1000 before them no longer count.
    assert volumes[days[40], ALL].band == Band(20, 100, 75, 133)
    assert volumes[days[20], ALL].band == Band(20, 1_000, 750, 1_330)
    assert volumes[days[0], ALL].band == Band(0)


def test_a_months_export_is_held_against_earlier_months() -> None:
    months = [f"2026-{month:02d}" for month in range(1, 8)]
    volumes, loads = judged([*usual(700, months[:6]), load(months[6], 350)])
    assert (volumes["2026-07", ALL].day_kind, volumes["2026-07", ALL].state) == ("month", State.BELOW)
    assert loads["2026-07/r1"].reason


def test_a_thin_unit_group_warns_and_an_absent_one_refuses() -> None:
    groups = {"department": 300, "commune": 100}
    thin = judged([*usual(groups), load(NEXT, {"department": 300, "commune": 50})])[1][f"{NEXT}/r1"]
    assert (failed(thin), thin.reason) == ({GROUPS_IN_BAND: "warning"}, None)
    absent = judged([*usual(groups), load(NEXT, {"department": 380})])[1][f"{NEXT}/r1"]
    assert absent.reason == (
        "volume_is_in_band: 0 rows of commune units, expected 75 to 133 (median 100 of 6 earlier working days)"
    )
    few = judged([*usual({"department": 300, "commune": 59}), load(NEXT, {"department": 359})])[1][f"{NEXT}/r1"]
    assert (failed(few), few.reason) == ({}, None)
    # The whole above, a group gone: what is missing decides.
    gone = judged([*usual(groups), load(NEXT, {"department": 900})])[1][f"{NEXT}/r1"]
    assert failed(gone) == {IN_BAND: "critical"}


def test_nobody_waits_for_districts_after_the_merger() -> None:
    june = [day for n in range(23, 31) if BASIS.day_kind(day := f"2025-06-{n}") == "working_day"]
    before = usual({"commune": 300, "district": 100}, june)
    volumes, loads = judged([*before, load("2025-07-01", {"commune": 400})])
    assert ("2025-07-01", "district") not in volumes
    assert (loads["2025-07-01/r1"].reason, failed(loads["2025-07-01/r1"])) == (None, {})


def test_a_halved_revision_is_held_and_its_predecessor_is_not() -> None:
    _, loads = judged([load(NEXT, 100), load(NEXT, 79, revision=2, hour=9)])
    assert loads[f"{NEXT}/r1"].reason is None
    assert loads[f"{NEXT}/r2"].reason == "revision_keeps_most_rows: a revision before has 100 rows, this one has 79"
    _, loads = judged([load(NEXT, 100), load(NEXT, 80, revision=2, hour=9)])
    assert loads[f"{NEXT}/r2"].reason is None
    # Two steps down are no way round: the fullest revision before is the measure.
    _, loads = judged([load(NEXT, 100), load(NEXT, 85, revision=2, hour=9), load(NEXT, 70, revision=3, hour=12)])
    assert [loads[f"{NEXT}/r{n}"].reason is None for n in (1, 2, 3)] == [True, True, False]


def test_what_was_far_too_much_is_no_measure_for_its_correction() -> None:
    doubled, corrected = load(NEXT, 200), load(NEXT, 100, revision=2, hour=9)
    _, loads = judged([*usual(), doubled, corrected])
    assert loads[f"{NEXT}/r2"].reason is None
    # Without a band nobody knows which of the two is wrong; and half is half, whatever came before.
    _, loads = judged([doubled, corrected])
    assert loads[f"{NEXT}/r2"].reason is not None
    _, loads = judged([*usual(), doubled, load(NEXT, 70, revision=2, hour=9)])
    assert loads[f"{NEXT}/r2"].reason is not None


def test_the_same_bytes_judged_again_are_no_revision_of_themselves() -> None:
    _, loads = judged([load(NEXT, 100, sha256="a"), load(NEXT, 70, revision=2, hour=9, sha256="a")])
    assert loads[f"{NEXT}/r2"].reason is None


def test_a_day_in_parts_is_one_day_and_the_same_part_twice_counts_once() -> None:
    part, other = load(NEXT, 50), load(NEXT, 50, revision=2, hour=9)
    again = load(NEXT, 49, revision=3, hour=12, sha256=part.file_sha256)
    volumes, loads = judged([*usual(), part], DOSSIERS)
    assert loads[part.load_id].reason
    volumes, loads = judged([*usual(), part, other], DOSSIERS)
    assert volumes[NEXT, ALL].rows_count == 100
    assert [loads[of.load_id].reason for of in (part, other)] == [None, None]
    volumes, loads = judged([*usual(), part, again], DOSSIERS)
    assert volumes[NEXT, ALL].rows_count == 49
    assert all(loads[of.load_id].reason for of in (part, again))


def test_a_day_that_an_officer_vouches_for_is_never_held() -> None:
    storm = replace(BASIS, excused=frozenset({("document_exchanges", NEXT)}))
    volumes, loads = judged([*usual(), load(NEXT, 50), load(NEXT, 10, revision=2, hour=9)], basis=storm)
    assert volumes[NEXT, ALL].state is State.EXCUSED
    assert [loads[f"{NEXT}/r{n}"].reason for n in (1, 2)] == [None, None]
    assert judged([*usual(), load(NEXT, 50)], DOSSIERS, storm)[1][f"{NEXT}/r1"].reason
    assert storm.fingerprint(EXCHANGES) != BASIS.fingerprint(EXCHANGES)
    assert storm.fingerprint(DOSSIERS) == BASIS.fingerprint(DOSSIERS)


HEADINGS = "dataset,partition_key,reason_vi,approved_by\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("dataset,day\n", "other headings"),
        (f"{HEADINGS}portal_dossier,2026-10-13,Bão,Giám đốc Sở\n", "line 2: no dataset 'portal_dossier'"),
        (f"{HEADINGS}portal_dossiers,13/10/2026,Bão,Giám đốc Sở\n", "line 2: '13/10/2026' is not a day"),
        (
            f"{HEADINGS}portal_dossiers,2026-10-13,,Giám đốc Sở\n",
            "line 2: portal_dossiers 2026-10-13 is excused without",
        ),
        (f"{HEADINGS}portal_dossiers,2026-10-13,Bão\n", "line 2: portal_dossiers 2026-10-13 is excused without"),
    ],
)
def test_a_malformed_list_of_excused_days_names_its_line(text: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "volume_exceptions.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ContractError, match=told):
        read_volume_basis(SEEDS, UNITS, file, ["portal_dossiers"])


def test_the_shipped_list_reads_and_a_new_line_excuses(tmp_path: Path) -> None:
    shipped = SOURCES / "volume_exceptions.csv"
    assert read_volume_basis(SEEDS, UNITS, shipped, ["document_signing", "portal_statistics"]).excused
    file = tmp_path / "volume_exceptions.csv"
    file.write_text(f"{HEADINGS}portal_dossiers,2026-10-13,Bão số 10,Giám đốc Sở\n", encoding="utf-8-sig")
    assert read_volume_basis(SEEDS, UNITS, file, ["portal_dossiers"]).is_excused("portal_dossiers", NEXT)


@st.composite
def arrivals(draw: st.DrawFn) -> list[LoadRows]:
    """Loads of a month, some days twice or thrice, in any order."""
    keys = [f"2026-10-{day:02d}" for day in range(1, 32)]
    found = []
    for number in range(draw(st.integers(5, 40))):
        key = draw(st.sampled_from(keys))
        rows = {"department": draw(st.sampled_from([0, 70, 140])), "commune": draw(st.integers(0, 200))}
        sha256 = f"{key}/{draw(st.integers(0, 4))}"
        found.append(load(key, rows, number, draw(st.integers(0, 3)), sha256=sha256))
    return draw(st.permutations(found))


@pytest.mark.parametrize("contract", [EXCHANGES, DOSSIERS], ids=["snapshot", "changes"])
@given(came=arrivals())
@settings(max_examples=60, deadline=None)
def test_settling_after_each_arrival_ends_where_settling_all_at_once_does(
    contract: Contract, came: list[LoadRows]
) -> None:
    volumes: dict[tuple[str, str], PeriodVolume] = {}
    loads: dict[str, LoadVolume] = {}
    for count in range(1, len(came) + 1):
        present = came[:count]
        again, read = reach_of(came[count - 1].partition_key, [one.partition_key for one in present], BASIS)
        within = [one for one in present if one.partition_key in read]
        of_periods, of_loads = judge_volumes(within, contract, BASIS, again)
        volumes = {place: line for place, line in volumes.items() if place[0] not in again}
        volumes |= {(line.partition_key, line.unit_group): line for line in of_periods}
        loads |= {line.load_id: line for line in of_loads}
    assert (volumes, loads) == judged(sorted(came, key=lambda one: one.load_id), contract)
