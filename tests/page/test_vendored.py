"""The one library that goes with the page is the one whose origin and licence are told."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from pipelines import page

HERE = Path(page.__file__).parent


def test_the_chart_library_is_the_build_that_its_notes_describe() -> None:
    notes = (HERE / "vendored" / "README.md").read_text(encoding="utf-8")
    assert sha256((HERE / "assets" / "echarts.min.js").read_bytes()).hexdigest() in notes


def test_its_licences_go_with_every_page() -> None:
    licences = (HERE / "assets" / "licences.txt").read_text(encoding="utf-8")
    assert "Apache License" in licences
    assert "BSD 3-Clause" in licences, "ZRender's"
