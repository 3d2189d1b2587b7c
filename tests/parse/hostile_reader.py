"""Reads one hostile file in a process of its own and says what became of it and what it cost, as JSON.

Run as `python -m tests.parse.hostile_reader FILE KIND`. Time and memory are those of the reading alone: a process that
has read a sound file of the layout before has its libraries loaded.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from pipelines.errors import DataRefusedError
from pipelines.parse.signature import read_signature
from tests.parse.parse_help import column, contract, read


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main(file: Path, kind: str) -> None:
    """Reads, and prints the refusal and its price."""
    of = contract(
        [column("ma"), column("so", "integer")], format={"kind": kind, **({"rows": "r"} if kind == "xml" else {})}
    )
    resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
    before, begin = _peak_bytes(), time.process_time()
    refusal = None
    try:
        read_signature(file)
        read(file, of)
    except DataRefusedError as error:
        refusal = str(error)
    seconds = time.process_time() - begin
    print(json.dumps({"refusal": refusal, "seconds": seconds, "bytes": _peak_bytes() - before}))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
