"""`khotinh publish` on a home that was built: a version more, and what is said of a reason that nothing waited for."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from tests.pipeline.conftest import Ran


def test_a_reason_that_nothing_waited_for_is_not_kept_and_it_says_so(usual_week: Ran, tmp_path: Path) -> None:
    home = replace(usual_week.home, folder=tmp_path / "data")
    shutil.copytree(usual_week.home.folder, home.folder, symlinks=True)
    pointer = home.folder / "published" / "warehouse.duckdb"
    before = pointer.readlink()
    assert home.khotinh("publish", "--accept", " ").returncode == 2
    assert pointer.readlink() == before

    done = home.khotinh("publish", "--accept", "họp giao ban")
    assert done.returncode == 0, done.stderr
    assert "Không có gì phải chờ ai; lý do không được lưu" in " ".join(done.stdout.split())
    version = pointer.readlink().stem.removeprefix("warehouse-")
    assert version > before.stem.removeprefix("warehouse-")
    assert "họp giao ban" not in (pointer.parent / f"manifest-{version}.json").read_text(encoding="utf-8")
