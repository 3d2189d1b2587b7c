"""How the rows lie in a file. What a column's cells mean is the column's business."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pipelines.contracts.declared import Declared


class Format(Declared):
    """How the rows lie in the file.

    Attributes:
        kind: The layout, whatever the file's extension says.
        encoding: Declared, never guessed.
        members: Of a zip, which of its files hold rows, as a pattern of their names (`*cuộc gọi*.csv`); the others are
            let go. Without it all do, and each must be of this layout.
        rows: Path to the list of rows (JSON) or the name of a row's element (XML).
        header_rows: Levels of the heading (xlsx, html); a column's heading is its path joined by ` / `.
        thousands, decimal: Separators of numbers; `1.234` says nothing on its own.
        zero_marks: Texts that stand for zero.
        total_labels: Rows so labelled are a check on the sum, never data.
        group_column: Column that takes the label of the group row above.
    """

    kind: Literal["csv", "json", "xlsx", "html", "xml"]
    encoding: Literal["utf-8", "utf-8-sig"] = "utf-8"
    delimiter: str = ","
    members: str | None = Field(default=None, min_length=1)
    rows: str = ""
    header_rows: int = Field(default=1, ge=1, le=4)
    thousands: str = ""
    decimal: str = "."
    zero_marks: tuple[str, ...] = ()
    total_labels: tuple[str, ...] = ()
    group_column: str | None = None
