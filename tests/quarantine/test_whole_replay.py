"""The commands on a served province: rows that were wrong by a wrong rule are counted once after it was mended."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import fastexcel
import polars as pl
import pytest
from pydantic import SecretStr

from demo.truth_loads import ledger_of_loads
from pipelines.ingest import Workshop
from pipelines.orchestration import build_and_publish
from pipelines.replay import replay
from pipelines.settings import EXPECTATIONS, SEEDS, SOURCES, Settings
from tests.pipeline.conftest import Home, differences, home_with

DAYS = (date(2026, 11, 3), date(2026, 11, 4))
NEGATIVE_FEE, UNKNOWN_STATUS = "fee_amount: below 0", "status_code: not in the list doc_exchange_status"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Two days with bad rows, run once."""
    with home_with(tmp_path_factory.mktemp("quarantine"), ["bad_rows"], *DAYS) as home:
        assert home.run(*DAYS)["is_published"]
        yield home


def _mended(home: Home, folder: Path) -> Workshop:
    """The province's rules, with a fee below zero allowed and the status 77 put into its list."""
    for source in (SOURCES, EXPECTATIONS, SEEDS):
        shutil.copytree(source, folder / source.name)
    for file, wrong, right in (
        (folder / "sources/portal/portal_dossiers.yaml", "minimum: 0, maximum: 299999999, vi: Phí", "minimum: -10000, vi: Phí"),
        (folder / "expectations/portal_dossiers.yaml", "column: fee_amount, min_value: 0", "column: fee_amount, min_value: -10000"),
    ):  # fmt: skip
        text = file.read_text()
        assert wrong in text
        file.write_text(text.replace(wrong, right))
    with (folder / "seeds/code_lists.csv").open("a") as codes:
        codes.write("doc_exchange_status,77,Trạng thái mới,thử\n")
    key = SecretStr(home.environment["KHOTINH_PSEUDONYM_KEY"])
    settings = Settings(_env_file=None, home=home.folder, pseudonym_key=key)  # type: ignore[call-arg]
    return Workshop(settings, folder / "sources", folder / "expectations", folder / "seeds")


def _listed(home: Home, *arguments: str) -> dict[str, Any]:
    done = home.khotinh("quarantine", "list", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _by_reason(home: Home) -> dict[str, int]:
    return {item["reason"]: item["rows"] for item in _listed(home, "--reasons")["reasons"]}


def _received(home: Home) -> dict[str, int]:
    rows = home.query(
        "SELECT period::VARCHAR, numerator::INT FROM marts.indicator_daily WHERE indicator_code = 'portal_received' AND unit_code = 'H56'"
    )
    return dict(rows.iter_rows())


def test_the_list_says_what_the_province_served(home: Home) -> None:
    answer = _listed(home, "--rows")
    served = ledger_of_loads(home.made)["rows_quarantined"].sum()
    assert answer["rows"] == len(answer["quarantined_rows"]) == served > 10
    assert {item["trend"] for item in answer["reasons"]} == {"unknown"}
    assert home.khotinh("quarantine", "list").returncode == 0
    unknown = home.khotinh("quarantine", "list", "--unit", "Sở Y tế")
    assert unknown.returncode == 2
    assert "H56.10 Sở Y tế" in " ".join(unknown.stderr.replace("│", "").split())


def test_each_unit_gets_its_rows_and_nobody_a_personal_value(home: Home, tmp_path: Path) -> None:
    done = home.khotinh("quarantine", "export", "--to", str(tmp_path / "out"), "--json")
    books = json.loads(done.stdout)
    assert sum(book["rows"] for book in books) == _listed(home)["rows"]
    rows = [
        row
        for book in books
        for name in fastexcel.read_excel(book["file"]).sheet_names
        if name.startswith("Dòng cần sửa")
        for row in fastexcel.read_excel(book["file"]).load_sheet(name, dtypes="string").to_polars().to_dicts()
    ]
    assert len(rows) == _listed(home)["rows"]
    assert all(row["Sai gì"] and row["Cách sửa"] for row in rows)
    dossiers = [row for row in rows if "Người nộp" in row]
    assert dossiers
    hidden = ("Người nộp", "Chủ hồ sơ", "Số điện thoại", "Số định danh cá nhân", "Địa chỉ", "Trích yếu")
    assert {row[name] for row in dossiers for name in hidden} == {"•••"}


@pytest.mark.long
def test_mended_rules_load_the_rows_once_and_taken_back_rules_take_them_out_again(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert differences(home).is_empty()
    fees = pl.concat([home.made.dossier_export(day).rows for day in DAYS]).filter(pl.col("phi") < 0)
    statuses = pl.concat([home.made.exchange_export(day).rows for day in DAYS]).filter(pl.col("TrangThai") == "77")
    before, received = _by_reason(home), _received(home)
    assert (before[NEGATIVE_FEE], before[UNKNOWN_STATUS]) == (len(fees), len(statuses))
    assert min(len(fees), len(statuses)) > 0
    dossiers, deliveries = _facts(home)

    for name in ("DAGSTER_HOME", "DAGSTER_DISABLE_TELEMETRY", "KHOTINH_WAREHOUSE", "DBT_TARGET_PATH", "DBT_LOG_PATH"):
        monkeypatch.setenv(name, "")
    workshop = _mended(home, tmp_path)
    replayed = replay(workshop).replayed
    assert [item.failure for item in replayed] == [None] * 4
    assert sum(item.rows_now_pass for item in replayed) == len(fees) + len(statuses)
    # A PostgreSQL server that is down costs its own readers a version, and the file's readers nothing.
    nowhere = SecretStr("postgresql://khotinh:s3cret@127.0.0.1:9/khotinh")
    with_copy = replace(workshop, settings=workshop.settings.model_copy(update={"postgres_url": nowhere}))
    done = build_and_publish(with_copy)
    assert done.is_built
    assert done.failure is not None
    assert "PostgreSQL at 127.0.0.1 does not let us in" in done.failure
    assert "s3cret" not in done.failure

    after = _by_reason(home)
    assert after == {reason: rows for reason, rows in before.items() if reason not in (NEGATIVE_FEE, UNKNOWN_STATUS)}
    assert _facts(home) == (dossiers + len(fees), deliveries + len(statuses))
    counted = fees.filter(~pl.col("trangThai").cast(pl.String).is_in(["1", "3"]))["ngayTiepNhan"].drop_nulls().to_list()
    by_day = {str(day): sum(text.startswith(f"{day:%d/%m/%Y}") for text in counted) for day in DAYS}
    assert {day: _received(home)[day] - received[day] for day in received} == by_day

    # The shipped rules are not the mended ones: to the command they are rules that changed again.
    back = home.khotinh("quarantine", "replay", "--json")
    answer = json.loads(back.stdout)
    assert back.returncode == 0, back.stderr
    assert sum(item["rows_newly_apart"] for item in answer["replayed"]) == len(fees) + len(statuses)
    assert answer["published_version"] is not None
    assert _by_reason(home) == before
    assert differences(home).is_empty()
    assert home.query("FROM meta.loads WHERE rows_read <> rows_accepted + rows_quarantined + rows_duplicate").is_empty()

    versions = home.khotinh("versions", "--json").stdout
    nothing = home.khotinh("quarantine", "replay")
    assert nothing.returncode == 0
    assert "nothing was mended" in nothing.stdout
    assert home.khotinh("versions", "--json").stdout == versions


def _facts(home: Home) -> tuple[int, int]:
    """Dossiers and deliveries, each of which is there once."""
    with duckdb.connect(str(home.folder / "warehouse.duckdb"), read_only=True) as connection:
        counts = connection.execute(
            """
            SELECT (SELECT count(*) FROM core.fct_dossier), (SELECT count(DISTINCT dossier_key) FROM core.fct_dossier),
                (SELECT count(*) FROM core.fct_document_delivery),
                (SELECT count(*) FROM (SELECT DISTINCT document_id, recipient_unit_code FROM core.fct_document_delivery))
            """
        ).fetchall()[0]
    assert (counts[0], counts[2]) == (counts[1], counts[3])
    return counts[0], counts[2]
