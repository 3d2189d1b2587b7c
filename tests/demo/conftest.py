"""Provinces small enough to be made over and over: one week at a fiftieth of the size."""

from __future__ import annotations

import pytest

from demo.faults import DEFAULT_FAULTS
from demo.province import Province, province
from tests.demo.served_recount import SCALE


@pytest.fixture(scope="session")
def sound() -> Province:
    """A week without faults."""
    return province(scale=SCALE)


@pytest.fixture(scope="session")
def faulty() -> Province:
    """The same week with the faults of the default run."""
    return province(scale=SCALE, faults=DEFAULT_FAULTS)
