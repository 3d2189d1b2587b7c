"""`python -m bi.superset PUBLISHED BUNDLE`: writes the bundle to import."""

from __future__ import annotations

import sys
from pathlib import Path

from bi.superset.bundle import bundle

if len(sys.argv) != 3:  # noqa: PLR2004
    sys.exit("python -m bi.superset data/published/warehouse.duckdb kho-tinh.zip")
Path(sys.argv[2]).write_bytes(bundle(Path(sys.argv[1])))
