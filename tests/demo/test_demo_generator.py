"""What the generator promises: the same bytes for the same seed, working days, rhythm, lives that make sense."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from demo.calendar import Calendar, DayKind, day_number, day_of, month_end, start_of
from demo.conferences import connected
from demo.dossier_wire import old_form
from demo.dossiers import state_as_of
from demo.faults import BY_NAME, CATALOGUE, DEFAULT_FAULTS, FaultError
from demo.files import FileTree
from demo.lifecycle import LIFE_DAYS
from demo.province import Province, province
from demo.registry import (
    ENDPOINT_HEADINGS,
    ENDPOINTS_FILE,
    SUCCESSOR_HEADINGS,
    SUCCESSORS_FILE,
    UNIT_HEADINGS,
    UNITS_FILE,
    as_csv,
    department_successors,
    endpoints,
    units,
)
from demo.statistics import FIGURES, ii_06a
from demo.workbooks import vietnamese_number
from tests.demo.served_recount import SCALE, sheet_rows

MONDAY, SUNDAY = date(2026, 11, 2), date(2026, 11, 8)


def files_of(made: Province, folder: Path) -> dict[str, bytes]:
    FileTree(made, folder).ensure_all()
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.*")) if path.is_file()}


def test_same_seed_same_bytes_in_any_order(tmp_path: Path) -> None:
    faults = (*DEFAULT_FAULTS, "resent_bodies")
    one, other = (province(scale=SCALE, last_day=date(2026, 11, 3), faults=faults) for _ in range(2))
    for day in reversed(other.days):
        other.dossiers.cohort(day)
        other.documents.batch(day)
    assert files_of(one, tmp_path / "one") == files_of(other, tmp_path / "other")
    assert one.dossier_export(MONDAY).rows.equals(other.dossier_export(MONDAY).rows)
    assert one.endpoints.answers(MONDAY) == other.endpoints.answers(MONDAY)
    assert not one.dossier_export(MONDAY).rows.equals(province(seed=57, scale=SCALE).dossier_export(MONDAY).rows)


def test_a_day_looks_the_same_inside_a_longer_run(sound: Province) -> None:
    longer = province(scale=SCALE, first_day=date(2026, 10, 26), last_day=SUNDAY)
    assert sound.dossier_export(MONDAY).rows.equals(longer.dossier_export(MONDAY).rows)


def test_time_stamps_are_evenings(sound: Province, tmp_path: Path) -> None:
    FileTree(sound, tmp_path).ensure("documents/exchanges")
    found = (tmp_path / "documents/exchanges/2026-11/exchange-20261102.csv").stat()
    assert found.st_mtime == start_of(MONDAY) + 19 * 3_600 - 7 * 3_600


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (date(2026, 11, 2), DayKind.WORKING),
        (date(2026, 11, 7), DayKind.WEEKEND),
        (date(2026, 8, 22), DayKind.WORKING),
        (date(2026, 9, 2), DayKind.HOLIDAY),
        (date(2026, 2, 17), DayKind.TET),
        (date(2026, 2, 15), DayKind.TET),
    ],
)
def test_kinds_of_days(day: date, kind: DayKind) -> None:
    assert Calendar().kind(day) is kind


def test_working_days_are_counted_over_holidays_and_make_up_days() -> None:
    calendar = Calendar()
    start = np.array([day_number(date(2026, 8, 21)), day_number(date(2026, 8, 28)), day_number(date(2026, 11, 7))])
    later = calendar.add_working_days(start, np.array([1, 1, 2]))
    assert [day_of(int(day)) for day in later] == [date(2026, 8, 22), date(2026, 9, 3), date(2026, 11, 10)]


def test_office_positions_and_moments_are_each_others_inverse() -> None:
    calendar = Calendar()
    moments = start_of(MONDAY) + np.array([7 * 3_600 + 1, 9 * 3_600, 15 * 3_600])
    assert np.abs(calendar.moment_at(calendar.position_at(moments)) - moments).max() <= 1


def test_full_size_is_what_a_province_has() -> None:
    made = province()
    exported = len(made.changed_items(start_of(date(2026, 11, 4)), start_of(date(2026, 11, 5))))
    batch = made.documents.batch(date(2026, 11, 4))
    assert 5_500 < len(made.dossiers.cohort(date(2026, 11, 4))) < 6_500
    assert 19_000 < exported < 25_000
    assert 3_300 < len(batch.documents) < 3_900
    assert 22_000 < len(batch.deliveries) < 30_000
    assert len(made.dossiers.cohort(date(2026, 2, 17))) < 100
    assert len(made.dossiers.cohort(SUNDAY)) < 700


def test_the_day_has_two_peaks(sound: Province) -> None:
    made = province(scale=0.3)
    hours = made.dossiers.cohort(MONDAY).select((pl.col("submitted") % 86_400 // 3_600).alias("hour"))["hour"]
    by_hour = dict(hours.value_counts().iter_rows())
    assert min(by_hour[9], by_hour[14]) > 2 * max(by_hour.get(12, 0), by_hour.get(18, 0), by_hour.get(3, 0))


def test_lives_go_forward_and_end(sound: Province) -> None:
    cohort = sound.dossiers.cohort(MONDAY)
    steps = ("submitted", "received", "started", "finished", "returned", "synchronised")
    for before, after in pairwise(steps):
        assert cohort.filter(pl.col(before) > pl.col(after)).is_empty()
    ended = state_as_of(cohort, start_of(MONDAY) + (LIFE_DAYS + 1) * 86_400)
    assert set(ended["status"]) <= {1, 3, 7, 9, 10}
    assert ended.filter(pl.col("status") == 10)["finished"].null_count() == 0
    assert state_as_of(cohort, start_of(MONDAY) - 1)["status"].null_count() == len(cohort)


def test_units_of_the_time_get_the_dossiers() -> None:
    made = province(scale=SCALE, first_day=date(2025, 6, 30), last_day=date(2025, 7, 1))
    for day in made.days:
        numbers = made.dossiers.cohort(day)["unit"].unique()
        valid = made.units.frame[numbers]
        assert ((valid["valid_from"] <= day) & (valid["valid_to"].is_null() | (valid["valid_to"] >= day))).all()


def test_the_portals_table_adds_up_and_carries_over(sound: Province) -> None:
    october, november = date(2026, 10, 1), date(2026, 11, 1)
    tables = [
        ii_06a(sound.dossiers.alive(month, month_end(month)), sound.units, month) for month in (october, november)
    ]
    for table in tables:
        assert table.select((pl.col("received") == pl.col("settled") + pl.col("open")).all()).item()
        assert table.select((pl.col("received") == pl.sum_horizontal(FIGURES[1:4])).all()).item()
        assert table.select((pl.col("settled") == pl.sum_horizontal("early", "on_time", "late")).all()).item()
        assert table.select((pl.col("open") == pl.col("open_in_time") + pl.col("open_late")).all()).item()
    assert tables[0]["open"].equals(tables[1]["carried_over"], check_names=False)
    assert len(tables[0]) == 14 + 166


def test_no_conference_crosses_midnight_and_nobody_stays_longer_than_it_lasts(sound: Province) -> None:
    for day in sound.days:
        conferences = sound.conferences(day)
        calls = conferences.calls
        assert calls.filter((pl.col("start") < start_of(day)) | (pl.col("end") >= start_of(day) + 86_400)).is_empty()
        spent = connected(conferences).join(
            calls.with_row_index("call").with_columns(pl.col("call").cast(pl.Int64)), on="call"
        )
        assert spent.filter(pl.col("seconds") > pl.col("end") - pl.col("start")).is_empty()


def test_registries_are_what_the_registry_module_makes() -> None:
    assert as_csv(UNIT_HEADINGS, units()) == UNITS_FILE.read_text(encoding="utf-8")
    assert as_csv(SUCCESSOR_HEADINGS, department_successors()) == SUCCESSORS_FILE.read_text(encoding="utf-8")
    assert as_csv(ENDPOINT_HEADINGS, endpoints()) == ENDPOINTS_FILE.read_text(encoding="utf-8")


def test_old_agency_codes_read_from_right_to_left() -> None:
    assert [old_form(code) for code in ("H56.12.03", "H56.12", "H56.101.04")] == [
        "000.03.12.H56",
        "000.00.12.H56",
        "000.04.101.H56",
    ]


def test_numbers_look_vietnamese() -> None:
    assert [vietnamese_number(n) for n in (0, 1_234, 45_678.5, 12.0, 999)] == ["-", "1.234", "45.678,5", "12", "999"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("no_such",), "unknown"),
        (("dead_endpoints:many",), "takes a count"),
        (("missing_file:yesterday",), "takes a day"),
        (("portal_down:2",), "no argument"),
        (("missing_file:2026-11-03", "empty_export:2026-11-03"), "both spoil"),
        (("halved_export",), "after 5 whole ones; 2026-11-06 is none"),
    ],
)
def test_a_fault_that_cannot_be_is_told_at_once(names: tuple[str, ...], message: str) -> None:
    with pytest.raises(FaultError, match=message):
        province(scale=SCALE, faults=names)


def test_every_fault_at_once_is_possible_and_described() -> None:
    made = province(scale=SCALE, last_day=date(2026, 11, 30), faults=[fault.name for fault in CATALOGUE])
    assert len(made.faults.days) + len(made.faults.counts) + len(made.faults.lasting) == len(CATALOGUE)
    assert all(fault.vi and fault.en for fault in CATALOGUE)
    assert {name.partition(":")[0] for name in DEFAULT_FAULTS} <= set(BY_NAME)


def test_half_an_export_has_half_the_rows_and_needs_whole_ones_before_it(tmp_path: Path) -> None:
    made = province(scale=SCALE, last_day=date(2026, 11, 9), faults=("halved_export",))
    lines = len(files_of(made, tmp_path)["documents/exchanges/2026-11/exchange-20261109.csv"].splitlines())
    assert lines == 1 + len(made.exchange_export(date(2026, 11, 9)).rows) // 2
    with pytest.raises(FaultError, match="2026-11-08 is none"):
        province(scale=SCALE, last_day=date(2026, 11, 9), faults=("halved_export:2026-11-08",))
    with pytest.raises(FaultError, match="2026-11-09 is none"):
        province(scale=SCALE, last_day=date(2026, 11, 9), faults=("halved_export", "missing_file"))


def test_spoilt_files_look_spoilt(tmp_path: Path) -> None:
    names = ("truncated_file", "changed_heading", "mixed_dates", "wrong_encoding", "added_column", "empty_export")
    made = province(scale=0.1, faults=(*names, "lying_total_row", "added_column:2026-11-02"))
    files, day = files_of(made, tmp_path), made.faults.days

    def register(name: str) -> bytes:
        return files[f"documents/registers/2026-11/so-van-ban-den-{day[name]:%Y%m%d}.xlsx"]

    def exchange(name: str) -> str:
        return files[f"documents/exchanges/2026-11/exchange-{day[name]:%Y%m%d}.csv"].decode()

    assert not register("truncated_file").endswith(b"\x00\x00")
    headings = [row for row in sheet_rows(register("changed_heading")) if any(row)][1]
    assert "Số thứ tự đến" in headings
    assert len({len(str(row[4])) for row in sheet_rows(register("mixed_dates"))[3:]}) > 1
    assert "\ufffd" in exchange("wrong_encoding")
    assert exchange("added_column").splitlines()[0].endswith(";MaKenhTruyen")
    assert len(exchange("empty_export").splitlines()) == 1
    signing = sheet_rows(files["documents/signing/ky-so-202610.xlsx"])
    assert signing[-1][2] != vietnamese_number(
        sum(int(str(row[2]).replace(".", "").replace("-", "0")) for row in signing[5:-1])
    )
