"""The default run: seven days, the usual faults, every figure equal to the ledger of truth."""

from __future__ import annotations

import stat
from pathlib import Path

import polars as pl

from demo.truth import ledger
from demo.truth_loads import BASELINE, ledger_of_loads
from tests.pipeline.conftest import Ran, differences


def test_every_figure_equals_the_ledger(usual_week: Ran) -> None:
    assert len(ledger(usual_week.home.made)) > 10_000
    assert differences(usual_week.home).is_empty()


def test_a_refusal_ends_in_exit_code_3_and_the_rest_is_published(usual_week: Ran) -> None:
    assert usual_week.answer["exit_code"] == 3
    assert usual_week.answer["is_published"]
    refused = [attempt for attempt in usual_week.answer["attempts"] if attempt["outcome"] == "refused"]
    assert [(attempt["dataset"], attempt["partition_key"]) for attempt in refused] == [
        ("document_registers", "2026-11-05")
    ]
    assert "'Số đến'" in refused[0]["message"]
    assert "'Số thứ tự đến'" in refused[0]["message"]


def test_every_load_counts_what_the_province_served(usual_week: Ran) -> None:
    expected = ledger_of_loads(usual_week.home.made).filter(pl.col("outcome") == "accepted")
    found = usual_week.home.query(
        "SELECT dataset, partition_key, rows_read, rows_accepted, rows_quarantined, rows_duplicate FROM meta.loads WHERE verdict <> 'refused'"
    )
    by_ledger = found.with_columns(
        partition_key=pl.when(pl.col("partition_key").str.starts_with("baseline"))
        .then(pl.lit(BASELINE))
        .when(pl.col("partition_key").str.len_chars() == 7)
        .then(pl.col("partition_key") + "-01")
        .otherwise("partition_key")
    )
    columns = ["dataset", "partition_key", "rows_read", "rows_accepted", "rows_quarantined", "rows_duplicate"]
    with_rows = expected.filter(pl.col("rows_read") > 0).select(columns).sort(columns)
    assert by_ledger.filter(pl.col("rows_read") > 0).select(columns).sort(columns).equals(with_rows)


def test_rows_are_conserved_in_every_load(usual_week: Ran) -> None:
    broken = usual_week.home.query(
        "FROM meta.loads WHERE rows_read <> rows_accepted + rows_quarantined + rows_duplicate"
    )
    assert broken.is_empty()


def test_what_is_published_can_only_be_read(usual_week: Ran) -> None:
    published = usual_week.home.folder / "published"
    for pointer, mode in (("warehouse.duckdb", 0o440), ("marts.duckdb", 0o444), ("public.duckdb", 0o444)):
        assert stat.S_IMODE((published / pointer).resolve().stat().st_mode) == mode
    assert not list(published.glob("*.wal"))
    for private in (usual_week.home.folder / "archive", usual_week.home.folder / "warehouse.duckdb"):
        assert stat.S_IMODE(private.stat().st_mode) & 0o077 == 0


def test_no_personal_column_is_published(usual_week: Ran) -> None:
    columns = usual_week.home.query("SELECT DISTINCT column_name FROM information_schema.columns")[
        "column_name"
    ].to_list()
    personal = {
        "dossier_key",
        "account_key",
        "applicant_name",
        "owner_name",
        "phone_number",
        "email_address",
        "identity_number",
        "full_name",
        "display_name",
        "summary",
    }
    assert not personal & set(columns)


def test_every_published_column_is_explained_in_both_languages(usual_week: Ran) -> None:
    unexplained = usual_week.home.query(
        """
        SELECT table_schema, table_name, column_name FROM information_schema.columns
        WHERE table_schema IN ('core', 'marts')
        EXCEPT SELECT schema_name, table_name, column_name FROM meta.dictionary WHERE description_vi <> '' AND description_en <> ''
        """
    )
    assert unexplained.is_empty(), unexplained


def test_absent_is_not_zero(usual_week: Ran) -> None:
    states = usual_week.home.query(
        "SELECT dataset, day::VARCHAR AS day, state, count(*) AS subjects FROM meta.completeness WHERE subject_type = 'dataset' GROUP BY ALL"
    )
    assert states.filter(pl.col("dataset") == "document_registers").sort("day")["state"].to_list() == [
        "reported", "reported", "reported", "missing", "reported", "reported", "reported",
    ]  # fmt: skip
    endpoints = usual_week.home.query(
        "SELECT day, count(*) AS endpoints, count(*) FILTER (state = 'reported') AS asked FROM meta.completeness WHERE subject_type = 'endpoint' GROUP BY ALL"
    )
    assert endpoints["endpoints"].to_list() == [348] * 7
    assert endpoints["asked"].to_list() == [348] * 7


def test_the_week_again_changes_nothing_but_the_version(usual_week: Ran) -> None:
    before = usual_week.home.query("SELECT load_id FROM meta.loads ORDER BY load_sequence")
    answer = usual_week.home.run(usual_week.home.made.first_day, usual_week.home.made.first_day)
    assert answer["exit_code"] == 0
    outcomes = {attempt["dataset"]: attempt["outcome"] for attempt in answer["attempts"]}
    assert set(outcomes.values()) == {"same_bytes"}
    assert usual_week.home.query("SELECT load_id FROM meta.loads ORDER BY load_sequence").equals(before)
    assert differences(usual_week.home).is_empty()


def test_status_versions_and_doctor_answer(usual_week: Ran) -> None:
    home = usual_week.home
    status = home.khotinh("status")
    assert status.returncode == 0
    assert "document_registers 2026-11-05" in status.stdout
    assert home.khotinh("status", "--json").stdout.startswith("{")
    versions = home.khotinh("versions", "--json")
    assert '"is_current": true' in versions.stdout
    doctor = home.khotinh("doctor")
    assert doctor.returncode == 0, doctor.stdout
    assert "✗" not in doctor.stdout


def test_nothing_personal_or_secret_is_written_outside_the_archive(usual_week: Ran) -> None:
    home = usual_week.home
    secrets = [value for name, value in home.environment.items() if name.endswith(("SECRET", "PASSWORD", "KEY"))]
    names = [str(row["nguoiNop"]) for row in home.made.dossier_export(home.made.first_day).rows.head(50).to_dicts()]
    phones = [str(row["soDienThoai"]) for row in home.made.dossier_export(home.made.first_day).rows.head(50).to_dicts()]
    needles = [text.encode() for text in {*secrets, *names, *phones} if text and text != "None"]
    assert len(needles) > 50
    for file in _written(home.folder):
        content = file.read_bytes()
        assert not [needle for needle in needles if needle in content], file


def _written(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file() and "archive" not in file.relative_to(folder).parts]
