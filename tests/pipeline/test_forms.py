"""The form II.06a and the forecast of the usual week equal the ledger of truth, and the command writes what they say."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import polars as pl

from demo.truth_forms import due_forecast, form_ii06a
from tests.forms.read_back import Book
from tests.pipeline.conftest import Ran

KEYS = ["unit_code", "field_name_vi"]
# Sunday 1 November was not loaded: nobody knows what was carried over into the month.
KNOWN = [
    "received_online_count", "received_direct_count", "received_channel_unreported_count", "settled_count",
    "settled_early_count", "settled_on_time_count", "settled_late_count", "open_count", "open_in_time_count",
    "open_late_count",
]  # fmt: skip


def test_the_form_of_the_month_equals_the_ledger(usual_week: Ran) -> None:
    truth = form_ii06a(usual_week.home.made, date(2026, 11, 1))
    found = usual_week.home.query("FROM marts.portal_form_ii06a_monthly WHERE period = '202611'")
    assert found.height > 300
    assert truth.select(pl.sum_horizontal(pl.col(KNOWN).sum())).item() > 1000
    both = truth.join(found, on=KEYS, how="full", suffix="_mart", coalesce=True).fill_null(0)
    differing = both.filter(pl.any_horizontal(pl.col(name) != pl.col(f"{name}_mart") for name in KNOWN))
    assert differing.is_empty(), differing
    assert found["carried_over_count"].null_count() == found["received_count"].null_count() == found.height
    assert not found["is_complete"].any()


def test_the_forecast_equals_the_ledger(usual_week: Ran) -> None:
    columns = ["unit_code", "bucket_code", "due_count", "waiting_count"]
    truth = due_forecast(usual_week.home.made).select(columns).sort(columns)
    found = usual_week.home.query("FROM marts.portal_due_forecast")
    assert found.select(columns).sort(columns).equals(truth)
    assert {"late_1_5", "due_in_1", "due_in_5", "due_later", "no_due_date"} <= set(truth["bucket_code"])
    assert truth["waiting_count"].sum() > 10
    # Sunday's figures; tomorrow is Monday.
    assert found["report_date"].unique().to_list() == [date(2026, 11, 8)]
    tomorrow = found.filter(pl.col("bucket_code") == "due_in_1")
    assert tomorrow["due_working_date"].unique().to_list() == [date(2026, 11, 9)]
    status = usual_week.home.khotinh("status")
    told = json.loads(usual_week.home.khotinh("status", "--json").stdout)["due_forecast"]
    assert (told["due_next_count"], told["due_next_units"]) == (
        tomorrow["due_count"].sum(), tomorrow.filter(pl.col("due_count") > 0).height,
    )  # fmt: skip
    assert f"{told['due_next_count']} hồ sơ phải xong ngày 09/11/2026" in status.stdout


def test_the_command_writes_the_month_in_progress_and_says_that_it_is_not_to_be_sent(
    usual_week: Ran, tmp_path: Path
) -> None:
    file = tmp_path / "form.xlsx"
    done = usual_week.home.khotinh("form", "II.06a", "--period", "2026-11", "--output", str(file), "--json")
    assert done.returncode == 3, done.stderr
    told = json.loads(done.stdout)
    assert (told["days_covered"], told["days_expected"], told["may_be_sent"]) == (7, 30, False)
    truth = form_ii06a(usual_week.home.made, date(2026, 11, 1))
    total = told["rows"][-1]["columns"]
    assert [total[column] for column in ("3", "4", "7", "10", "11", "13")] == [
        None, *(truth[name].sum() for name in ("received_online_count", "settled_count", "settled_late_count", "open_count", "open_late_count")),
    ]  # fmt: skip
    book = Book(file)
    assert book.cells["II.06a"]["A2"].startswith("KHÔNG GỬI: kỳ chưa đủ (7/30 ngày)")
    assert [row["label"] for row in told["rows"] if row["kind"] == "group"] == ["Cấp tỉnh", "Cấp xã"]
