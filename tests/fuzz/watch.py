"""Gives spoilt files to a worker, with an eye on the clock and on its memory; what is found is kept with its file."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from pipelines.settings import PROJECT
from tests.fuzz.corpus import Sound, corpus
from tests.fuzz.spoiling import spoilt

MOST_SECONDS = 10.0
_START_SECONDS = 120.0
MOST_BYTES = 1024 * 1024 * 1024


@dataclass(frozen=True)
class Finding:
    """A file that was neither read nor refused, and what happened instead."""

    case: str
    what: str
    file: Path


class Worker:
    """A process that reads files, made anew when it dies or must be killed.

    Args:
        folder: For what it unpacks.
        most_seconds: After which it hangs.
    """

    def __init__(self, folder: Path, most_seconds: float) -> None:
        self._folder = folder
        self._most_seconds = most_seconds
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, file: Path, sound: Sound) -> dict[str, Any]:
        """What becomes of one file."""
        # Its first answer waits for the imports.
        patience = self._most_seconds if self._process else _START_SECONDS
        process = self._process or self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"file": str(file), "sound": sound.name}).encode() + b"\n")
        process.stdin.flush()
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            is_there = bool(selector.select(patience))
        line = process.stdout.readline() if is_there else b""
        if line:
            return dict(json.loads(line))
        self.stop()
        return {"outcome": "finding", "what": "its reader died" if is_there else "it hangs", "bytes": 0}

    def stop(self) -> None:
        """Ends the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _started(self) -> subprocess.Popen[bytes]:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz.worker", str(self._folder)],
            cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=os.environ | {"POLARS_MAX_THREADS": "2"},
        )  # fmt: skip
        return self._process


def fuzz(
    folder: Path, seed: int, seconds: float, most_cases: int | None = None, most_seconds: float = MOST_SECONDS
) -> tuple[list[Finding], Counter[str]]:
    """Spoils and reads until the time is over or so many cases are done.

    Returns:
        What was found, and how often each outcome came.
    """
    sounds = corpus()
    found: list[Finding] = []
    counts: Counter[str] = Counter()
    (scratch := folder / "scratch").mkdir(parents=True, exist_ok=True)
    worker = Worker(scratch, most_seconds)
    end, case = time.monotonic() + seconds, 0
    try:
        while time.monotonic() < end and (most_cases is None or case < most_cases):
            random = Random(f"{seed} {case}")  # noqa: S311 -- no secret
            sound = sounds[case % len(sounds)]
            file = folder / f"case-{seed}-{case}"
            file.write_bytes(spoilt(sound.content, random.choice(sounds).content, random))
            answer = worker.ask(file, sound)
            outcome = str(answer["outcome"])
            if outcome != "finding" and answer["bytes"] > MOST_BYTES:
                outcome, answer["what"] = "finding", f"it costs {answer['bytes'] // 1024**2} MB"
            counts[outcome] += 1
            if outcome == "finding":
                found.append(Finding(f"{seed} {case} {sound.name}", str(answer["what"]), file))
            else:
                file.unlink()
            case += 1
    finally:
        worker.stop()
    return found, counts
