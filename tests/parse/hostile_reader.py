"""Reads one hostile file in a process of its own and says what became of it and what it cost, as JSON.

Run as `python -m tests.parse.hostile_reader FILE KIND`. Time and memory are those of the reading alone: a process that
has read a sound file of the layout before has its libraries loaded.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from pipelines.errors import DataRefusedError
from pipelines.parse.containers.signature import read_signature
from tests.parse.parse_help import column, contract, read


def _peak_bytes(whose: int) -> int:
    if whose == resource.RUSAGE_CHILDREN:
        return resource.getrusage(whose).ru_maxrss * 1024
    # Not ru_maxrss: a new process begins with what the one that started it had.
    return int(Path("/proc/self/status").read_text(encoding="utf-8").partition("VmHWM:")[2].split()[0]) * 1024


def _seconds() -> float:
    """Of this process and of those that it started, a workbook's reader among them."""
    return sum(sum(resource.getrusage(whose)[:2]) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def main(file: Path, kind: str) -> None:
    """Reads, and prints the refusal and its price."""
    of = contract(
        [column("ma"), column("so", "integer")], format={"kind": kind, **({"rows": "r"} if kind == "xml" else {})}
    )
    resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
    before, begin = _peak_bytes(resource.RUSAGE_SELF), _seconds()
    refusal = None
    try:
        read_signature(file)
        read(file, of)
    except DataRefusedError as error:
        refusal = str(error)
    seconds = _seconds() - begin
    most = max(_peak_bytes(resource.RUSAGE_SELF) - before, _peak_bytes(resource.RUSAGE_CHILDREN))
    print(json.dumps({"refusal": refusal, "seconds": seconds, "bytes": most}))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
