"""How the tests are shared out among processes: a file stays together, and so does all that reads the usual week.

A home that a fixture has filled is filled once. `--dist loadgroup` is what reads the groups.
"""

from __future__ import annotations

import pytest

SHARED_HOME = "usual_week"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Names each test's group."""
    readers = {item.path for item in items if SHARED_HOME in getattr(item, "fixturenames", ())}
    for item in items:
        group = SHARED_HOME if item.path in readers else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))
