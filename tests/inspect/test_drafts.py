"""A contract that is drafted from a file is accepted, reads that file, and tells nobody's data."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pydantic import SecretStr

from pipelines.calendar import Partition
from pipelines.contracts import Contract, read_contract
from pipelines.ingest import Workshop, ingest
from pipelines.inspection.draft import draft_file, known_of
from pipelines.inspection.inspection import period_of
from pipelines.inspection.skeleton import contract_yaml
from pipelines.inspection.trials import Known
from pipelines.parse import parse
from pipelines.parse.cells.values import Reading
from pipelines.parse.containers.signature import read_signature
from pipelines.settings import EXPECTATIONS, SOURCES, Settings
from pipelines.validate.suites import read_suite
from tests.inspect.inspect_help import PERSONAL_KEYS, WORKSHOP, Export, dossiers, khotinh, looked_at, pages
from tests.inspect.layouts_seen import LAYOUTS, PERSONS, PHONES, ROWS, TITLES, Layout, sheet
from tests.parse.parse_help import write

PAYMENTS = next(layout for layout in LAYOUTS if layout.name.startswith("thanh-toan"))
# What a file without its contract cannot tell: numbers that are codes, a text's pattern, a column that is empty.
UNTOLD = {"LoaiNghiepVu", "TrangThai", "DoMat", "MaVanBan", "SoKyHieu", "Số, ký hiệu văn bản", "kenhNop", "mucDoDVC",
          "loaiChuHoSo", "trangThai", "hinhThucTra", "thanhToanTrucTuyen", "callLeg/state", "callLeg/reason"}  # fmt: skip


def drafted(file: Path, *options: str) -> tuple[Path, Contract]:
    """The file's draft as the command prints it, beside the file."""
    result = khotinh(file, "--draft", *options)
    assert result.exit_code == 0, result.stderr
    contract = write(file.with_suffix(".draft.yaml"), result.stdout)
    return contract, read_contract(contract)


def drafted_once(file: Path) -> tuple[Path, str]:
    """The file's draft, from the document that holds the YAML too, and all of what that says."""
    result = khotinh(file, "--draft", "--json")
    assert result.exit_code == 0, result.stderr
    return write(file.with_suffix(".draft.yaml"), json.loads(result.stdout)["contract_yaml"]), result.stdout


def kind(contract: Contract, heading: str) -> str:
    """What a heading was found to be."""
    column = next(column for column in contract.columns if heading in column.headings)
    return f"personal:{column.personal}" if column.personal else column.type


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_each_layout_seen_is_drafted_accepted_and_read(tmp_path: Path, layout: Layout) -> None:
    file = tmp_path / layout.name
    layout.write(file)
    path, said = drafted_once(file)
    contract = read_contract(path)
    assert {heading: kind(contract, heading) for heading in layout.types} == layout.types
    answer = looked_at(file, "--contract", str(path))
    assert answer["rows"] == {"read": layout.rows, "accepted": layout.rows, "quarantined": 0, "duplicate": 0}, answer[
        "reasons"
    ]
    assert answer["verdict"].startswith("accepted"), answer["refusal"]
    assert [secret for secret in (*PERSONS, *PHONES) if secret in said] == []


def test_the_provinces_exports_are_drafted_without_their_contracts(tmp_path: Path, nine: dict[str, Export]) -> None:
    words = known_of(WORKSHOP.contracts.values()).trade_words
    for dataset, export in nine.items():
        shipped = WORKSHOP.contracts[dataset]
        file = write(tmp_path / export.name, export.content)
        draft = draft_file(WORKSHOP, file, read_signature(file), known=Known(trade_words=words))
        path = write(tmp_path / f"{dataset}.yaml", contract_yaml(draft))
        contract = read_contract(path)
        period = period_of(contract, None, file.name).partition
        parsed = parse(file, Reading(file.name, contract, period, WORKSHOP.reference, b"a key for nothing"))
        assert parsed.rows_read == parsed.rows.height + parsed.rows_duplicate > 0, dataset
        # Of a column that is empty in the file only its heading speaks.
        found = {heading: one.column for one in draft.columns for heading in one.column.headings if one.filled}
        for column in shipped.columns:
            for heading in set(column.headings) & found.keys() - UNTOLD:
                own = found[heading]
                if column.type != "count_of":
                    assert (own.type, bool(own.personal)) == (column.type, bool(column.personal)), (dataset, heading)
                if column.personal and not column.pseudonym:
                    assert not own.is_stored, (dataset, heading)


def test_known_headings_bring_their_column_with_them(tmp_path: Path, nine: dict[str, Export]) -> None:
    export = nine["document_registers"]
    _, contract = drafted(write(tmp_path / export.name, export.content), "--dataset", "other_registers")
    shipped = WORKSHOP.contracts["document_registers"].column("document_symbol")
    own = contract.column("document_symbol")
    assert (own.pattern, own.vi, own.en) == (shipped.pattern, shipped.vi, shipped.en)
    assert contract.dataset == "other_registers"


def test_nobody_of_a_dossier_is_in_its_draft(tmp_path: Path, made: Any) -> None:
    items = dossiers(made)[:40]
    secrets = {str(item[key]) for item in items for key in PERSONAL_KEYS if item.get(key) and len(str(item[key])) > 4}
    # Under other keys, too: nothing known says that they are personal.
    renamed = [{f"truong{place}": value for place, value in enumerate(item.values())} for item in items]
    for name, rows in (("a.json", items), ("b.json", renamed)):
        file = write(tmp_path / name, pages(rows))
        results = [khotinh(file, "--draft"), khotinh(file, "--draft", "--json"), khotinh(file)]
        said = "".join(result.stdout + result.stderr for result in results)
        assert len(said) > 1_000
        assert [secret for secret in secrets if secret in said] == []
        # Whose column it is must show in the cells alone; what is kept of it is a hash.
        known = known_of(WORKSHOP.contracts.values())
        kept = draft_file(WORKSHOP, file, read_signature(file), known=known).contract.stored_columns
        plain = [heading for column in kept if not column.pseudonym for heading in column.headings]
        assert [heading for heading in plain if secrets & {str(row.get(heading)) for row in rows}] == []


@pytest.mark.parametrize("content", [
    "Lê Văn Tám;0912345678\nĐỗ Thị Bé;0987654321\n",
    "nguyenvana;H56.12;02/11/2026\ntranthib;H56.13;03/11/2026\n",
    "nguyenvana;tranthib\nlethic;phamvand\ndothie;vothif\n",
    "", "chỉ có chữ và một cột",
])  # fmt: skip
def test_a_file_without_a_heading_is_not_drafted_and_not_told(tmp_path: Path, content: str) -> None:
    file = write(tmp_path / "x.csv", content)
    results = [khotinh(file, "--draft"), khotinh(file, "--draft", "--json"), khotinh(file)]
    assert [result.exit_code for result in results][:2] == [3, 3] or content.startswith("chỉ")
    assert json.loads(results[1].stdout)["exit_code"] == results[1].exit_code
    said = "".join(result.stdout + result.stderr for result in results)
    assert [
        cell
        for line in content.split("\n")
        for cell in line.split(";")
        if len(cell) > 5 and cell in said and ";" in line
    ] == []


def test_an_unknown_file_is_described_and_the_draft_advised(tmp_path: Path) -> None:
    file = tmp_path / PAYMENTS.name
    PAYMENTS.write(file)
    said = khotinh(file).stdout
    assert "Mã tham chiếu" in said
    assert "--draft" in said
    # A text is held against every contract at once; a workbook would be opened for each.
    answer = looked_at(write(tmp_path / "x.csv", "Mã tham chiếu;Số lượng\nGD1;5\nGD2;6\n"))
    assert (answer["dataset"], answer["draft"]["row_count"], answer["exit_code"]) == (None, 2, 3)


def test_dates_that_could_be_either_are_read_by_the_files_own_day(tmp_path: Path) -> None:
    rows = "\n".join(f"K{place:03d};11/03/2026" for place in range(20))
    file = write(tmp_path / "x-20261103.csv", f"Mã phiếu;Ngày lập\n{rows}\n")
    _, contract = drafted(file)
    assert contract.column("ngay_lap").format == "%m/%d/%Y"
    file = write(tmp_path / "y.csv", f"Mã phiếu;Ngày lập\n{rows}\n")
    path, contract = drafted(file)
    assert contract.column("ngay_lap").format == "%d/%m/%Y"
    assert "không phân biệt được ngày với tháng" in path.read_text()


def test_a_point_before_three_digits_is_asked_about(tmp_path: Path) -> None:
    rows = "\n".join(f"K{place:03d};{place + 1}.250" for place in range(20))
    path, contract = drafted(write(tmp_path / "x-20261103.csv", f"Mã phiếu;Số lượng\n{rows}\n"))
    assert (contract.format.thousands, contract.format.decimal) == (".", ",")
    assert "luôn ba chữ số sau dấu" in path.read_text()


def test_draft_writes_both_files_once_and_they_bring_rows_in(tmp_path: Path) -> None:
    """A new system is connected by its contract alone: drafted, tried, and its rows are in the warehouse."""
    for folder in (SOURCES, EXPECTATIONS):
        shutil.copytree(folder, tmp_path / folder.name)
    place = tmp_path / "sources" / "payments"
    place.mkdir()
    (tmp_path / "in").mkdir()
    file = tmp_path / "in" / PAYMENTS.name
    PAYMENTS.write(file)
    options = ("--draft", "--dataset", "portal_payments", "--into", str(place))
    assert khotinh(file, *options).exit_code == 0
    read_suite(tmp_path / "expectations", "portal_payments")
    before = (place / "portal_payments.yaml").read_text()
    write(place / "portal_payments.yaml", before + "# settled\n")
    assert khotinh(file, *options).exit_code == 2
    assert (place / "portal_payments.yaml").read_text().endswith("# settled\n")
    settings = Settings.model_validate({
        "home": tmp_path / "home", "pseudonym_key": SecretStr("sixteen letters or more"),
        "payments_url": (tmp_path / "in").as_uri(),
    })  # fmt: skip
    workshop = Workshop(settings, sources=tmp_path / "sources", expectations=tmp_path / "expectations")
    attempts = ingest(workshop, "portal_payments", Partition.of_day(date(2026, 11, 3)))
    assert [(one.outcome, one.rows_accepted, one.rows_quarantined) for one in attempts] == [("loaded", ROWS, 0)]
    with duckdb.connect(str(settings.warehouse_file), read_only=True) as connection:
        total = connection.execute("SELECT count(*), sum(so_tien_vnd) FROM raw.portal_payments").fetchone()
    assert total == (ROWS, sum((row + 1) * 1_000_000 + row * 7 % 1000 * 1_000 for row in range(ROWS)))


@pytest.mark.parametrize("options", [
    ("--into", "."), ("--draft", "--contract", "x.yaml"), ("--draft", "--dataset", "Not-A-Name"),
])  # fmt: skip
def test_options_that_do_not_go_together_are_usage_errors(
    tmp_path: Path, options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sheet("STT | Mã phiếu", TITLES)(tmp_path / "x.xlsx")
    write(tmp_path / "x.yaml", "")
    assert khotinh(tmp_path / "x.xlsx", *options).exit_code == 2
