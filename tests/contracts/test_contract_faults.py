"""A malformed contract ends in one sentence that names the file and the key, before anything is pulled."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.contracts import read_contract, read_contracts
from pipelines.errors import ContractError
from pipelines.settings import SOURCES
from pipelines.validate.suites import read_suite

SOUND: dict[str, Any] = yaml.safe_load((SOURCES / "portal" / "portal_dossiers.yaml").read_text(encoding="utf-8"))
Change = Callable[[dict[str, Any]], object]


def _write(folder: Path, changed: dict[str, Any], name: str = "portal_dossiers.yaml", platform: str = "portal") -> Path:
    file = folder / platform / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(changed, allow_unicode=True), encoding="utf-8")
    return file


def _column(contract: dict[str, Any], name: str) -> dict[str, Any]:
    return next(column for column in contract["columns"] if column["name"] == name)


FAULTS: dict[str, tuple[Change, str]] = {
    "unknown key": (lambda c: c.update(colour="red"), "colour"),
    "unknown key of a column": (lambda c: _column(c, "unit_code").update(nulable=False), "nulable"),
    "unknown key of the source": (lambda c: c["source"].update(retries=3), "retries"),
    "format is missing": (lambda c: c.pop("format"), "format"),
    "owner is missing": (lambda c: c.pop("owner"), "owner"),
    "a column without its Vietnamese label": (lambda c: _column(c, "unit_code").pop("vi"), "vi"),
    "unknown key column": (lambda c: c.update(keys=["dossier_number"]), "dossier_number"),
    "a key that is personal and not kept": (lambda c: c.update(keys=["applicant_name"]), "applicant_name"),
    "no key": (lambda c: c.update(keys=[]), "keys"),
    "newest_by names no column": (lambda c: c.update(newest_by="changed_at"), "changed_at"),
    "changes without newest_by": (lambda c: c.pop("newest_by"), "newest_by"),
    "completeness of no column": (lambda c: c["completeness"].update(column="unit"), "unit"),
    "two columns of one name": (lambda c: c["columns"].append(deepcopy(_column(c, "unit_code"))), "unit_code"),
    "baseline without its query": (lambda c: c["source"].pop("baseline_query"), "baseline_query"),
    "a timestamp without format": (lambda c: _column(c, "updated_at").pop("format"), "updated_at"),
    "a code without its list": (lambda c: _column(c, "status_code").pop("code_list"), "code_list"),
    "a name that is not snake case": (lambda c: _column(c, "unit_code").update(name="Unit Code"), "Unit Code"),
    "a pseudonym of nothing personal": (lambda c: _column(c, "unit_code").update(pseudonym=True), "unit_code"),
    "an unknown type": (lambda c: _column(c, "unit_code").update(type="string"), "type"),
    "an unknown kind of file": (lambda c: c["format"].update(kind="pdf"), "kind"),
    "a share above one": (lambda c: c.update(max_quarantine_share=5), "max_quarantine_share"),
    "a group column that does not exist": (lambda c: c["format"].update(group_column="group_name"), "group_name"),
    "a pattern that is no regular expression": (lambda c: _column(c, "dossier_key").update(pattern="^(H56"), "pattern"),
    "a year of two digits": (lambda c: _column(c, "updated_at").update(format="%d/%m/%y"), "four digits"),
    "both ways of saying formats": (lambda c: _column(c, "updated_at").update(formats=["%d/%m/%Y"]), "not both"),
    "formats that may be confused": (
        lambda c: _column(c, "updated_at").update(format=None, formats=["%d/%m/%Y", "%m/%d/%Y"]),
        "may also be read",
    ),
    "an epoch of no workbook": (lambda c: _column(c, "updated_at").update(excel_serial=1905), "excel_serial"),
    "an epoch of a number": (lambda c: _column(c, "fee_amount").update(excel_serial=1900), "excel_serial"),
    "a percentage that does not say what a bare figure is": (
        lambda c: _column(c, "fee_amount").update(type="percent"),
        "percent_as",
    ),
    "a percentage's key for an amount": (lambda c: _column(c, "fee_amount").update(percent_as="sign"), "percent_as"),
    "hundredths in a workbook": (
        lambda c: (
            c.update(format={"kind": "xlsx"}),
            _column(c, "fee_amount").update(type="percent", percent_as="hundredths", maximum=100),
        ),
        "0.955%",
    ),
    "a share without bounds in a workbook": (
        lambda c: (
            c.update(format={"kind": "xlsx"}),
            _column(c, "fee_amount").update(type="percent", percent_as="share", maximum=100),
        ),
        "9550%",
    ),
    "a width of an amount": (lambda c: _column(c, "fee_amount").update(width=3), "width"),
    "one mark for two": (lambda c: _column(c, "fee_amount").update(thousands=".", decimal="."), "both the thousands"),
    "a separator of two signs": (lambda c: _column(c, "fee_amount").update(decimal=",,"), "decimal"),
    "a parent of a code": (lambda c: _column(c, "status_code").update(parent="unit_code"), "parent"),
    "a parent that holds no unit": (
        lambda c: _column(c, "unit_code").update(type="unit_name", parent="status_code"),
        "status_code",
    ),
    "a unit above itself": (lambda c: _column(c, "unit_code").update(type="unit_name", parent="unit_code"), "itself"),
    "version zero": (lambda c: c.update(version=0), "version"),
}


@pytest.mark.parametrize(("change", "key"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_said_with_its_file_and_its_key(change: Change, key: str, tmp_path: Path) -> None:
    contract = deepcopy(SOUND)
    change(contract)
    file = _write(tmp_path, contract)
    with pytest.raises(ContractError, match=r"portal_dossiers\.yaml") as caught:
        read_contract(file)
    assert key in str(caught.value)
    assert caught.value.next_step


def test_every_fault_is_named_not_only_the_first(tmp_path: Path) -> None:
    contract = deepcopy(SOUND)
    contract["owner"] = None
    _column(contract, "status_code")["typ"] = "code"
    with pytest.raises(ContractError) as caught:
        read_contract(_write(tmp_path, contract))
    assert "owner" in str(caught.value)
    assert "typ" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"- a\n- b\n", b"title: [", b"title: \xff\xfe", b"just a text"])
def test_what_is_no_yaml_mapping_is_no_contract(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "portal_dossiers.yaml"
    file.write_bytes(content)
    with pytest.raises(ContractError, match=r"portal_dossiers\.yaml"):
        read_contract(file)


def test_a_contract_lies_in_a_file_of_its_dataset(tmp_path: Path) -> None:
    _write(tmp_path, SOUND, name="dossiers.yaml")
    with pytest.raises(ContractError, match=r"dossiers.yaml describes portal_dossiers"):
        read_contracts(tmp_path)


def test_two_contracts_of_one_dataset_are_told_apart_by_nobody(tmp_path: Path) -> None:
    _write(tmp_path, SOUND, platform="portal")
    _write(tmp_path, SOUND, platform="platform")
    with pytest.raises(ContractError, match=r"portal_dossiers.*twice"):
        read_contracts(tmp_path)


def test_a_folder_without_contracts_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=str(tmp_path)):
        read_contracts(tmp_path)


SUITE_FAULTS = {
    "unknown key": ("{name: a, type: t, kwargs: {}, on_failure: flag, says: {vi: v, en: e}, sverity: x}", "sverity"),
    "unknown consequence": ("{name: a, type: t, kwargs: {}, on_failure: ignore, says: {vi: v, en: e}}", "on_failure"),
    "no sentence": ("{name: a, type: t, kwargs: {}, on_failure: flag}", "says"),
    "not YAML": ("{name: a", "not a suite"),
}


@pytest.mark.parametrize(("rule", "key"), SUITE_FAULTS.values(), ids=SUITE_FAULTS.keys())
def test_a_malformed_suite_is_said_with_its_file_and_its_key(rule: str, key: str, tmp_path: Path) -> None:
    (tmp_path / "portal_dossiers.yaml").write_text(f"dataset: portal_dossiers\nrules:\n  - {rule}\n", encoding="utf-8")
    with pytest.raises(ContractError, match=r"portal_dossiers\.yaml") as caught:
        read_suite(tmp_path, "portal_dossiers")
    assert key in str(caught.value)


def test_a_dataset_without_a_suite_is_said_to_lack_it(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"portal_dossiers.yaml is missing"):
        read_suite(tmp_path, "portal_dossiers")


def test_a_suite_under_another_datasets_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "officer_forms.yaml").write_text("dataset: portal_dossiers\nrules: []\n", encoding="utf-8")
    with pytest.raises(ContractError, match="portal_dossiers"):
        read_suite(tmp_path, "officer_forms")
