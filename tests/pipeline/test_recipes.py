"""Every code block of the recipes for Python and the command line, on the usual week: it prints what its page shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipeline.conftest import Ran
from tests.pipeline.recipes import recipes, run_python, run_shell


@pytest.fixture
def folder(usual_week: Ran, tmp_path: Path) -> Path:
    """A folder in which `data/published` is the usual week's, and where a recipe may write."""
    (tmp_path / "data").symlink_to(usual_week.home.folder)
    return tmp_path


def test_the_python_recipes_print_what_their_page_shows(folder: Path) -> None:
    blocks = recipes("python.md", "python")
    assert len(blocks) > 4
    assert run_python(blocks, folder) == [block.shown for block in blocks]


def test_the_command_line_recipes_print_what_their_page_shows(folder: Path) -> None:
    blocks = recipes("duckdb-cli.md", "sh")
    assert len(blocks) > 3
    assert run_shell(blocks, folder) == [block.shown for block in blocks]
