"""Files dropped by hand, by name and late: each comes once, the next run finds them, and their order does not matter."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations
from pathlib import Path

import duckdb
import pytest
import yaml
from dagster import materialize
from pydantic import SecretStr

from pipelines.assets.datasets import dataset_asset, newest_over
from pipelines.calendar import TIME_ZONE, Partition, today
from pipelines.cli import doctor
from pipelines.ingest import Workshop, ingest, waiting
from pipelines.load.ledger import Attempt, Outcome
from pipelines.orchestration import months_due
from pipelines.settings import SOURCES, Settings

MONTH = Partition.parse("2026-06")
HEADINGS = "TenDangNhap;HoTen;MaDonVi;NenTang;NgayCap;DangNhapCuoi;DaKhoa\r\n"


def _workshop(folder: Path) -> Workshop:
    """A home whose accounts come as dropped files."""
    sources = folder / "sources"
    shutil.copytree(SOURCES, sources)
    file = sources / "platform" / "platform_accounts.yaml"
    contract = yaml.safe_load(file.read_text(encoding="utf-8"))
    contract["source"] = {
        "kind": "drop_folder", "connection": "accounts", "name_pattern": "TaiKhoan {month}.{year}*.csv",
    }  # fmt: skip
    file.write_text(yaml.safe_dump(contract, allow_unicode=True), encoding="utf-8")
    (folder / "drop").mkdir()
    settings = Settings(  # type: ignore[call-arg]
        _env_file=None,
        home=folder / "data",
        pseudonym_key=SecretStr("khoa-thu-nghiem-16"),
        places={"accounts_url": SecretStr((folder / "drop").as_uri())},
        retry_attempts=1,
    )
    return Workshop(settings, sources=sources)


def _drop(folder: Path, name: str, logins: Sequence[str], minutes: int) -> Path:
    rows = "".join(f"{login};;H56.01;portal;01/06/2026;02/06/2026 08:00:00;0\r\n" for login in logins)
    file = folder / "drop" / name
    file.write_bytes(b"\xef\xbb\xbf" + (HEADINGS + rows).encode())
    moment = (datetime(2026, 7, 2, 9, 0, tzinfo=TIME_ZONE) + timedelta(minutes=minutes)).timestamp()
    os.utime(file, (moment, moment))
    return file


def _in_force(workshop: Workshop) -> list[int]:
    """Rows read of the load that is in force: the freshest, by its own time."""
    with duckdb.connect(str(workshop.settings.warehouse_file)) as connection:
        return [
            rows
            for (rows,) in connection.execute(
                """
                SELECT rows_read FROM ops.loads JOIN ops.arrivals USING (arrival_id)
                ORDER BY source_modified_at DESC, loads.load_sequence DESC LIMIT 1
                """
            ).fetchall()
        ]


def test_a_late_or_changed_file_waits_until_it_came_and_no_longer(tmp_path: Path) -> None:
    workshop = _workshop(tmp_path)
    assert waiting(workshop, "platform_accounts") == []
    first = _drop(tmp_path, "TaiKhoan 06.2026.csv", ["a"], 0)
    assert waiting(workshop, "platform_accounts") == [MONTH]
    assert [attempt.outcome for attempt in ingest(workshop, "platform_accounts", MONTH)] != [Outcome.NOT_THERE]
    assert waiting(workshop, "platform_accounts") == []
    _drop(tmp_path, "TaiKhoan 6.2026 (1).csv", ["a", "b"], 5)
    assert waiting(workshop, "platform_accounts") == [MONTH]
    ingest(workshop, "platform_accounts", MONTH)
    assert waiting(workshop, "platform_accounts") == []
    assert _in_force(workshop) == [2]
    _drop(tmp_path, first.name, ["a", "b", "c"], 9)
    assert waiting(workshop, "platform_accounts") == [MONTH]
    ingest(workshop, "platform_accounts", MONTH)
    assert _in_force(workshop) == [3]
    _drop(tmp_path, f"TaiKhoan {today():%m.%Y}.csv", ["a"], 9)
    assert waiting(workshop, "platform_accounts") == []


@pytest.mark.parametrize("minutes", [0, -5], ids=["of the same second", "older"])
def test_a_copy_with_the_same_bytes_comes_once_and_waits_no_longer(tmp_path: Path, minutes: int) -> None:
    workshop = _workshop(tmp_path)
    _drop(tmp_path, "TaiKhoan 06.2026.csv", ["a"], 0)
    ingest(workshop, "platform_accounts", MONTH)
    _drop(tmp_path, "TaiKhoan 06.2026 (1).csv", ["a"], minutes)
    assert waiting(workshop, "platform_accounts") == [MONTH]
    ingest(workshop, "platform_accounts", MONTH)
    assert waiting(workshop, "platform_accounts") == []
    with duckdb.connect(str(workshop.settings.warehouse_file)) as connection:
        counted = "SELECT (SELECT count(*) FROM ops.arrivals), (SELECT count(*) FROM ops.loads)"
        before = connection.execute(counted).fetchone()
    ingest(workshop, "platform_accounts", MONTH)
    with duckdb.connect(str(workshop.settings.warehouse_file)) as connection:
        assert connection.execute(counted).fetchone() == before


@pytest.mark.parametrize("order", list(permutations([0, 1, 2])))
def test_the_order_in_which_files_are_dropped_does_not_matter(tmp_path: Path, order: tuple[int, ...]) -> None:
    workshop = _workshop(tmp_path)
    for number in order:
        _drop(tmp_path, f"TaiKhoan 6.2026 ({number}).csv", ["a", "b", "c"][: number + 1], number)
        ingest(workshop, "platform_accounts", MONTH)
    assert _in_force(workshop) == [3]


def test_the_run_of_yesterday_asks_for_months_that_were_dropped_late(tmp_path: Path) -> None:
    """March is long past its time, and was never asked for."""
    workshop = _workshop(tmp_path)
    _drop(tmp_path, "TaiKhoan 3.2026.csv", ["a"], 0)
    yesterday = today() - timedelta(days=1)
    due = months_due(workshop, yesterday, yesterday, ["platform_accounts"])
    assert due["2026-03"] == ["platform_accounts"]
    before = yesterday - timedelta(days=1)
    assert "2026-03" not in months_due(workshop, before, before, ["platform_accounts"])


def test_the_schedules_run_takes_what_was_dropped_late_and_a_run_of_an_older_month_does_not(tmp_path: Path) -> None:
    attempts: list[Attempt] = []
    workshop = replace(_workshop(tmp_path), report=attempts.append)
    _drop(tmp_path, "TaiKhoan 3.2026.csv", ["a"], 0)
    contract = workshop.contracts["platform_accounts"]
    newest = newest_over(contract).key
    for month in ("2026-06", newest, newest):
        assert materialize(
            [dataset_asset(contract)], partition_key=month, resources={"workshop": workshop}, raise_on_error=False
        ).success
    assert [(attempt.partition_key, attempt.outcome is Outcome.NOT_THERE) for attempt in attempts] == [
        ("2026-06", True),
        (newest, True),
        ("2026-03", False),
        (newest, True),
    ]


def test_doctor_and_run_tell_of_a_mistyped_name_and_of_a_folder_that_is_not_there(tmp_path: Path) -> None:
    workshop = _workshop(tmp_path)
    _drop(tmp_path, "TaiKhoan 13.2026.csv", ["a"], 0)
    assert [stray.told_name for stray in doctor.find_strays(workshop)] == ["TaiKhoan 13.2026.csv"]
    assert doctor._of_the_drops(workshop) == []
    contract = workshop.contracts["platform_accounts"]
    elsewhere = contract.source.model_copy(update={"folder": "khong-co"})
    contracts = {"platform_accounts": contract.model_copy(update={"source": elsewhere})}
    workshop.__dict__["contracts"] = contracts
    assert doctor.find_strays(workshop) == []
    ((what, finding),) = doctor._of_the_drops(workshop)
    assert what == "drop folder of platform_accounts"
    assert "khong-co is not there" in str(finding)
