"""The marts as files: the rows that the file has, in the same bytes each time, and a package that notices a change."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from pipelines.errors import PermanentError
from pipelines.open_data import write_mart_files
from tests.open_data.files_help import (
    VERSION,
    bytes_of,
    change,
    faults_of,
    finished_file,
    manifest_of,
    package_of,
)

CSV = (
    "\ufeffreport_date,unit_code,state_code,value,is_closed,seen_at,note_vi\n"
    '2026-11-08,H56.101,,,,,"hai\ndòng"\n'
    "2026-11-07,H56.12,bad,1234567.2500,false,2026-11-09T05:30:00.500000,\n"
    '2026-11-08,H56.12,good,0.5000,true,2026-11-09T05:30:00.000000,"Tốt, ""rất"" tốt"\n'
)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "marts"
    write_mart_files(finished_file(tmp_path), manifest_of(tmp_path), folder)
    return folder


def test_a_mart_is_a_csv_and_a_parquet_and_nothing_else_is_written(files: Path) -> None:
    assert {file.name for file in files.iterdir()} == {
        "datapackage.json",
        "unit_daily-202611.csv",
        "unit_daily-202611.parquet",
    }
    assert (files / "unit_daily-202611.csv").read_bytes() == CSV.encode()


def test_a_mart_by_month_has_files_for_each_year(tmp_path: Path) -> None:
    file = finished_file(
        tmp_path,
        "CREATE TABLE marts.unit_monthly AS FROM (VALUES ('H56', '202511', 1), ('H56', '202512', 2), ('H56', '202601', 3)) "
        "AS rows_of_it (unit_code, period, amount);",
    )
    manifest = manifest_of(tmp_path)
    told = json.loads(manifest.read_bytes())
    daily = told["nodes"]["model.khotinh.unit_daily"]
    key = {"type": "primary_key", "columns": ["unit_code", "period"]}
    told["nodes"]["model.khotinh.unit_monthly"] = daily | {"alias": "unit_monthly", "columns": {}, "constraints": [key]}
    manifest.write_text(json.dumps(told), encoding="utf-8")
    write_mart_files(file, manifest, tmp_path / "marts")
    monthly = {path.name for path in (tmp_path / "marts").glob("unit_monthly*.csv")}
    assert monthly == {"unit_monthly-2025.csv", "unit_monthly-2026.csv"}
    lines = (tmp_path / "marts" / "unit_monthly-2025.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines == ["unit_code,period,amount", "H56,202511,1", "H56,202512,2"]
    assert faults_of(tmp_path / "marts") == set()


def test_the_parquet_holds_the_marts_rows_with_their_types(files: Path, tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as connection:
        parquet = f"read_parquet('{files / 'unit_daily-202611.parquet'}')"
        for one, other in (("marts.unit_daily", parquet), (parquet, "marts.unit_daily")):
            assert connection.execute(f"FROM {one} EXCEPT ALL FROM {other}").fetchall() == []
        told = [connection.execute(f"DESCRIBE FROM {one}").fetchall() for one in ("marts.unit_daily", parquet)]
    assert told[0] == told[1]


def test_the_frictionless_tool_finds_no_fault(files: Path) -> None:
    assert faults_of(files) == set()


@pytest.mark.parametrize(
    ("old", "new", "hash_too", "fault"),
    [
        ("1234567.2500", "1234567.2501", False, "hash-count"),
        ("1234567.2500", "1234567,25", True, "extra-cell"),
        ("1234567.2500", "many", True, "type-error"),
        ("2026-11-07", "07/11/2026", True, "type-error"),
        ("2026-11-07", "2026-11-08", True, "primary-key"),
        ("2026-11-07", "", True, "constraint-error"),
        ("bad", "ugly", True, "constraint-error"),
        ("state_code", "state", True, "incorrect-label"),
    ],
)
def test_a_changed_file_is_found(files: Path, old: str, new: str, hash_too: bool, fault: str) -> None:  # noqa: FBT001
    change(files, "unit_daily-202611.csv", old, new, hash_too=hash_too)
    assert fault in faults_of(files)


def test_a_changed_parquet_is_found(files: Path) -> None:
    change(files, "unit_daily-202611.parquet", "DuckDB version", "DuckDB Version", hash_too=False)
    assert faults_of(files) == {"hash-count"}


def test_the_package_says_what_it_is_in_both_languages(files: Path) -> None:
    package = package_of(files)
    assert (package["version"], package["created"]) == (VERSION, "2026-11-22T06:37:38.063754+07:00")
    assert package["licenses"] == [{"name": "other-closed", "title": "Dùng nội bộ | Internal use only"}]
    table = package["resources"][0]
    assert table["description"] == "Theo ngày. | By day."
    assert table["schema"]["primaryKey"] == ["unit_code", "report_date"]
    fields = {field["name"]: field for field in table["schema"]["fields"]}
    assert fields["report_date"] == {
        "name": "report_date", "type": "date", "title": "Ngày", "description": "Ngày | Day",
        "constraints": {"required": True},
    }  # fmt: skip
    assert fields["state_code"]["constraints"] == {"enum": ["good", "bad"]}
    assert {name: field["type"] for name, field in fields.items()} == {
        "report_date": "date", "unit_code": "string", "state_code": "string", "value": "number", "is_closed": "boolean",
        "seen_at": "datetime", "note_vi": "string",
    }  # fmt: skip


def test_a_test_that_only_warns_or_looks_at_some_rows_is_no_promise(files: Path) -> None:
    fields = {field["name"]: field for field in package_of(files)["resources"][0]["schema"]["fields"]}
    assert "constraints" not in fields["note_vi"]
    assert "constraints" not in fields["is_closed"]


def test_the_same_rows_in_another_order_are_the_same_bytes(files: Path, tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    shuffled = "CREATE OR REPLACE TABLE marts.unit_daily AS FROM marts.unit_daily ORDER BY note_vi DESC NULLS FIRST;"
    write_mart_files(finished_file(tmp_path / "again", shuffled), manifest_of(tmp_path), tmp_path / "again" / "marts")
    assert bytes_of(tmp_path / "again" / "marts") == bytes_of(files)


def test_a_large_table_is_in_order_and_the_same_bytes(tmp_path: Path) -> None:
    rows = "CREATE TABLE marts.large AS SELECT i::VARCHAR AS code, i * 3 AS amount FROM range(300000) AS t (i) ORDER BY hash(i + {});"
    written = []
    for seed in (1, 2):
        home = tmp_path / str(seed)
        home.mkdir()
        write_mart_files(finished_file(home, rows.format(seed)), manifest_of(tmp_path), home / "marts")
        written.append(bytes_of(home / "marts", {"large.csv", "large.parquet"}))
    assert written[0] == written[1]
    lines = written[0]["large.csv"].decode("utf-8-sig").splitlines()
    assert lines[1:] == sorted(lines[1:], key=lambda line: line.split(",")[0])
    assert len(lines) == 300_001


def test_a_column_that_no_csv_can_tell_stops_it(tmp_path: Path) -> None:
    file = finished_file(tmp_path, "CREATE TABLE marts.listed AS SELECT ['a', 'b'] AS reasons;")
    with pytest.raises(PermanentError, match=r"Column reasons is a VARCHAR\[\]"):
        write_mart_files(file, manifest_of(tmp_path), tmp_path / "marts")


def test_a_file_without_a_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="does not say which version it is"):
        write_mart_files(
            finished_file(tmp_path, "DELETE FROM meta.versions;"), manifest_of(tmp_path), tmp_path / "marts"
        )


def test_the_published_file_is_left_as_it_was(tmp_path: Path) -> None:
    file = finished_file(tmp_path)
    manifest = manifest_of(tmp_path)
    before = file.read_bytes()
    file.chmod(0o444)
    write_mart_files(file, manifest, tmp_path / "marts")
    assert file.read_bytes() == before
    assert {entry.name for entry in tmp_path.iterdir()} == {"warehouse.duckdb", "manifest.json", "marts"}
