"""Every fault has a sentence that says how to mend it, with the codes, the form or the units that it needs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import polars as pl
import pytest
import yaml

from pipelines.calendar import Partition
from pipelines.errors import ContractError
from pipelines.ingest import Workshop
from pipelines.parse.cells.typed_frame import _outside, _unread_reason
from pipelines.parse.cells.values import Reading, read_value
from pipelines.quarantine import sentences
from pipelines.quarantine.held import HeldRow
from pipelines.quarantine.mending import Mending, _kind
from pipelines.settings import EXPECTATIONS
from pipelines.validate.suites import read_suite
from pipelines.vietnamese import reason_vi
from tests.quarantine.quarantine_help import settings_in

WORKSHOP = Workshop(settings_in(Path("unused")))
MENDING = Mending(WORKSHOP)


def _row(dataset: str, key: str = "2026-11-05", **cells: str) -> HeldRow:
    return HeldRow(dataset, key, f"{dataset}/{key}/r1", "f", "0" * 64, "", 2, None, dict(cells), ())


@pytest.mark.parametrize(
    ("mend", "on_failure", "why"),
    [
        ({"vi": "Sửa {cột}."}, "quarantine", "no other gap than {labels}"),
        ({"vi": "Sửa {."}, "quarantine", "no other gap than {labels}"),
        ({"vi": "Sửa."}, "refuse", "row that is set apart"),
        ({"vi": "Sửa.", "en": "Mend."}, "quarantine", "mend.en"),
    ],
)
def test_a_sentence_that_could_not_be_told_is_no_part_of_a_suite(
    tmp_path: Path, mend: dict[str, str], on_failure: str, why: str
) -> None:
    rule = {"name": "r", "type": "t", "kwargs": {}, "on_failure": on_failure, "says": {"vi": "a", "en": "b"}}
    suite = {"dataset": "x", "rules": [{**rule, "mend": mend}]}
    (tmp_path / "x.yaml").write_text(yaml.safe_dump(suite, allow_unicode=True), encoding="utf-8")
    with pytest.raises(ContractError, match=re.escape(why)):
        read_suite(tmp_path, "x")


def test_another_sentence_judges_no_file_again(tmp_path: Path) -> None:
    expectations = shutil.copytree(EXPECTATIONS, tmp_path / "expectations")
    suite = expectations / "officer_forms.yaml"

    def rules_after(old: str, new: str) -> str:
        text = suite.read_text(encoding="utf-8")
        assert old in text
        suite.write_text(text.replace(old, new), encoding="utf-8")
        return Workshop(WORKSHOP.settings, expectations=expectations).rules_sha256("officer_forms")

    before = WORKSHOP.rules_sha256("officer_forms")
    assert rules_after("giữ một dòng đúng", "giữ dòng đúng") == before
    assert rules_after("denominator = 0", "denominator <= 0") != before


def test_every_reason_that_a_cell_can_have_has_its_sentence() -> None:
    whys = {"empty"}
    for contract in WORKSHOP.contracts.values():
        for column in contract.stored_columns:
            if column.type == "endpoint_address":
                continue  # An address that is not registered is a guest's, never a fault.
            whys.add(_unread_reason(column))
            if column.minimum is not None or column.maximum is not None:
                reading = Reading("f", contract, Partition.parse("2026-11-05"), WORKSHOP.reference, b"k" * 16)
                values = read_value(column, pl.Series("text", ["-1", "99999999999"]), reading)
                whys |= set(_outside(column, values))
    assert len(whys) > 10
    assert {why for why in whys if _kind(why) not in sentences.CELLS} == set()


@pytest.mark.parametrize("dataset", WORKSHOP.contracts)
def test_no_sentence_is_left_with_a_gap(dataset: str) -> None:
    contract, suite = WORKSHOP.contracts[dataset], WORKSHOP.suites[dataset]
    reasons = [f"rule: {rule.name}" for rule in suite.rules]
    for column in contract.stored_columns:
        reasons += [f"{column.name}: {why}" for why in ("empty", "below 0", "above 1", _unread_reason(column))]
    for reason in reasons:
        told = MENDING.sentence(_row(dataset), reason)
        assert told.endswith("."), reason
        assert "{" not in told, reason
        assert "«»" not in told, reason
        assert ": ." not in told, reason


def test_a_code_that_is_not_in_the_list_is_told_the_list() -> None:
    assert MENDING.sentence(_row("portal_dossiers"), "channel_code: not in the list channel") == (
        "Chọn «Kênh nộp» trong danh mục: 1 Trực tiếp; 2 Trực tuyến; 3 Bưu chính công ích."
    )


def test_a_date_is_told_its_form() -> None:
    assert MENDING.sentence(_row("document_registers"), "document_date: not a readable date") == (
        "Ghi «Ngày của văn bản» là ngày có thật, dạng ngày/tháng/năm, ví dụ 05/11/2026."
    )


UNKNOWN = "author_unit_code: unknown or ambiguous unit"


@pytest.mark.parametrize(
    ("suggested", "told"),
    [
        ("; may be: H56.12 Sở Y tế (UBND tỉnh)", "Có thể là: H56.12 Sở Y tế (UBND tỉnh)."),
        (
            "; one of: H56.12.03 Văn phòng (Sở Y tế) | H56.13.03 Văn phòng (Sở Xây dựng)",
            "hãy ghi rõ đơn vị nào: H56.12.03 Văn phòng (Sở Y tế); H56.13.03 Văn phòng (Sở Xây dựng).",
        ),
        ("; merged into: H56.101 Xã Mới (UBND tỉnh)", "Đơn vị này đã nhập vào: H56.101 Xã Mới (UBND tỉnh)."),
        ("", "Ghi «Mã đơn vị ban hành» đúng theo danh mục đơn vị có hiệu lực trong kỳ. Đơn vị mới lập"),
    ],
)
def test_the_units_that_a_reason_suggests_are_told_in_its_words(suggested: str, told: str) -> None:
    sentence = MENDING.sentence(_row("document_registers"), UNKNOWN + suggested)
    assert sentence.startswith("Ghi «Mã đơn vị ban hành» đúng theo danh mục")
    assert told in sentence


def test_a_message_that_could_not_be_read_is_asked_for_again() -> None:
    reason = "file: cannot be read; the XML breaks off before its end"
    assert "gửi lại tệp này" in MENDING.sentence(_row("videoconference_calls"), reason)
    assert MENDING.columns_at_fault("videoconference_calls", reason) == []
    assert reason_vi(WORKSHOP, "videoconference_calls", reason) == "Cả tệp (bản ghi) này không đọc được"


def test_the_sentence_of_a_rule_stands_in_its_suite() -> None:
    assert MENDING.sentence(_row("portal_dossiers"), "rule: unit_code_is_present") == "Điền mã đơn vị."


def test_a_rule_of_an_analyst_without_a_sentence_is_told_by_its_own_words() -> None:
    told = MENDING.sentence(_row("portal_dossiers"), "rule: channel_is_mostly_reported")
    assert told == "Sửa để đúng quy tắc: Đa số hồ sơ có kênh nộp."


def test_a_rule_names_the_columns_that_it_compares() -> None:
    assert MENDING.columns_at_fault("portal_dossiers", "rule: due_at_not_before_received_at") == [
        "received_at",
        "due_at",
    ]
    assert MENDING.columns_at_fault("portal_dossiers", "rule: finished_dossier_has_a_finish_date") == [
        "status_code",
        "finished_at",
    ]
    assert "(Khóa hồ sơ, Thời điểm cập nhật bản ghi)" in MENDING.sentence(
        _row("portal_dossiers"), "rule: record_is_unique"
    )


def test_a_dataset_of_the_past_is_told_all_the_same() -> None:
    assert MENDING.title("a_dataset_of_the_past") == "a_dataset_of_the_past"
    assert MENDING.sentence(_row("a_dataset_of_the_past"), "x: empty") == sentences.ANOTHER_FAULT
