"""A unit has a row for each of its validities: whoever joins by the code alone counts a renamed unit twice, silently."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipelines.settings import DBT_PROJECT, EXPECTATIONS

ROOT = DBT_PROJECT.parent
# Asking whether a code is known, or how many there are, doubles nothing.
HARMLESS = re.compile(
    r"\bIN \(\s*SELECT\s+unit_code\s+FROM\s+\S*dim_unit\)|count\(DISTINCT\s+unit_code\)\s+FROM\s+\S*dim_unit",
    re.IGNORECASE,
)
TOLD_BY = ("valid_from", "is_latest", "is_current")
READERS = [
    file
    for folder, pattern in (
        (DBT_PROJECT / "models", "*.sql"), (DBT_PROJECT / "tests", "*.sql"), (EXPECTATIONS, "*.yaml"),
        (ROOT / "pipelines", "*.py"), (ROOT / "docs", "*.md"),
    )
    for file in sorted(folder.rglob(pattern))
    if "dim_unit" in HARMLESS.sub("", file.read_text(encoding="utf-8"))
]  # fmt: skip


@pytest.mark.parametrize("file", READERS, ids=lambda file: str(file.relative_to(ROOT)))
def test_whoever_reads_units_says_which_validity_is_meant(file: Path) -> None:
    assert any(word in file.read_text(encoding="utf-8") for word in TOLD_BY), (
        f"{file.name} reads dim_unit: join on is_latest, or on the day between valid_from and valid_to"
    )


def test_there_are_such_readers() -> None:
    assert len(READERS) > 5
