"""The code blocks of a page of recipes, each with the output that the page shows below it, and what they really print."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from pipelines.settings import PROJECT

PAGES = PROJECT / "docs" / "querying"
# A block that is run, directly followed by the one that shows what it prints.
_BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```\n(?:```\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)
_NEXT = "-- next block --"


@dataclass(frozen=True)
class Recipe:
    """One block: what is run, and what the page says that it prints."""

    code: str
    shown: str


def recipes(page: str, language: str) -> list[Recipe]:
    """The blocks of a language on a page, in their order."""
    text = (PAGES / page).read_text(encoding="utf-8")
    return [Recipe(code, shown) for kind, code, shown in _BLOCK.findall(text) if kind == language]


def run_python(blocks: list[Recipe], folder: Path) -> list[str]:
    """What each block prints, all of them in one process that stands in the folder above `data/`."""
    program = "".join(f"{block.code}\nprint({_NEXT!r})\n" for block in blocks)
    return _printed([sys.executable, "-c", program], folder)


def run_shell(blocks: list[Recipe], folder: Path) -> list[str]:
    """What each block prints, a shell for all of them."""
    program = "".join(f"{block.code}\necho '{_NEXT}'\n" for block in blocks)
    return _printed(["bash", "-euc", program], folder)


def _printed(command: list[str], folder: Path) -> list[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.removesuffix(f"{_NEXT}\n").split(f"{_NEXT}\n")
