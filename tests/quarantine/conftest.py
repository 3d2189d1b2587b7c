"""One small home a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.quarantine.quarantine_help import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with two small datasets and nothing in it."""
    return Home(tmp_path)
