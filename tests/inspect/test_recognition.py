"""Whose file it is: the demo's nine exports, the same tables in wrong formats, and files that nobody knows."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from demo.province import Province
from pipelines.calendar import Partition
from pipelines.contracts import Contract
from pipelines.ingest import Workshop
from pipelines.inspection import inspect_file
from pipelines.inspection.guess import Confidence, rank
from pipelines.parse.cells.values import Reading
from pipelines.parse.containers.signature import read_signature
from pipelines.parse.sheets import workbook
from pipelines.settings import EXPECTATIONS, SOURCES
from tests.inspect.inspect_help import DAY, WORKSHOP, Export, dossiers, file_named, looked_at, zipped
from tests.parse.parse_help import write
from tests.shipped import shipped_contracts


@pytest.mark.parametrize(
    "dataset", sorted(name for name, contract in shipped_contracts().items() if not contract.is_optional)
)
def test_each_export_is_known_and_would_be_accepted(tmp_path: Path, nine: dict[str, Export], dataset: str) -> None:
    export = nine[dataset]
    found = inspect_file(WORKSHOP, write(tmp_path / export.name, export.content))
    assert found.contract is not None
    assert (found.contract.dataset, found.confidence) == (dataset, Confidence.SURE)
    assert found.period is not None
    assert (found.period.partition.key, found.period.said_by) == (export.period, "file_name")
    assert found.mapping is not None
    assert (found.mapping.missing, found.mapping.unknown) == ((), ())
    assert found.place is not None
    assert found.place.heading_rows == export.heading_rows
    assert not found.is_refused
    assert found.judgement is not None
    assert found.judgement.rows_read == found.place.row_count > 0


def test_dossiers_saved_as_csv_are_known_and_stopped(tmp_path: Path, made: Province) -> None:
    text = io.StringIO()
    rows = dossiers(made)[:20]
    writer = csv.DictWriter(text, list(rows[0]), delimiter=",")
    writer.writeheader()
    writer.writerows(rows)
    answer = looked_at(write(tmp_path / "ho-so.csv", text.getvalue()))
    assert (answer["dataset"], answer["confidence"]) == ("portal_dossiers", "sure")
    assert (answer["mismatch"], answer["verdict"], answer["exit_code"]) == ("kind", "refused", 3)
    assert answer["refusal"]["vi"].startswith("Tệp là CSV; portal_dossiers cần JSON.")
    assert answer["columns"] == []


@pytest.mark.parametrize(
    ("change", "mismatch"),
    [
        (lambda content: content.decode("utf-8-sig").replace(";", ",").encode(), "delimiter"),
        (lambda content: content.decode("utf-8-sig").encode("utf-16"), "encoding"),
        (lambda content: content.decode("utf-8-sig").encode("cp1258", "replace"), "encoding"),
    ],
)
def test_an_unreadable_csv_is_known_by_its_headings(
    tmp_path: Path, nine: dict[str, Export], change: object, mismatch: str
) -> None:
    assert callable(change)
    answer = looked_at(write(tmp_path / "x.csv", change(nine["document_exchanges"].content)))
    assert (answer["dataset"], answer["mismatch"], answer["exit_code"]) == ("document_exchanges", mismatch, 3)


def test_a_workbook_named_xls_is_read_all_the_same(tmp_path: Path, nine: dict[str, Export]) -> None:
    export = replace(nine["document_registers"], name=f"so-{DAY}.xls")
    answer = looked_at(write(tmp_path / export.name, export.content))
    assert (answer["dataset"], answer["verdict"]) == ("document_registers", "accepted")


def test_two_contracts_that_fit_alike_are_both_named(tmp_path: Path, nine: dict[str, Export]) -> None:
    sources, suites = tmp_path / "sources", tmp_path / "expectations"
    (sources / "officer").mkdir(parents=True)
    suites.mkdir()
    for name in ("officer_forms", "officer_figures"):
        contract = yaml.safe_load((SOURCES / "officer" / "officer_forms.yaml").read_text(encoding="utf-8"))
        suite = yaml.safe_load((EXPECTATIONS / "officer_forms.yaml").read_text(encoding="utf-8"))
        write(sources / "officer" / f"{name}.yaml", json.dumps({**contract, "dataset": name}))
        write(suites / f"{name}.yaml", json.dumps({**suite, "dataset": name}))
    workshop = Workshop(WORKSHOP.settings, sources, suites)
    export = nine["officer_forms"]
    found = inspect_file(workshop, write(tmp_path / export.name, export.content))
    assert found.confidence is Confidence.NEAR
    assert [candidate.dataset for candidate in found.candidates] == ["officer_figures", "officer_forms"]
    assert [candidate.score for candidate in found.candidates] == [1.0, 1.0]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("lich.csv", b"Ngay;Viec\n1;2\n"),
        ("x.json", b'{"data": [{"a": 1}]}'),
        ("x.xml", b"<a><b/></a>"),
        ("x.zip", zipped({"a.csv": b"MaGoiTin;MaVanBan\n"})),
        ("x.pdf", b"%PDF-1.4"),
        ("x.csv", b""),
    ],
)
def test_nobodys_file_is_refused_without_a_guess(tmp_path: Path, name: str, content: bytes) -> None:
    answer = looked_at(write(tmp_path / name, content))
    assert (answer["dataset"], answer["confidence"], answer["verdict"]) == (None, "unknown", "refused")
    assert answer["refusal"]["vi"].startswith("Không bộ dữ liệu nào")
    assert answer["exit_code"] == 3


def test_a_register_cut_short_is_told_as_such(tmp_path: Path, made: Province) -> None:
    content = file_named(made, f"so-van-ban-den-{DAY:%Y%m%d}.xlsx")
    answer = looked_at(write(tmp_path / "so.xlsx", content[: len(content) // 2]), "--dataset", "document_registers")
    assert (answer["signature"]["is_damaged"], answer["mismatch"], answer["exit_code"]) == (True, "damaged", 3)


def test_a_workbook_is_opened_once_however_many_contracts_there_are(
    tmp_path: Path, nine: dict[str, Export], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not once a contract: a large one takes seconds each time. Then it is looked at, and judged."""
    opened: list[Path] = []
    ask = workbook._asked

    def counted(file: Path, folder: str, places: list[int] | None, *, with_numbers: bool) -> dict[str, Any]:
        opened.append(file)
        return ask(file, folder, places, with_numbers=with_numbers)

    monkeypatch.setattr(workbook, "_asked", counted)
    export = nine["document_registers"]
    file = write(tmp_path / export.name, export.content)
    contracts = list(WORKSHOP.contracts.values())
    key = b"a key of the tests, not a secret"

    def reading_for(contract: Contract) -> Reading:
        return Reading(export.name, contract, Partition.of_day(DAY), WORKSHOP.reference, key)

    best = rank(file, read_signature(file), contracts, reading_for)[0]
    assert (best.dataset, best.headings_share, best.cells_share) == ("document_registers", 1.0, 1.0)
    assert len(opened) == 1
    inspect_file(WORKSHOP, file)
    assert len(opened) == 1 + 3
