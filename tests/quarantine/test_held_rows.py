"""What counts as being in quarantine now, and how its number moves; every figure worked out by hand."""

# ruff: noqa: DTZ001  (the warehouse keeps naive local times)

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from pipelines.errors import PermanentError
from pipelines.quarantine.held import (
    Choice,
    HeldRow,
    Trend,
    count_reasons,
    newest_day,
    open_quarantine,
    read_rows,
    refused_files,
    save_rows,
)
from tests.quarantine.quarantine_help import CHANGES, SNAPSHOT, Home, line, settings_in

UNKNOWN_KIND, UNKNOWN_UNIT = "kind_code: not in the list kind", "unit_code: unknown or ambiguous unit"


def _rows(home: Home, choice: Choice = Choice()) -> list[HeldRow]:  # noqa: B008  (frozen)
    file = home.folder / "rows.parquet"
    with open_quarantine(home.settings) as connection:
        save_rows(connection, choice, file)
    return list(read_rows(file))


def _lines(good: int, bad: int = 0, first: int = 1, unit: str = "H56.12") -> list[str]:
    """So many good lines and after them so many of an unknown kind."""
    return [line(first + n, unit, "1" if n < good else "9") for n in range(good + bad)]


def test_counts_by_unit_and_reason_with_the_trend_of_their_share(home: Home) -> None:
    # Up to 4 November: this week is 29 October to 4 November, the week before 22 to 28 October.
    home.bring(_lines(8, 2), "2026-10-28")
    home.bring([*_lines(16, 3), line(90, "H56.999")], "2026-11-04")
    with open_quarantine(home.settings) as connection:
        assert newest_day(connection, Choice()) == date(2026, 11, 4)
        by_kind, by_unit = count_reasons(connection, Choice())
    assert (by_kind.unit_code, by_kind.reason, by_kind.rows) == ("H56.12", UNKNOWN_KIND, 5)
    assert (by_kind.first_day, by_kind.last_day) == (date(2026, 10, 28), date(2026, 11, 4))
    assert (by_kind.this_week, by_kind.week_before) == (3, 2)
    # 3 of 20 after 2 of 10: more rows, and yet it got better.
    assert (by_kind.share_this_week, by_kind.share_week_before, by_kind.trend) == (0.15, 0.2, Trend.LESS)
    assert (by_unit.unit_code, by_unit.reason, by_unit.rows, by_unit.trend) == (None, UNKNOWN_UNIT, 1, Trend.MORE)


def test_a_week_before_without_any_file_compares_with_nothing(home: Home) -> None:
    home.bring(_lines(3, 1), "2026-11-04")
    with open_quarantine(home.settings) as connection:
        (count,) = count_reasons(connection, Choice())
    assert (count.trend, count.share_week_before) == (Trend.UNKNOWN, None)


def test_a_row_with_two_faults_is_one_row_and_counts_under_both_reasons(home: Home) -> None:
    home.bring([*_lines(3), line(4, "H56.999", "9")])
    assert [row.reasons for row in _rows(home)] == [
        (
            f"{UNKNOWN_UNIT}; may be: H56.13 Sở Xây dựng (UBND tỉnh) | H56.12 Sở Y tế (UBND tỉnh) | H56 UBND tỉnh",
            UNKNOWN_KIND,
        )
    ]
    with open_quarantine(home.settings) as connection:
        assert sorted((count.reason, count.rows) for count in count_reasons(connection, Choice())) == [
            (UNKNOWN_KIND, 1),
            (UNKNOWN_UNIT, 1),
        ]


def test_a_corrected_snapshot_takes_its_rejects_out_of_quarantine(home: Home) -> None:
    home.bring(_lines(8, 2), came=datetime(2026, 11, 5, 5))
    home.bring(_lines(10), came=datetime(2026, 11, 5, 9))
    assert _rows(home) == []


def test_the_freshest_refused_file_stands_beside_the_load_in_force(home: Home) -> None:
    home.bring(_lines(8, 2), came=datetime(2026, 11, 5, 5))
    assert home.bring(_lines(5, 4), came=datetime(2026, 11, 5, 9)).verdict == "refused"
    assert len(_rows(home)) == 2 + 4
    with open_quarantine(home.settings) as connection:
        (refused,) = refused_files(connection, Choice())
    assert (refused.dataset, refused.partition_key) == (SNAPSHOT, "2026-11-04")


def test_an_older_refused_file_that_comes_late_is_not_in_quarantine(home: Home) -> None:
    home.bring(_lines(8, 2), came=datetime(2026, 11, 5, 5), modified=datetime(2026, 11, 5, 4))
    home.bring(_lines(3, 4), came=datetime(2026, 11, 5, 9), modified=datetime(2026, 11, 5, 1))
    assert len(_rows(home)) == 2


def test_every_file_of_changes_is_in_quarantine_with_its_rejects(home: Home) -> None:
    home.bring(_lines(4, 1), dataset=CHANGES, came=datetime(2026, 11, 5, 5))
    home.bring(_lines(3, 2, first=20), dataset=CHANGES, came=datetime(2026, 11, 5, 9))
    assert len(_rows(home)) == 1 + 2


def test_a_choice_narrows_by_dataset_unit_with_those_below_it_and_days(home: Home) -> None:
    home.bring([*_lines(3), line(7, "H56.12.03", "9"), line(8, "H56.13", "9")], "2026-11-03")
    home.bring(_lines(3, 1), "2026-11-04")
    home.bring(_lines(3, 1), "2026-11-04", dataset=CHANGES)
    assert len(_rows(home)) == 4
    assert len(_rows(home, Choice(dataset=CHANGES))) == 1
    assert [row.unit_code for row in _rows(home, Choice(SNAPSHOT, "H56.12"))] == ["H56.12", "H56.12.03"]
    assert len(_rows(home, Choice(last_day=date(2026, 11, 3)))) == 2
    with open_quarantine(home.settings) as connection:
        counts = count_reasons(connection, Choice(SNAPSHOT, first_day=date(2026, 11, 4)))
        over_units = count_reasons(connection, Choice(SNAPSHOT), by_unit=False)
    # The days bound what is listed; the weeks are whole all the same.
    assert [(count.rows, count.this_week) for count in counts] == [(1, 1)]
    assert [(count.unit_code, count.rows) for count in over_units] == [(None, 3)]


def test_rows_come_with_their_place_their_file_and_personal_cells_masked(home: Home) -> None:
    home.bring([*_lines(3), line(4, kind="9", sender="Trần Thị Bí Mật", note="gấp")])
    (row,) = _rows(home)
    assert (row.file_name, row.row_number, row.unit_code) == ("letters-2026-11-04.csv", 5, "H56.12")
    assert row.cells == {
        "letter_id": "4", "unit_code": "H56.12", "kind_code": "9", "sent_at": "04/11/2026 08:00:00",
        "sender_name": "•••", "note": "gấp",
    }  # fmt: skip
    assert (home.settings.archive_folder / row.file_sha256[:2] / f"{row.file_sha256}.csv").exists()


def test_a_home_that_was_never_built_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="Run khotinh run first"), open_quarantine(settings_in(tmp_path)):
        pass
    assert not (tmp_path / "data").exists()
