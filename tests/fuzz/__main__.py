"""`make fuzz`: spoils files for so many seconds, prints what was found and where its file lies, and fails if there is any."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from tempfile import mkdtemp

from tests.fuzz.watch import fuzz


def main() -> int:
    """Arguments: seconds, and a seed to repeat a run."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 600
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else secrets.randbelow(10**6)
    folder = Path(mkdtemp(prefix="fuzz-"))
    found, counts = fuzz(folder, seed, seconds)
    for one in found:
        print(f"--- case {one.case}: {one.file}\n{one.what}")  # noqa: T201
    print(f"seed {seed}: {sum(counts.values())} files, {dict(counts)}")  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
