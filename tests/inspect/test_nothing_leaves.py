"""Looking at a file writes nothing, shows nobody's data, and survives files that were made to harm."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from demo.province import Province
from tests.inspect.inspect_help import (
    PERSONAL_KEYS,
    Export,
    dossiers,
    khotinh,
    looked_at,
    pages,
)
from tests.parse.parse_help import write


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file and folder below, with a file's size and time of change."""
    return {
        str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns) if path.is_file() else (0, 0)
        for path in sorted(folder.rglob("*"))
    }


def test_nothing_is_written_and_no_setting_is_asked(tmp_path: Path, nine: dict[str, Export]) -> None:
    export = nine["document_registers"]
    home, here = tmp_path / "home", tmp_path / "here"
    for folder in (home, here, tmp_path / "tmp"):
        folder.mkdir()
    file = write(here / export.name, export.content)
    write(here / ".env", "KHOTINH_HTTP_CONNECTIONS=not a number\nKHOTINH_PSEUDONYM_KEY=short\n")
    before = listing(tmp_path)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KHOTINH_")}
    done = subprocess.run(
        [str(Path(sys.executable).parent / "khotinh"), "inspect", str(file)],
        env={**kept, "HOME": str(home), "TMPDIR": str(tmp_path / "tmp"), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=here, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Sẽ được nhận | Would be accepted" in done.stdout
    assert listing(tmp_path) == before


def everything_said(file: Path, *options: str) -> str:
    results = [khotinh(file, *options), khotinh(file, *options, "--json")]
    return "".join(result.stdout + result.stderr for result in results)


def test_nothing_personal_of_a_dossier_is_shown(tmp_path: Path, made: Province) -> None:
    items = dossiers(made)
    for item in items[::40]:
        item["ngayNop"] = "32/13/2026 00:00:00"
        item["maHoSo"] = f"{item['chuHoSo']} {item['soDienThoai']}"
    secrets = {str(item[key]) for item in items for key in PERSONAL_KEYS if item.get(key) and len(str(item[key])) > 4}
    assert len(secrets) > 200
    file = write(tmp_path / "ho-so-2026-11-03.json", pages(items))
    said = everything_said(file)
    assert "32/13/2026" in said or "99/99/9999" in said  # rejected rows are shown
    assert "soDienThoai" in said
    assert [secret for secret in secrets if secret in said] == []


@pytest.mark.parametrize("options", [(), ("--dataset", "platform_accounts"), ("--dataset", "document_exchanges")])
def test_people_are_no_headings(tmp_path: Path, nine: dict[str, Export], options: tuple[str, ...]) -> None:
    rows = nine["platform_accounts"].content.decode("utf-8-sig").splitlines()[1:]
    file = write(tmp_path / "tai-khoan-202610.csv", "\n".join(rows))
    said = everything_said(file, *options)
    assert [row for row in rows if row.split(";")[0] in said or row.split(";")[1] in said] == []


def test_unknown_headings_are_told_by_place_and_shape_and_hidden_if_all_are(tmp_path: Path) -> None:
    answer = looked_at(write(tmp_path / "x.csv", "Lê Văn Tám;0912345678\nx;y\n"), "--dataset", "platform_accounts")
    assert (answer["unknown_headings"], answer["unknown_heading_count"]) == ([], 2)
    answer = looked_at(write(tmp_path / "x.csv", "TenDangNhap;CaLam\nx;y\n"), "--dataset", "platform_accounts")
    assert [unknown["heading"] for unknown in answer["unknown_headings"]] == ["column 2 (xxxxx)"]


@pytest.mark.parametrize("dataset", [(), ("--dataset", "document_exchanges")])
def test_a_line_without_end_is_not_read(tmp_path: Path, dataset: tuple[str, ...]) -> None:
    file = write(tmp_path / "x.csv", b"x" * 100_000)
    with file.open("r+b") as stream:
        stream.truncate(400 * 1024**2)
    before = _bytes_read()
    answer = looked_at(file, *dataset)
    assert _bytes_read() - before < 50 * 1024**2  # contracts, suites and registers are read too
    assert (answer["exit_code"], answer["refusal"]["vi"][:12]) == (3, "Trong 64 KB ")


def test_a_file_larger_than_any_export_is_not_read(tmp_path: Path) -> None:
    file = write(tmp_path / "x.json", b'{"items": [{"maHoSo": "' + b"x" * 100_000)
    with file.open("r+b") as stream:
        stream.truncate(2 * 1024**3)
    answer = looked_at(file, "--dataset", "portal_dossiers")
    assert (answer["file"]["is_too_large"], answer["signature"]["kind"], answer["exit_code"]) == (True, "json", 3)


def test_marks_that_steer_a_terminal_are_not_printed(tmp_path: Path) -> None:
    headings = "TenDangNhap;MaDonVi;NenTang;NgayCap;DangNhapCuoi;DaKhoa;\x1b]0;[bold]x[/bold]\x07"
    file = write(tmp_path / "a[red]\x1b[2J.csv", f"{headings}\nu;\x1b[31m;portal;x;x;x;x;x\n")
    said = khotinh(file, "--dataset", "platform_accounts").stdout
    assert "\x1b" not in said
    assert "a[red]" in said


@pytest.mark.parametrize("content", [
    b"[" * 50_000,
    b'{"items": ' + b"[" * 50_000,
    b'{"items": [1, 2]}',
    b"<?xml version='1.0'?><!DOCTYPE r [<!ENTITY a 'x'><!ENTITY b '&a;&a;'>]><records><record>&b;</record></records>",
    b"MaGoiTin;\xff\xfeMaVanBan;SoKyHieu\n1;2\n",
    b"__row_number;MaGoiTin;MaVanBan\n1;2;3\n",
    b'MaGoiTin;MaVanBan\n"' + b"x" * 200_000 + b'"\n',
    b"<table><tr><td colspan=99999999 rowspan=99999999>Mua",
])  # fmt: skip
def test_harmful_files_end_in_a_verdict(tmp_path: Path, content: bytes) -> None:
    file = write(tmp_path / "x", content)
    assert looked_at(file)["verdict"] == "refused"
    for dataset in ("portal_dossiers", "document_exchanges", "portal_statistics", "videoconference_calls"):
        assert looked_at(file, "--dataset", dataset)["exit_code"] in (0, 3)


def test_damaged_exports_end_in_a_verdict(tmp_path: Path, nine: dict[str, Export]) -> None:
    chance = random.Random(20261103)  # noqa: S311 (no secret)
    for export in nine.values():
        for _ in range(3):
            content = bytearray(export.content)
            at = chance.randrange(len(content))
            content[at : at + chance.randrange(40)] = chance.randbytes(20)
            assert looked_at(write(tmp_path / export.name, bytes(content)))["verdict"]


def _bytes_read() -> int:
    return int(Path("/proc/self/io").read_text().split()[1])
