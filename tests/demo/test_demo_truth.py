"""The ledger of truth equals what can be counted, in plain Python, from what is served."""

from __future__ import annotations

import csv
import json
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from starlette.testclient import TestClient

import tests.demo.served_recount as recount
from demo.faults import DEFAULT_FAULTS
from demo.files import FileTree
from demo.province import Province, province
from demo.servers.endpoints import behaviour
from demo.servers.gate import PortalRules
from demo.servers.portal import application
from demo.truth import ledger
from demo.truth_loads import ledger_of_loads
from tests.demo.served_recount import SCALE, Figures, Tally
from tests.demo.served_recount_calls import count_calls

MONTHLY_SOURCES = ("document_signed", "accounts", "officer")
UNREADABLE = {
    "missing_file": "document_exchanges",
    "empty_export": "document_exchanges",
    "wrong_encoding": "document_exchanges",
    "halved_export": "document_exchanges",
    "cut_csv": "document_exchanges",
    "html_error_page": "document_exchanges",
    "wrong_day_file": "document_exchanges",
    "swapped_columns": "document_exchanges",
    "lost_leading_zeros": "document_exchanges",
    "nul_bytes": "document_exchanges",
    "double_encoding": "document_exchanges",
}


def portal_client(made: Province) -> tuple[TestClient, dict[str, str]]:
    """A client of the province's portal, with a token."""
    client = TestClient(application(made, PortalRules("me", "secret", 3_600, 1e9, 1e9)))
    form = {"grant_type": "client_credentials", "client_id": "me", "client_secret": "secret"}
    token = client.post("/oauth/token", data=form).json()["access_token"]
    return client, {"Authorization": f"Bearer {token}"}


def dossier_exports(made: Province) -> dict[str, list[recount.Row]]:
    """The portal's items: the opening balance and each day, days whose total does not fit left out."""
    client, headers = portal_client(made)
    exports = {"baseline": recount.pages(client, headers, {"open_before": f"{made.first_day}T00:00:00"})[0]}
    for day in made.days:
        until = day + timedelta(days=1)
        stretch = {"changed_since": f"{day}T00:00:00", "changed_before": f"{until}T00:00:00"}
        items, total = recount.pages(client, headers, stretch)
        if total == len(items):
            exports[day.isoformat()] = items
    return exports


def recounted(made: Province, folder: Path, *, reads: int = 1) -> Figures:
    """The daily indicators and their months, from what is served; files of lost days are left out."""
    tally, tree = Tally(), FileTree(made, folder)
    exports = dossier_exports(made)
    recount.count_dossiers(tally, exports, made.days)
    lost = {made.faults.days[name] for name in UNREADABLE if name in made.faults.days}
    files = {}
    for _ in range(reads):
        for day in made.days:
            path = f"documents/exchanges/{day:%Y-%m}/exchange-{day:%Y%m%d}.csv"
            tree.ensure(path)
            if (folder / path).exists() and day not in lost:
                files[day] = (folder / path).read_bytes()
            tree.opened(path)
    recount.count_exchanges(tally, list(files.values()))
    endpoints = {row["sip_address"]: row for row in made.endpoints.frame.iter_rows(named=True)}
    silent = behaviour(made).dead | behaviour(made).garbage
    for day in made.days:
        tree.ensure(f"videoconference/cdr/{day}")
        count_calls(tally, [path.read_bytes() for path in (folder / f"videoconference/cdr/{day}").iterdir()], endpoints)
        path = f"documents/registers/{day:%Y-%m}/so-van-ban-den-{day:%Y%m%d}.xlsx"
        tree.ensure(path)
        recount.count_register(tally, (folder / path).read_bytes(), day)
        answers = made.endpoints.answers(day)
        for row in endpoints.values():
            code = row["endpoint_code"]
            is_in = code not in silent and b'"registered":true' in answers[code]
            tally.share("videoconference_online", row["unit_code"], day, is_in=is_in)
            if code not in silent:
                loss = float(json.loads(answers[code])["packet_loss_rate"])
                tally.amount("videoconference_packet_loss", row["unit_code"], day, loss)
    lost_portal = {day for day in made.days if day.isoformat() not in exports}
    stock_ends = min(lost_portal, default=date.max)
    for key in [key for key in tally.shares if key[0].startswith("portal")]:
        if key[2] in lost_portal or (key[0] == "portal_open_late" and key[2] > stock_ends):
            del tally.shares[key]
    for code in [key for key in tally.counts if key[0].startswith("portal") and key[2] in lost_portal]:
        del tally.counts[code]
    return tally.figures(made.first_day, made.last_day, of_last_day=["portal_open_late"])


def as_figures(rows: pl.DataFrame) -> Figures:
    """The ledger's rows of daily sources."""
    return {
        (code, unit, period): (numerator, denominator)
        for code, unit, period, numerator, denominator in rows.iter_rows()
        if not code.startswith(MONTHLY_SOURCES)
    }


@pytest.mark.parametrize(
    "faults",
    [
        (),
        (*DEFAULT_FAULTS, "resent_bodies", "endpoint_garbage:7", "slow_endpoints:3"),
        ("count_mismatch", "missing_file", "late_file", "wrong_encoding"),
        ("empty_export", "bad_rows:30", "conflicting_rows:9", "duplicate_rows:30"),
        ("secret_document:3", "future_dates:3", "old_unit_name", "old_unit_code:2026-11-04", "not_found"),
        ("cut_csv:2026-11-02", "html_error_page:2026-11-03", "wrong_day_file:2026-11-04", "retyped_column:2026-11-04"),
        (
            "swapped_columns:2026-11-05",
            "lost_leading_zeros:2026-11-06",
            "nul_bytes:2026-11-03",
            "double_encoding:2026-11-04",
        ),
    ],
)
def test_the_ledger_is_what_can_be_counted_from_what_is_served(faults: tuple[str, ...], tmp_path: Path) -> None:
    made = province(scale=SCALE, faults=faults)
    assert recounted(made, tmp_path) == as_figures(ledger(made))


def test_a_second_reading_finds_the_correction_and_the_late_file(tmp_path: Path) -> None:
    made = province(
        scale=SCALE, last_day=date(2026, 11, 5), faults=("corrected_file", "late_file", "vanished_rows:2026-11-03")
    )
    before, after = ledger(made), ledger(made, corrected=True, late_arrived=True)
    assert before.filter(pl.col("indicator_code") == "document_completed")["numerator"].sum() < (
        after.filter(pl.col("indicator_code") == "document_completed")["numerator"].sum()
    )
    assert recounted(made, tmp_path / "once") == as_figures(before)
    assert recounted(made, tmp_path / "twice", reads=2) == as_figures(after)


def test_a_run_across_months_and_the_end_of_the_districts(tmp_path: Path) -> None:
    made = province(scale=SCALE, first_day=date(2025, 6, 27), last_day=date(2025, 7, 2))
    whole = ledger(made)
    daily = as_figures(whole)
    assert {period for _, _, period in daily if len(period) == 6} == {"202506", "202507"}
    assert made.due_months == [date(2025, 5, 1), date(2025, 6, 1)]
    served = recounted_without_registers(made, tmp_path)
    assert served == {key: pair for key, pair in daily.items() if key[0].startswith("portal")}


def recounted_without_registers(made: Province, _folder: Path) -> Figures:
    """The portal's indicators alone."""
    tally = Tally()
    recount.count_dossiers(tally, dossier_exports(made), made.days)
    return tally.figures(made.first_day, made.last_day, of_last_day=["portal_open_late"])


def test_the_monthly_files_say_what_the_ledger_says(sound: Province, tmp_path: Path) -> None:
    tree = FileTree(sound, tmp_path)
    tree.ensure_all()
    rows = ledger(sound).filter(pl.col("period") == "202610")
    figures = {(code, unit): (numerator, denominator) for code, unit, _, numerator, denominator in rows.iter_rows()}

    def number(text: str | None) -> float:
        return 0.0 if text == "-" else float(str(text).replace(".", "").replace(",", "."))

    for code, _, numerator, denominator, _ in recount.sheet_rows(
        (tmp_path / "officer/bieu-chi-tieu-202610.xlsx").read_bytes()
    )[2:]:
        assert figures[str(code), "H56"] == (number(numerator), number(denominator))
    signing = recount.sheet_rows((tmp_path / "documents/signing/ky-so-202610.xlsx").read_bytes())
    assert signing[-1][1] == "Tổng cộng"
    for unit, _, issued, by_person, by_organisation in signing[5:-1]:
        if unit != "H56" and number(issued):
            assert figures["document_signed_by_person", str(unit)] == (number(by_person), number(issued))
            assert figures["document_signed_by_organisation", str(unit)] == (number(by_organisation), number(issued))
    assert figures["document_signed_by_person", "H56"] == (number(signing[-1][3]), number(signing[-1][2]))
    text = (tmp_path / "documents/accounts/tai-khoan-202610.csv").read_text(encoding="utf-8-sig")
    every = list(csv.DictReader(text.splitlines(), delimiter=";"))
    active = [row for row in every if row["DaKhoa"] == "false" and row["DangNhapCuoi"][3:10] == "10/2026"]
    assert figures["accounts_active", "H56"] == (len(active), len(every))
    assert figures["accounts_issued", "H56"] == (len(text.splitlines()) - 1, None)


def test_units_add_up_to_the_province_and_shares_stay_within_one(faulty: Province) -> None:
    rows = ledger(faulty)
    assert rows.select("indicator_code", "unit_code", "period").is_duplicated().sum() == 0
    assert (rows["numerator"] <= rows["denominator"]).all()
    assert set(rows["indicator_code"]) == {row["indicator_code"] for row in recount.read("indicators.csv")}
    whole = rows.filter(pl.col("unit_code") == "H56").select("indicator_code", "period", whole="numerator")
    parts = (
        rows.filter(pl.col("unit_code") != "H56").group_by("indicator_code", "period").agg(pl.col("numerator").sum())
    )
    # A procedure stands under every unit that has dossiers of it, and is one in the province.
    one_for_many = pl.col("indicator_code") == "portal_fee_procedures"
    joined = whole.join(parts, on=["indicator_code", "period"])
    assert joined.filter(one_for_many).select((pl.col("whole") < pl.col("numerator")).all()).item()
    both = joined.filter(~one_for_many)
    without_own = pl.col("indicator_code").str.starts_with("portal")
    assert both.filter(without_own).select((pl.col("whole") == pl.col("numerator")).all()).item()
    assert both.select((pl.col("whole") >= pl.col("numerator")).all()).item()


def test_a_lost_day_is_absent_and_not_zero(faulty: Province) -> None:
    day = faulty.faults.days["changed_heading"].isoformat()
    registered = ledger(faulty).filter(pl.col("indicator_code") == "document_registered")
    assert day not in set(registered["period"])
    assert ledger(province(scale=SCALE, faults=("portal_down",)))["indicator_code"].str.starts_with("portal").sum() == 0


def test_the_ledger_of_loads_is_what_the_rows_are_worth(tmp_path: Path) -> None:
    made = province(scale=SCALE, faults=(*DEFAULT_FAULTS, "missing_file"))
    loads = {(dataset, key): rest for dataset, key, *rest in ledger_of_loads(made).iter_rows()}
    for key, items in dossier_exports(made).items():
        accepted, bad, repeated = recount.settled_apart(
            items, lambda row: (row["maHoSo"], row["ngayCapNhat"]), recount.is_good_dossier
        )
        assert loads["portal_dossiers", key] == ["accepted", len(items), len(accepted), bad, repeated]
    tree = FileTree(made, tmp_path)
    tree.ensure_all()
    for path in (tmp_path / "documents/exchanges").rglob("*.csv"):
        rows = recount.exchange_rows(path.read_bytes())
        accepted, bad, repeated = recount.settled_apart(rows, recount.exchange_key, recount.is_good_exchange)
        key = f"{path.stem[9:13]}-{path.stem[13:15]}-{path.stem[15:17]}"
        assert loads["document_exchanges", key] == ["accepted", len(rows), len(accepted), bad, repeated]
    assert loads["document_exchanges", "2026-11-03"][0] == "missing"
    assert loads["document_registers", "2026-11-05"][0] == "refused"
    assert sum(rest[3] or 0 for rest in loads.values()) > 0
