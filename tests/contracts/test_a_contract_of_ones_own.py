"""What sources/README.md tells a newcomer to do, done: a file never seen becomes a table, and nothing else breaks by it.

In a copy of the project, for a contract and a suite are added to it. The whole `khotinh run` and the whole suite of tests
would take minutes; here are the steps of the run that know contracts, and the tests that read every contract.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from demo.serve import SYSTEMS
from pipelines.settings import PROJECT

COPIED = ("pipelines", "sources", "expectations", "dbt_project", "demo", "tests", "docs")
ASK_EVERY_CONTRACT = [
    "tests/contracts", "tests/extract/test_reach.py", "tests/quarantine/test_mending.py",
    "tests/pipeline/test_optional_systems.py::test_it_is_asked_for_where_its_address_is_set_or_its_name_is_given",
]  # fmt: skip
RUN = """
import json
from pipelines.calendar import Partition
from pipelines.ingest import Workshop, ingest
from pipelines.load.warehouse import open_warehouse
from pipelines.settings import Settings
workshop = Workshop(Settings(_env_file=None))
(attempt,) = ingest(workshop, "newcomer_payments", Partition.parse("2026-11-03"))
with open_warehouse(workshop.settings) as connection:
    total = connection.execute("SELECT count(*), sum(so_tien_dong)::INTEGER, count(DISTINCT don_vi_thu) FROM raw.newcomer_payments")
    print(json.dumps({"outcome": attempt.outcome, "table": total.fetchone()}))
"""
DEMO = """
import json
from pipelines.cli.run import not_connected
from pipelines.extract import check
from pipelines.ingest import Workshop
from pipelines.settings import Settings
workshop = Workshop(Settings(_env_file=None))
told = not_connected(workshop.contracts["newcomer_payments"], workshop.settings)
connections = [name for name, _ in check(workshop.contracts.values(), workshop.settings)]
print(json.dumps({"asked": list(workshop.asked()), "connections": connections, "told": str(told)}))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with a contract and a suite that were drafted from a file that it has never seen."""
    folder = tmp_path_factory.mktemp("newcomer") / "khotinh"
    for name in COPIED:
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "target", "logs"))
    shutil.copy(PROJECT / "pyproject.toml", folder)
    file = folder.parent / "exports" / "thu-phi" / "gd-20261103.xlsx"
    _write_payments(file)
    where = folder / "sources" / "newcomer"
    where.mkdir()
    asked = ["inspect", str(file), "--draft", "--dataset", "newcomer_payments", "--into", str(where)]
    _python(folder, "-c", "from pipelines.cli.app import app; app()", *asked)
    contract = where / "newcomer_payments.yaml"
    lines = contract.read_text(encoding="utf-8").splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("source: "))
    lines[place] = (
        "source: {kind: drop_folder, connection: newcomer, folder: thu-phi, name_pattern: 'gd-{year}{month}{day}.xlsx'}"
    )
    contract.write_text("\n".join(lines), encoding="utf-8")
    return folder


def _write_payments(file: Path) -> None:
    """A list of payments as a system of its own writes it; whoever paid is nobody."""
    file.parent.mkdir(parents=True)
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet("Thu phí")
        sheet.write(0, 0, f"BẢNG KÊ THANH TOÁN PHÍ, LỆ PHÍ TRỰC TUYẾN NGÀY {date(2026, 11, 3):%d/%m/%Y}")
        heads = ("STT", "Mã giao dịch", "Đơn vị thu", "Người nộp", "Ngày nộp", "Số tiền (đồng)")
        sheet.write_row(2, 0, heads)
        for row in range(40):
            unit = ("Sở Y tế", "Sở Nội vụ", "Sở Xây dựng", "Sở Tư pháp")[row % 4]
            cells = (
                row + 1,
                f"GD-261103-{row:04}",
                unit,
                f"Nguyễn Văn {'ABCDEFG'[row % 7]}",
                "03/11/2026",
                50_000 + row,
            )
            sheet.write_row(3 + row, 0, cells)


def _python(project: Path, *arguments: str, **settings: str) -> str:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("KHOTINH_", "PYTEST_"))}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=project, env={**own, "PYTHONPATH": str(project), **settings},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout[-4000:]}{done.stderr[-4000:]}"
    return done.stdout


def test_its_file_goes_from_a_drop_folder_into_a_table(project: Path, tmp_path: Path) -> None:
    settings = {
        "KHOTINH_HOME": str(tmp_path / "home"),
        "KHOTINH_PSEUDONYM_KEY": "a key of the tests",
        "KHOTINH_NEWCOMER_URL": (project.parent / "exports").as_uri(),
    }
    answer = json.loads(_python(project, "-c", RUN, **settings))
    assert answer == {"outcome": "loaded", "table": [40, 40 * 50_000 + 39 * 40 // 2, 4]}


def test_the_demo_province_leaves_it_out_and_says_so_even_where_its_address_is_set(project: Path) -> None:
    settings = {"KHOTINH_SYSTEMS": ",".join(SYSTEMS), "KHOTINH_NEWCOMER_URL": (project.parent / "exports").as_uri()}
    answer = json.loads(_python(project, "-c", DEMO, **settings))
    assert "newcomer_payments" not in answer["asked"]
    assert answer["connections"] == sorted(SYSTEMS)
    assert "newcomer_payments is not connected" in answer["told"]


def test_the_tests_that_ask_every_contract_pass_beside_it(project: Path) -> None:
    _python(project, "-m", "pipelines.contracts_to_dbt")
    others = ["--deselect", "tests/contracts/test_a_contract_of_ones_own.py", "-p", "no:cacheprovider"]
    told = _python(project, "-m", "pytest", "-q", "-x", *others, *ASK_EVERY_CONTRACT)
    assert " failed" not in told
