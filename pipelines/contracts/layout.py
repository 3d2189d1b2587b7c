"""How the rows lie in a file. What a column's cells mean is the column's business."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from pipelines.contracts.declared import Declared

Encoding = Literal["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "windows-1258", "tcvn3", "vni"]


class Format(Declared):
    """How the rows lie in the file.

    Attributes:
        kind: The layout, whatever the file's extension says.
        encoding: Of a text, declared and never guessed. `utf-16` is told by its byte order mark, which must be there.
        delimiter, quote: Of a CSV: one character each; an empty `quote` says that no character quotes.
        rows: Path to the list of rows (JSON) or the name of a row's element (XML).
        header_rows: Levels of the heading (xlsx, html); a column's heading is its path joined by ` / `.
        thousands, decimal: Separators of numbers; `1.234` says nothing on its own.
        zero_marks: Texts that stand for zero.
        total_labels: Rows so labelled are a check on the sum, never data.
        group_column: Column that takes the label of the group row above (xlsx, html).
    """

    kind: Literal["csv", "json", "xlsx", "html", "xml"]
    encoding: Encoding = "utf-8"
    delimiter: Literal[",", ";", "\t", "|"] = ","
    quote: Literal['"', "'", ""] = '"'
    rows: str = ""
    header_rows: int = Field(default=1, ge=1, le=4)
    thousands: str = ""
    decimal: str = "."
    zero_marks: tuple[str, ...] = ()
    total_labels: tuple[str, ...] = ()
    group_column: str | None = None

    @model_validator(mode="after")
    def _text_keys_mean_something(self) -> Format:
        said = self.model_fields_set
        if self.kind != "csv" and (idle := sorted({"delimiter", "quote"} & said)):
            raise ValueError(f"`{idle[0]}` means nothing for {self.kind}")
        if self.kind == "csv" and (idle := sorted({"group_column", "header_rows", "rows"} & said)):
            raise ValueError(f"`{idle[0]}` means nothing for csv")
        if self.kind in ("xlsx", "xls") and "encoding" in said:
            raise ValueError(f"`encoding` means nothing for {self.kind}: a workbook says it itself")
        return self
