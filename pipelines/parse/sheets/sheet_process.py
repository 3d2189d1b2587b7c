"""Reads sheets with calamine in a process of its own, for a damaged cell can end the process that reads it.

The Rust reader is built to abort where it meets what it cannot hold (a day beyond the calendar, a record cut short):
no exception, no second chance. It runs as a script without this project's modules, secrets or standard error, and
hands over Arrow files and a list of errors. What the cells mean is the matter of `workbook`.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from pathlib import Path
from typing import Any

import fastexcel
import pyarrow as pa
import pyarrow.compute as pc

UNREADABLE = 3
_MOST_BYTES = 8 * 1024**3
_NUMBER_WITH_POINT = r"^-?[0-9]+\.[0-9]+$"
# A workbook keeps 15 digits of a number: what stands behind them was never written down.
_TOO_MANY_DIGITS = r"^-?[0-9]{16,}$"


def main() -> None:
    """Answers one request: `{"file", "folder", "places", "with_numbers"}` as JSON in the first argument."""
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    request = json.loads(sys.argv[1])
    folder = Path(request["folder"])
    try:
        # Handed over as bytes, for by a path its extension would decide how it is read.
        reader = fastexcel.read_excel(Path(request["file"]).read_bytes())
        places = request["places"]
        sheets = {} if places is None else {place: _write(reader, place, folder, request) for place in places}
        is_visible = [
            _load(reader, place, "string", n_rows=1).visible == "visible"
            for place in (range(len(reader.sheet_names)) if places is None else ())
        ]
    except fastexcel.FastExcelError:
        # The reader's message may quote a sheet's name or a cell.
        sys.exit(UNREADABLE)
    sys.stdout.write(json.dumps({"names": reader.sheet_names, "is_visible": is_visible, "sheets": sheets}))


def _write(reader: fastexcel.ExcelReader, place: int, folder: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Writes one sheet's texts, and for columns of numbers which cells hold one and not a text."""
    sheet = _load(reader, place, "string")
    if not sheet.width:
        return {"left": None, "errors": [], "columns": []}
    # The reader's columns begin at the first filled one; its rows at the sheet's first.
    left = sheet.selected_columns[0].absolute_index
    batch, errors = sheet.to_arrow_with_errors()
    _save(batch, folder / f"{place}.arrow")
    wanted = "|".join([_TOO_MANY_DIGITS, *([_NUMBER_WITH_POINT] if request["with_numbers"] else [])])
    columns = [index for index, texts in enumerate(batch.columns) if _has(texts, wanted)]
    if columns:
        # Only cells that hold a number, not a text, have a value as booleans.
        numbers = _load(reader, place, "boolean", use_columns=[left + index for index in columns])
        _save(numbers.to_arrow(), folder / f"{place}.numbers.arrow")
    found = [(*error.position, _kind(error.detail)) for error in (errors.errors if errors else ())]
    return {"left": left, "errors": found, "columns": columns}


def _has(texts: pa.Array, pattern: str) -> bool:
    return pa.types.is_string(texts.type) and bool(pc.any(pc.match_substring_regex(texts, pattern)).as_py())


def _kind(detail: str) -> str:
    """`NA` of `Expected string but got 'Error(NA)'`."""
    found = re.search(r"Error\((\w+)\)", detail)
    return found[1] if found else ""


def _load(reader: fastexcel.ExcelReader, place: int, dtype: str, **more: Any) -> fastexcel.ExcelSheet:  # noqa: ANN401
    return reader.load_sheet(place, header_row=None, skip_rows=0, dtypes=dtype, **more)


def _save(batch: pa.RecordBatch, file: Path) -> None:
    with pa.ipc.new_file(str(file), batch.schema) as writer:
        writer.write_batch(batch)


if __name__ == "__main__":
    main()
