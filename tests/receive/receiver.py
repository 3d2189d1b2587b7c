"""The receiver as it runs: the command in a process of its own, spoken to over real HTTP."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import httpx

KHOTINH = Path(sys.executable).parent / "khotinh"


@dataclass
class Receiver:
    """A running receiver.

    Attributes:
        process: Its process.
        address: Where it listens.
        folder: Where it writes.
        lines: What it says of each body, one JSON document a line.
    """

    process: subprocess.Popen[str]
    address: str
    folder: Path
    lines: IO[str]

    def post(self, body: bytes, path: str = "/cdr") -> int:
        """Sends a body as a meeting server does, and says what was answered."""
        return httpx.post(self.address + path, content=body, headers={"Content-Type": "application/xml"}).status_code

    def told(self) -> dict[str, Any]:
        """What it says of the next body."""
        line: dict[str, Any] = json.loads(self.lines.readline())
        return line

    @property
    def place(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.address)
        return parts.hostname or "", parts.port or 0

    def files(self) -> list[Path]:
        """The finished files, as a pull finds them."""
        return sorted(self.folder.glob("cdr/*/*.xml"))


@contextmanager
def receiver(
    folder: Path, *, prepare: Callable[[], None] | None = None, as_json: bool = True, **settings: str
) -> Iterator[Receiver]:
    """A receiver that writes below `folder`, until the block ends.

    Args:
        folder: Its folder.
        prepare: Runs in its process before it starts.
        as_json: Whether it says what it does as JSON, or in words.
        settings: More settings, by their full names.
    """
    folder.mkdir(exist_ok=True)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("KHOTINH_")}
    process = subprocess.Popen(
        [KHOTINH, "receive-cdr", *(["--json"] if as_json else []), "--port", "0"],
        env={**clean, "KHOTINH_CDR_FOLDER": str(folder), **settings},
        cwd=folder.parent, stdout=subprocess.PIPE, text=True, preexec_fn=prepare,  # noqa: PLW1509
    )  # fmt: skip
    assert process.stdout is not None
    try:
        running = Receiver(process, "", folder, process.stdout)
        running.address = running.told()["address"] if as_json else re.split("[ ,]", running.lines.readline())[3]
        yield running
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def body(number: int, session: str = "5e551000-0000-4000-8000-00000000000a") -> bytes:
    """A body of one record, large enough that a torn write would show."""
    return (
        f'\n <?xml version="1.0"?>\n<records session="{session}">'
        f'<record type="callEnd" time="2026-06-01T03:00:00Z" correlatorIndex="{number}">'
        f'<call id="ca110000-0000-4000-8000-{number:012d}"><name>{"Họp " * 2_000}</name>'
        "<durationSeconds>60</durationSeconds></call></record></records>"
    ).encode()
