"""The demo province, as small as it can be."""

from __future__ import annotations

import pytest

from demo.province import Province, province
from tests.inspect.inspect_help import Export, exports


@pytest.fixture(scope="session")
def made() -> Province:
    return province(scale=0.01)


@pytest.fixture(scope="session")
def nine(made: Province) -> dict[str, Export]:
    """An export of each dataset."""
    return {found.dataset: found for found in exports(made)}
