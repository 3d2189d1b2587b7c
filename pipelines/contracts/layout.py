"""How the rows lie in a file. What a column's cells mean is the column's business."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from pipelines.contracts.declared import Declared

GroupMark = Literal["roman", "letter", "number"]
_GRIDS = ("xlsx", "xls", "html")
Encoding = Literal["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "windows-1258", "tcvn3", "vni"]


class Format(Declared):
    """How the rows lie in the file.

    Attributes:
        kind: The layout, whatever the file's extension says.
        encoding: Of a text, declared and never guessed. `utf-16` is told by its byte order mark, which must be there.
        delimiter, quote: Of a CSV: one character each; an empty `quote` says that no character quotes.
        members: Of a zip, which of its files hold rows, as a pattern of their names (`*cuộc gọi*.csv`); the others are
            let go. Without it all do, and each must be of this layout.
        broken_members: What one of several members does that cannot be read: `refuse` refuses the file, `quarantine` sets
            the member apart, as one row that counts for the share of rejects. For records of which each member is one
            message of many (XML); a list that comes in pages would lose a page.
        rows: Path to the list of rows (JSON) or the name of a row's element (XML).
        rows_within: Name of the element in which rows stand (XML): a body in which it is empty has no row. Any other body
            without a row is refused, for its elements may have been renamed.
        header_rows: Levels of the heading (xlsx, xls, html); a column's heading is its path joined by ` / `.
        sheets: Which sheets of a workbook are read: `first` is the first visible one, `all` every visible one, else
            names or patterns (`Tháng *`). Of an HTML page its tables, `first` or `all` that hold the headings.
        title_period: What the period in the title rows is held to: `checked` must be the period that was asked for, if
            there is one (a book's year may hold the day); `required` must be there too; `contains` may be a longer one
            around it; `ignored` is not read.
        thousands, decimal: Separators of numbers; `1.234` says nothing on its own.
        zero_marks: Texts that stand for zero.
        total_labels: Rows so labelled are a check on the sum, never data.
        group_column: Column that takes the label of the group row above; of nested groups one a level, outermost first.
        group_marks: How the group rows of each level are numbered: roman (`I`, `II.`), letter (`A.`), number (`1.`).
    """

    kind: Literal["csv", "json", "xlsx", "xls", "html", "xml"]
    encoding: Encoding = "utf-8"
    delimiter: Literal[",", ";", "\t", "|"] = ","
    quote: Literal['"', "'", ""] = '"'
    members: str | None = Field(default=None, min_length=1)
    broken_members: Literal["refuse", "quarantine"] = "refuse"
    rows: str = ""
    rows_within: str = ""
    header_rows: int = Field(default=1, ge=1, le=4)
    thousands: str = ""
    decimal: str = "."
    zero_marks: tuple[str, ...] = ()
    total_labels: tuple[str, ...] = ()
    group_column: str | tuple[str, ...] | None = None
    group_marks: tuple[GroupMark, ...] = ("roman",)
    sheets: Literal["first", "all"] | tuple[str, ...] = "first"
    title_period: Literal["checked", "required", "contains", "ignored"] = "checked"

    @property
    def group_columns(self) -> tuple[str, ...]:
        """The columns of the groups, outermost first."""
        if self.group_column is None:
            return ()
        return (self.group_column,) if isinstance(self.group_column, str) else self.group_column

    @property
    def has_sheets(self) -> bool:
        """Whether a file may hold several grids, each with rows numbered from 1."""
        return self.kind in _GRIDS

    @model_validator(mode="after")
    def _fits_its_grid(self) -> Format:
        if self.sheets != "first" and not self.has_sheets:
            raise ValueError(f"`sheets` says nothing of {self.kind}")
        if self.sheets == () or (self.kind == "html" and not isinstance(self.sheets, str)):
            raise ValueError("`sheets` must be first, all or, of a workbook, a list of names")
        if "group_marks" in self.model_fields_set and not self.group_columns:
            raise ValueError("`group_marks` needs `group_column`")
        if self.group_columns and len(self.group_columns) != len(self.group_marks):
            raise ValueError("`group_marks` needs one mark for each of `group_column`")
        if len(set(self.group_marks)) != len(self.group_marks):
            raise ValueError("two levels of groups cannot have one mark")
        return self

    @model_validator(mode="after")
    def _text_keys_mean_something(self) -> Format:
        said = self.model_fields_set
        if self.kind != "csv" and (idle := sorted({"delimiter", "quote"} & said)):
            raise ValueError(f"`{idle[0]}` means nothing for {self.kind}")
        if self.kind == "csv" and (idle := sorted({"group_column", "header_rows", "rows"} & said)):
            raise ValueError(f"`{idle[0]}` means nothing for csv")
        if self.kind != "xml" and (idle := sorted({"broken_members", "rows_within"} & said)):
            raise ValueError(f"`{idle[0]}` means nothing for {self.kind}")
        if self.kind in ("xlsx", "xls") and "encoding" in said:
            raise ValueError(f"`encoding` means nothing for {self.kind}: a workbook says it itself")
        return self
