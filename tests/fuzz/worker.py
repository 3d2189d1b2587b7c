"""Reads the files that it is told on its standard input, one a line, and says of each what became of it.

The outcomes that are not findings: `rows`, all of which count, and `refused`, by a sentence that names the file.
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from typing import Any

from pipelines.errors import DataRefusedError
from pipelines.parse import Parsed, parse
from pipelines.parse.cells.values import Reading
from pipelines.parse.containers.signature import mismatch, read_signature
from tests.fuzz.corpus import REFERENCE, Sound, corpus
from tests.parse.parse_help import DAY, KEY

_STATUS = Path("/proc/self/status")


def outcome(file: Path, sound: Sound, scratch: Path) -> dict[str, Any]:
    """What becomes of one file."""
    reading = Reading(file.name, sound.contract, DAY, REFERENCE, KEY, scratch)
    try:
        mismatch(read_signature(file), sound.contract.format)
        parsed = parse(file, reading)
        _look_through(parsed)
    except DataRefusedError as error:
        is_named = error.what.startswith(f"{file.name}: ") and bool(error.next_step)
        return {"outcome": "refused" if is_named else "finding", "what": str(error)}
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        return {"outcome": "finding", "what": "".join(traceback.format_exception(error))[-3000:]}
    if parsed.rows_read != parsed.rows.height + parsed.rejects.height + parsed.rows_duplicate:
        return {"outcome": "finding", "what": "rows are lost or doubled"}
    return {"outcome": "rows", "what": parsed.rows_read}


def _look_through(parsed: Parsed) -> None:
    for frame in parsed.rows.frames():
        parsed.texts_of(frame.get_column("row_number"))


def peak_bytes() -> int:
    """The most memory that this process has held since it was asked last."""
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    Path("/proc/self/clear_refs").write_text("5")
    return int(line.split()[1]) * 1024


def main() -> None:
    """Answers until its input ends."""
    by_name = {sound.name: sound for sound in corpus()}
    scratch = Path(sys.argv[1])
    for line in sys.stdin:
        asked = json.loads(line)
        answer = outcome(Path(asked["file"]), by_name[asked["sound"]], scratch)
        print(json.dumps(answer | {"bytes": peak_bytes()}), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
