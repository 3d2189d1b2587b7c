"""Which process runs which test, and in what order: long work first, so that no process is left with it at the end."""

from __future__ import annotations

import pytest

WHOLE_RUNS = ("pipeline", "faults", "quarantine")
"""Folders whose tests run the whole job."""
LONGEST_NAME = 40
"""Most bytes of a parameter that name its test."""


def pytest_make_parametrize_id(val: object) -> str | None:
    """A file's bytes are no name: they hold the moment of their making, and every process must find the same tests."""
    return "bytes" if isinstance(val, bytes) and len(val) > LONGEST_NAME else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Groups the tests for `--dist loadgroup`: all that read the usual week in one process, else a file in one."""
    shares = {item for item in items if "usual_week" in getattr(item, "fixturenames", ())}
    for item in items:
        item.add_marker(pytest.mark.xdist_group("usual_week" if item in shares else str(item.path)))
    items.sort(key=lambda item: (item not in shares, item.path.parent.name not in WHOLE_RUNS))


def pytest_collection_finish(session: pytest.Session) -> None:
    """A runner that no longer sees the groups would run every shared week once a process, and tell nobody."""
    if session.config.getoption("loadgroup", default=False) and not all("@" in item.nodeid for item in session.items):
        raise pytest.UsageError("xdist does not see the tests' groups; this pytest and this xdist do not fit.")
