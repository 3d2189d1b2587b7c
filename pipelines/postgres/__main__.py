"""The process of one export: the task on standard input, the outcome or an error on standard output, as JSON."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import orjson
from pydantic import SecretStr

from pipelines.errors import KhoTinhError, MessagesWithheld
from pipelines.postgres.copy import copy_marts

task = orjson.loads(sys.stdin.buffer.read())
try:
    with MessagesWithheld("Export to PostgreSQL"):
        told = asdict(copy_marts(Path(task["published"]), SecretStr(task["url"]), task["reader"]))
except KhoTinhError as error:
    told = {
        "error": type(error).__name__,
        "what": error.what,
        "next_step": error.next_step,
        "setting": getattr(error, "setting", ""),
    }
sys.stdout.buffer.write(orjson.dumps(told))
