"""What is typed wrongly is told before anything is opened."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.cli.console import ExitCode


@pytest.mark.parametrize("arguments", [[], ["2026-11-05"], ["2026-13"], ["--reopen", "2026-11"]])
def test_what_cannot_be_meant_is_a_usage_error(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, ["close", *arguments]).exit_code == ExitCode.USAGE


def test_help_says_what_is_closed() -> None:
    said = CliRunner().invoke(app, ["close", "--help"])
    assert said.exit_code == ExitCode.DONE
    assert "marts.indicator_restatement" in said.output
