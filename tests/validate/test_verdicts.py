"""The verdict, by Great Expectations itself: which rows are set apart, which loads are refused, what a broken rule is."""

# ruff: noqa: DTZ001  (the warehouse keeps naive local times)

from __future__ import annotations

import json
import os
import socket
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.calendar import Partition, WorkingDays
from pipelines.contracts import Contract, Text, read_contract
from pipelines.errors import ContractError, DataRefusedError
from pipelines.parse import Parsed
from pipelines.parse.rejects import REJECT_SCHEMA
from pipelines.parse.typed_rows import TypedRows
from pipelines.settings import EXPECTATIONS, SEEDS, SOURCES
from pipelines.validate.suites import Rule, Suite, read_suite
from pipelines.validate.verdict import Check, Judged, Verdict, judge, refuse_unread

ACCOUNTS: Contract = read_contract(SOURCES / "platform" / "platform_accounts.yaml")
ACCOUNTS_SUITE = read_suite(EXPECTATIONS, "platform_accounts")
DOSSIERS: Contract = read_contract(SOURCES / "portal" / "portal_dossiers.yaml")
DOSSIERS_SUITE = read_suite(EXPECTATIONS, "portal_dossiers")
WORKING_DAYS = WorkingDays(SEEDS / "holidays.csv")
TUESDAY, SUNDAY, JUNE = (Partition.parse(key) for key in ("2026-06-02", "2026-06-07", "2026-06"))
ISSUED, BEFORE, AFTER = date(2026, 6, 1), datetime(2026, 5, 31, 23, 59), datetime(2026, 6, 1, 0, 0)
ACCOUNTS_SCHEMA = pl.Schema({
    "row_number": pl.Int64(), "account_key": pl.String(), "unit_code": pl.String(), "platform_code": pl.String(),
    "issued_date": pl.Date(), "last_login_at": pl.Datetime("us"), "is_locked": pl.Boolean(),
})  # fmt: skip
Account = tuple[str, str, datetime | None]


def _parsed(rows: pl.DataFrame, *, rejected: int = 0, duplicates: int = 0, **more: Any) -> Parsed:
    """What parsing would have handed over: every cell's text is the value's, the personal ones are gone."""
    names = [name for name in rows.columns if name not in ("row_number", "account_key", "dossier_key")]
    texts = rows.select(pl.col("row_number").alias("__row_number"), *(pl.col(name).cast(pl.String) for name in names))
    rejects = [
        {"row_number": 100_000 + n, "sheet_name": "", "row_text": "{}", "reasons": ["so: empty"]}
        for n in range(rejected)
    ]
    fields: dict[str, Any] = {
        "rows": TypedRows.of_frame(rows),
        "rejects": pl.DataFrame(rejects, schema=REJECT_SCHEMA),
        "texts_of": lambda numbers: texts.filter(pl.col("__row_number").is_in(numbers.implode())).with_columns(
            pl.lit("").alias("__sheet_name"), pl.col("__row_number").alias("__row_in_sheet")
        ),
        "rows_read": rows.height + rejected + duplicates,
        "rows_duplicate": duplicates,
        "added_headings": (),
        "total_differences": {},
        **more,
    }
    return Parsed(**fields)


def _accounts(rows: Sequence[Account]) -> pl.DataFrame:
    full = [
        (number, key, "H56.12", platform, ISSUED, login, False)
        for number, (key, platform, login) in enumerate(rows, start=2)
    ]
    return pl.DataFrame(full, schema=ACCOUNTS_SCHEMA, orient="row")


def _many(good: int, bad: int = 0) -> list[Account]:
    rows: list[Account] = [(f"good{n}", "portal", AFTER) for n in range(good)]
    return [*rows, *((f"bad{n}", "portal", BEFORE) for n in range(bad))]


def _judge(parsed: Parsed, partition: Partition = JUNE, declared: int | None = None, **more: Any) -> Judged:
    contract, suite = more.get("contract", ACCOUNTS), more.get("suite", ACCOUNTS_SUITE)
    judged = judge(parsed, contract, suite, partition, WORKING_DAYS, declared)
    if judged.verdict is not Verdict.REFUSED:
        assert judged.rows_read == judged.rows.height + judged.quarantine.height + judged.rows_duplicate
    return judged


def _failed(judged: Judged) -> dict[str, Check]:
    return {check.check_name: check for check in judged.checks if not check.is_success}


def _reasons(judged: Judged) -> dict[int, list[str]]:
    return dict(judged.quarantine.select("row_number", "reasons").iter_rows())


def test_rows_that_satisfy_every_rule_are_accepted() -> None:
    judged = _judge(_parsed(_accounts([*_many(3), ("good1", "document", None)]), duplicates=2))
    assert judged.verdict is Verdict.ACCEPTED
    assert judged.refusal_reason is None
    assert judged.rows.frame().get_column("row_number").to_list() == [2, 3, 4, 5]
    assert (judged.rows_read, judged.rows_duplicate, judged.quarantine.height) == (6, 2, 0)
    assert {rule.name for rule in ACCOUNTS_SUITE.rules} <= {check.check_name for check in judged.checks}
    assert _failed(judged) == {}


def test_a_row_rule_sets_its_rows_apart_with_number_text_reason_and_owner() -> None:
    judged = _judge(_parsed(_accounts([*_many(60), ("late", "portal", BEFORE)])))
    assert judged.verdict is Verdict.ACCEPTED_WITH_WARNINGS
    assert _reasons(judged) == {62: ["rule: login_is_not_before_issue"]}
    assert judged.rows.height == 60
    (row,) = judged.quarantine.rows(named=True)
    assert row["unit_code"] == "H56.12"
    text = json.loads(row["row_text"])
    assert (text["last_login_at"], text["account_key"]) == ("2026-05-31 23:59:00.000000", "•••")
    assert _failed(judged)["login_is_not_before_issue"].unexpected_count == 1


def test_all_rows_that_break_a_rule_are_found_not_the_first_two_hundred() -> None:
    judged = _judge(_parsed(_accounts(_many(9_600, 450))))
    assert judged.verdict is Verdict.ACCEPTED_WITH_WARNINGS
    assert judged.quarantine.get_column("row_number").to_list() == list(range(9_602, 10_052))
    assert judged.rows.height == 9_600
    assert _failed(judged)["login_is_not_before_issue"].unexpected_count == 450


def test_two_different_rows_of_one_key_are_both_set_apart() -> None:
    rows = [*_many(80), ("twice", "portal", AFTER), ("twice", "document", AFTER), ("twice", "portal", None)]
    judged = _judge(_parsed(_accounts(rows)))
    assert _reasons(judged) == {82: ["rule: record_is_unique"], 84: ["rule: record_is_unique"]}
    assert 83 in judged.rows.frame().get_column("row_number").to_list()


def test_a_row_that_breaks_two_rules_has_both_reasons() -> None:
    rows = [*_many(80), ("twice", "portal", AFTER), ("twice", "portal", BEFORE)]
    reasons = _reasons(_judge(_parsed(_accounts(rows))))
    assert reasons == {
        82: ["rule: record_is_unique"],
        83: ["rule: record_is_unique", "rule: login_is_not_before_issue"],
    }


def test_rows_that_could_not_be_read_warn_and_stay_in_the_count() -> None:
    judged = _judge(_parsed(_accounts(_many(95)), rejected=5, duplicates=3))
    assert judged.verdict is Verdict.ACCEPTED_WITH_WARNINGS
    assert (judged.rows.height, judged.quarantine.height, judged.rows_read) == (95, 5, 103)
    assert set(_failed(judged)) == {"no_row_is_set_apart"}


@pytest.mark.parametrize(("bad", "verdict"), [(5, Verdict.ACCEPTED_WITH_WARNINGS), (6, Verdict.REFUSED)])
def test_a_share_of_rejects_above_the_contracts_refuses(bad: int, verdict: Verdict) -> None:
    assert ACCOUNTS.max_quarantine_share == 0.05
    by_rule = _judge(_parsed(_accounts(_many(100 - bad, bad))))
    by_parser = _judge(_parsed(_accounts(_many(100 - bad)), rejected=bad))
    by_both = _judge(_parsed(_accounts(_many(98 - bad, bad - 2)), rejected=2, duplicates=2))
    assert [by_rule.verdict, by_parser.verdict] == [verdict, verdict]
    assert by_both.verdict is verdict
    if verdict is Verdict.REFUSED:
        for judged in (by_rule, by_parser, by_both):
            assert judged.refusal_reason == (
                "quarantine_share_is_bearable: 6.00% of the rows are rejected, 5% are bearable"
            )


@pytest.mark.parametrize("share", [0.07, 0.14, 0.28, 0.29, 0.55, 0.57, 0.58])
def test_a_load_exactly_at_its_bearable_share_sets_every_faulty_row_apart(share: float) -> None:
    bad = round(share * 100)
    contract = ACCOUNTS.model_copy(update={"max_quarantine_share": share})
    judged = _judge(_parsed(_accounts(_many(100 - bad, bad))), contract=contract)
    assert judged.verdict is Verdict.ACCEPTED_WITH_WARNINGS
    assert (judged.rows.height, judged.quarantine.height) == (100 - bad, bad)


def test_everything_faulty_is_refused_and_its_count_is_told() -> None:
    judged = _judge(_parsed(_accounts(_many(0, 500))))
    assert judged.verdict is Verdict.REFUSED
    assert _failed(judged)["login_is_not_before_issue"].unexpected_count == 500


def test_an_empty_month_is_refused() -> None:
    judged = _judge(_parsed(_accounts([])))
    assert judged.verdict is Verdict.REFUSED
    assert judged.refusal_reason == "export_is_not_empty: A working day's export holds rows."


def _dossier(number: int, **changes: object) -> dict[str, object]:
    at = datetime(2026, 6, 2, 8)
    row: dict[str, object] = {
        **{column.name: None for column in DOSSIERS.stored_columns},
        "row_number": number, "dossier_key": f"{number:032x}", "procedure_code": "1.010708", "procedure_name_vi": "x",
        "unit_code": "H56.12", "channel_code": "2", "status_code": "2", "submitted_at": at, "received_at": at,
        "supplement_request_count": 0, "updated_at": at, **changes,
    }  # fmt: skip
    return row


POLARS_TYPES: dict[str, pl.DataType] = {
    "VARCHAR": pl.String(), "BIGINT": pl.Int64(), "BOOLEAN": pl.Boolean(), "TIMESTAMP": pl.Datetime("us"),
    "DECIMAL(18,2)": pl.Decimal(18, 2), "DATE": pl.Date(),
}  # fmt: skip


def _dossiers(*rows: dict[str, object]) -> pl.DataFrame:
    columns = {column.name: POLARS_TYPES[column.sql_type] for column in DOSSIERS.stored_columns}
    return pl.DataFrame(list(rows), schema={"row_number": pl.Int64(), **columns})


def _judge_dossiers(*rows: dict[str, object], partition: Partition = TUESDAY, declared: int | None = None) -> Judged:
    return _judge(_parsed(_dossiers(*rows)), partition, declared, contract=DOSSIERS, suite=DOSSIERS_SUITE)


@pytest.mark.parametrize(
    ("key", "verdict"),
    [
        ("2026-06-02", Verdict.REFUSED),
        ("2026-06-07", Verdict.ACCEPTED),  # a Sunday
        ("2026-09-02", Verdict.ACCEPTED),  # the National Day, a Wednesday
        ("baseline-2026-06-02", Verdict.ACCEPTED),
    ],
)
def test_an_empty_day_is_refused_only_when_the_offices_work(key: str, verdict: Verdict) -> None:
    assert _judge_dossiers(partition=Partition.parse(key)).verdict is verdict


def test_an_empty_export_that_only_warns_is_accepted_with_a_warning() -> None:
    calls = read_contract(SOURCES / "videoconference" / "videoconference_calls.yaml")
    types = {**POLARS_TYPES, "DECIMAL(18,4)": pl.Decimal(18, 4)}
    schema = {"row_number": pl.Int64(), **{column.name: types[column.sql_type] for column in calls.stored_columns}}
    suite = read_suite(EXPECTATIONS, "videoconference_calls")
    empty = _parsed(pl.DataFrame(schema=schema))
    assert _judge(empty, TUESDAY, contract=calls, suite=suite).verdict is Verdict.ACCEPTED_WITH_WARNINGS
    assert _judge(empty, SUNDAY, contract=calls, suite=suite).verdict is Verdict.ACCEPTED


def test_a_flag_only_warns_and_sets_nothing_apart() -> None:
    judged = _judge_dossiers(_dossier(1), _dossier(2, supplement_request_count=1), _dossier(3))
    assert judged.verdict is Verdict.ACCEPTED_WITH_WARNINGS
    assert judged.rows.height == 3
    assert {name: check.severity for name, check in _failed(judged).items()} == {
        "supplement_request_is_dated": "warning"
    }


def test_every_row_rule_of_the_dossiers_finds_exactly_its_row() -> None:
    at = datetime(2026, 6, 2, 8)
    hour = timedelta(hours=1)
    faults: dict[str, dict[str, object]] = {
        "status_code_is_known": {"status_code": "77"},
        "channel_code_is_known": {"channel_code": "4"},
        "supplement_request_count_is_plausible": {"supplement_request_count": 51, "supplement_requested_at": at},
        "fee_amount_is_plausible": {"fee_amount": -1},
        "charge_amount_is_plausible": {"charge_amount": 10_000_000_001},
        "received_at_not_before_submitted_at": {"received_at": at - hour},
        "due_at_not_before_received_at": {"due_at": at - hour},
        "finished_at_not_before_received_at": {"finished_at": at - hour},
        "returned_at_not_before_finished_at": {"finished_at": at + hour, "returned_at": at},
        "supplement_received_at_not_before_supplement_requested_at": {
            "supplement_requested_at": at, "supplement_received_at": at - hour,
        },
        "finished_dossier_has_a_finish_date": {"status_code": "9"},
        "received_dossier_has_a_receipt_date": {"received_at": None},
    }  # fmt: skip
    bad = [_dossier(1_000 + n, **changes) for n, changes in enumerate(faults.values())]
    good = [_dossier(n, status_code="1", received_at=None) for n in range(1, 300)]
    judged = _judge_dossiers(*good, *bad)
    assert judged.verdict is Verdict.ACCEPTED_WITH_WARNINGS
    assert _reasons(judged) == {1_000 + n: [f"rule: {name}"] for n, name in enumerate(faults)}
    assert judged.rows.height == 299


def test_a_dossier_code_that_was_not_hashed_refuses_the_load() -> None:
    judged = _judge_dossiers(_dossier(1, dossier_key="H56.12-260602-0001"))
    assert judged.verdict is Verdict.REFUSED
    assert judged.refusal_reason == "dossier_key_is_a_hash: The dossier code is hashed."
    assert not any("260602" in check.observed for check in judged.checks)


@pytest.mark.parametrize(("declared", "verdict"), [(3, Verdict.ACCEPTED), (2, Verdict.REFUSED), (4, Verdict.REFUSED)])
def test_another_total_than_the_source_declared_refuses(declared: int, verdict: Verdict) -> None:
    judged = _judge(_parsed(_accounts(_many(2)), duplicates=1), declared=declared)
    assert judged.verdict is verdict
    if verdict is Verdict.REFUSED:
        assert judged.refusal_reason == f"declared_total_is_met: the source declared {declared} rows, 3 came"


def test_rows_that_got_lost_between_the_steps_refuse_the_load() -> None:
    judged = judge(
        replace(_parsed(_accounts(_many(40))), rows_read=41), ACCOUNTS, ACCOUNTS_SUITE, JUNE, WORKING_DAYS, None
    )
    assert judged.verdict is Verdict.REFUSED
    assert judged.refusal_reason is not None
    assert judged.refusal_reason.startswith("rows_are_accounted_for")


def test_added_headings_are_reported_and_warn() -> None:
    added = _judge(_parsed(_accounts(_many(3)), added_headings=("Chức vụ", "Ca trực")))
    assert added.verdict is Verdict.ACCEPTED_WITH_WARNINGS
    assert _failed(added)["no_heading_is_added"].observed == "Chức vụ, Ca trực"


def test_a_total_row_that_is_not_the_sum_refuses_and_says_by_how_much() -> None:
    contract = ACCOUNTS.model_copy(update={"format": ACCOUNTS.format.model_copy(update={"total_labels": ("Tổng",)})})
    totals = _judge(_parsed(_accounts(_many(3)), total_differences={"open_count": ("8", "7")}), contract=contract)
    assert totals.verdict is Verdict.REFUSED
    assert totals.refusal_reason == "total_row_is_the_sum: open_count: stated 8, sum 7"
    same = _judge(_parsed(_accounts(_many(3))), contract=contract)
    assert same.verdict is Verdict.ACCEPTED


def _rule(kind: str, **kwargs: object) -> Suite:
    rule = Rule(name="odd", type=kind, kwargs=kwargs, on_failure="quarantine", says=Text(vi="v", en="e"))
    return Suite(dataset="platform_accounts", rules=(*ACCOUNTS_SUITE.rules, rule))


@pytest.mark.parametrize(
    "suite",
    [
        _rule("expect_column_values_to_not_be_null", column="no_such_column"),
        _rule("unexpected_rows_expectation", unexpected_rows_query="SELECT row_number FROM {batch} WHERE nothing > 1"),
        _rule("unexpected_rows_expectation", unexpected_rows_query="SELEC row_number FROM {batch}"),
        _rule("expect_compound_columns_to_be_unique", column_list=["account_key", "no_such_column"]),
        _rule("expect_column_values_to_be_beautiful", column="unit_code"),
        _rule("expect_column_values_to_be_between", column="issued_date"),
        _rule("expect_table_row_count_to_equal", value={"$PARAMETER": "nobody_knows"}),
    ],
    ids=["column", "query", "syntax", "compound", "type", "arguments", "parameter"],
)
def test_a_rule_that_cannot_run_says_so_and_nothing_of_the_data(suite: Suite) -> None:
    with pytest.raises(ContractError, match=r"odd.*expectations/platform_accounts\.yaml") as caught:
        _judge(_parsed(_accounts(_many(3))), suite=suite)
    assert "Mend the rule" in caught.value.next_step


def test_a_file_that_could_not_be_read_is_a_refusal_with_its_reason() -> None:
    judged = refuse_unread(DataRefusedError("file_is_readable", "a.csv: cannot be read.", "Export it again."))
    assert judged.verdict is Verdict.REFUSED
    assert judged.refusal_reason == "file_is_readable: a.csv: cannot be read. Export it again."
    assert [check.check_name for check in judged.checks] == ["file_is_readable"]
    assert (judged.rows_read, judged.rows.height, judged.quarantine.height) == (0, 0, 0)


def test_judging_calls_nobody_and_leaves_no_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    called: list[object] = []

    def refuse(_: socket.socket, address: object) -> None:
        called.append(address)
        raise OSError("no network in tests")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.chdir(tmp_path)
    _judge(_parsed(_accounts(_many(2))))
    assert os.environ["GX_ANALYTICS_ENABLED"] == "false"
    assert called == []
    assert list(tmp_path.iterdir()) == []
