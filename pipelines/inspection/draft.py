"""A contract drafted from a file that no contract names, so that writing one is copying and correcting.

Everything that the file tells is filled in with its evidence; what only a person knows (who answers for it, when it is
due, where it lies) is marked. Safe by default: what is not bounded provably is personal, and not kept. How it is
written as YAML is the business of `skeleton`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from pipelines.calendar import Partition, today
from pipelines.contracts import Column, Contract, Format, Text
from pipelines.errors import MessagesWithheld
from pipelines.extract.delivery import LARGEST_FILE_BYTES
from pipelines.ingest import Workshop
from pipelines.inspection.column_types import ColumnDraft, draft_column, heading_key
from pipelines.inspection.heading_rows import is_datum
from pipelines.inspection.insides import TODO
from pipelines.inspection.layouts import GROUP_MARK, Layout, find_layout, provisional
from pipelines.inspection.periods import DAY_IN_NAME, MONTH_IN_NAME, named_period, period_of_title, title_demand
from pipelines.inspection.record_keys import with_keys
from pipelines.inspection.trials import Known
from pipelines.inspection.vietnamese_names import column_name, plain, words
from pipelines.parse.cells.values import Reading, clean
from pipelines.parse.containers.signature import Signature, read_signature
from pipelines.parse.text_table import ROW_NUMBER, SHEET_NAME, unreadable
from pipelines.reference import Reference

_COUNTERS = frozenset({"stt", "tt", "so thu tu", "s tt"})
_LONGEST_NAME = 40
_USUAL_WORDS = (
    "stt", "tt", "ten", "name", "id", "ma", "code", "so", "number", "ngay", "date", "time", "status", "trang",
    "thai", "email", "phone", "address", "type", "value",
)  # fmt: skip
_GROUP_COLUMN = "group_name"


@dataclass(frozen=True)
class Draft:
    """A drafted contract and what it stands on.

    Attributes:
        contract: As it would be read.
        columns: Each column with its evidence, in the contract's order.
        layout: Where the rows lie.
        row_count: Rows of data.
        reasons: What was guessed of the file as a whole, and what must be checked.
    """

    contract: Contract
    columns: tuple[ColumnDraft, ...]
    layout: Layout
    row_count: int
    reasons: tuple[Text, ...]

    @property
    def todo(self) -> tuple[Text, ...]:
        """Everything in it that a person must decide, besides what every contract needs."""
        return tuple(text for text in self.reasons if text.vi.startswith(TODO)) + tuple(
            text for column in self.columns for text in column.todo
        )


def known_of(contracts: Iterable[Contract]) -> Known:
    """What contracts know of headings."""
    columns: defaultdict[str, list[tuple[str, Column]]] = defaultdict(list)
    patterns: dict[str, Column] = {}
    trade: set[str] = set(_USUAL_WORDS)
    for contract in contracts:
        for column in contract.columns:
            for heading in column.headings:
                trade.update(re.findall(r"\w+", heading.casefold()), words(heading))
                if column.type != "count_of":
                    columns[heading_key(heading)].append((contract.dataset, column))
            if column.pattern and column.is_stored:
                patterns.setdefault(f"{contract.dataset}.{column.name}", column)
    for found in columns.values():
        found.sort(key=lambda one: one[1].personal is None)
    hashed_first = dict(sorted(patterns.items(), key=lambda one: not one[1].pseudonym))
    return Known(columns, hashed_first, frozenset(trade))


def draft_of(workshop: Workshop, file: Path, dataset: str | None = None, platform: str | None = None) -> Draft:
    """Drafts the contract of a file, whatever contracts there are.

    Args:
        workshop: Contracts whose headings are known, and registers; its settings are not asked.
        file: A regular file.
        dataset: The new dataset's name; made from the file's name if None.
        platform: Whose it is; the dataset's name if None.

    Raises:
        DataRefusedError: The file can be read by no contract as it is, or has no heading.
        UnforeseenError: A fault of the program.
    """
    with MessagesWithheld(f"inspect {file.name}"):
        signature, size = read_signature(file), file.stat().st_size
        unpacked = signature.contents.unpacked_bytes if signature.contents else size
        if max(size, unpacked) > LARGEST_FILE_BYTES:
            raise unreadable(f"it is larger than {LARGEST_FILE_BYTES // 1024**2} MB")
        known = known_of(workshop.contracts.values())
        return draft_file(workshop, file, signature, known=known, dataset=dataset, platform=platform)


def draft_file(
    workshop: Workshop, file: Path, signature: Signature, *, known: Known, dataset: str | None = None,
    platform: str | None = None,
) -> Draft:  # fmt: skip
    """Drafts the contract of a file.

    Args:
        workshop: Registers.
        file: A regular file.
        signature: What it is.
        known: What the shipped contracts know; their words and types are used.
        dataset: The new dataset's name; made from the file's name if None.
        platform: Whose it is; the dataset's name if None.

    Raises:
        DataRefusedError: The file can be read by no contract as it is, or has no heading.
    """
    layout = find_layout(file, signature, known.trade_words)
    name = dataset or _dataset_name(file.name)
    path, cadence, period_reasons = _path_and_cadence(file.name, layout)
    headings, ignored = _headings(layout, known)
    named = named_period(file.name)
    partition = named or period_of_title(layout) or Partition.of_day(today())
    base = provisional(layout.format, headings)
    reading = Reading(file.name, base, partition, workshop.reference, b"a key for nothing")
    every = pl.concat(layout.table.read())
    frame = every.filter(~_is_group(every)) if layout.has_groups else every
    is_dated = named is not None or bool(layout.periods)
    columns = _draft_columns(headings, frame, reading, known, is_dated=is_dated)
    group_column = None
    if layout.has_groups:
        group_column = _GROUP_COLUMN
        columns.append(_group_draft(_group_labels(every), workshop.reference))
    columns, keys, key_reason = with_keys(columns, frame)
    title_key, title_reasons = title_demand(layout, named)
    contract = Contract.model_validate({
        "dataset": name, "version": 1, "platform": platform or name,
        "title": {"vi": f"{TODO}: tên gọi", "en": "TODO: title"},
        "description": {"vi": "Mỗi dòng là TODO.", "en": "One row per TODO."},
        "owner": f"{TODO}: đơn vị chịu trách nhiệm",
        "cadence": cadence, "due": {"days_after": 1, "time": "05:30"}, "mode": "snapshot",
        "source": {"kind": "files", "connection": platform or name, "path": path},
        "format": _with_groups(layout.format, group_column).model_copy(update=title_key),
        "keys": keys, "volume": {"empty_on_working_day": "warn"}, "max_quarantine_share": 0.05,
        "drift": {"added": "report", "missing": "refuse"}, "ignored_headings": ignored,
        "columns": [one.column for one in columns],
    })  # fmt: skip
    reasons = (*layout.reasons, *_doubts(layout), *period_reasons, *title_reasons, key_reason)
    return Draft(contract, tuple(columns), layout, frame.height, reasons)


def _with_groups(layout: Format, group_column: str | None) -> Format:
    """Only where there are groups: a key that says nothing for its layout is refused."""
    return layout.model_copy(update={"group_column": group_column}) if group_column else layout


def _headings(layout: Layout, known: Known) -> tuple[list[str], list[str]]:
    """Headings that become columns, and those that are known and not kept."""
    ignored = [*layout.doubled]
    headings: list[str] = []
    is_nested = layout.format.kind in ("json", "xml")
    for heading in layout.table.headings:
        if heading in ignored or (is_nested and is_datum(heading, known.trade_words)):
            continue
        (ignored if heading_key(heading) in _COUNTERS else headings).append(heading)
    return headings, ignored


def _is_group(frame: pl.DataFrame) -> pl.Expr:
    """A row that begins with a Roman number, as the reader tells group rows."""
    first = next(name for name in frame.columns if name not in (ROW_NUMBER, SHEET_NAME))
    return pl.col(first).str.contains(GROUP_MARK).fill_null(value=False)


def _group_labels(frame: pl.DataFrame) -> pl.Series:
    cells = frame.filter(_is_group(frame)).drop(ROW_NUMBER, SHEET_NAME)
    return cells.to_series(1).drop_nulls()


def _draft_columns(
    headings: Sequence[str], frame: pl.DataFrame, reading: Reading, known: Known, *, is_dated: bool
) -> list[ColumnDraft]:
    columns: list[ColumnDraft] = []
    taken: set[str] = {_GROUP_COLUMN}
    for heading in headings:
        texts = frame.select(clean(pl.col(heading))).to_series()
        draft = draft_column(heading, column_name(heading, taken), texts, reading, known, is_dated=is_dated)
        if draft.column.name in taken:
            draft = replace(draft, column=draft.column.model_copy(update={"name": column_name(heading, taken)}))
        taken.add(draft.column.name)
        columns.append(draft)
    return columns


def _group_draft(labels: pl.Series, reference: Reference) -> ColumnDraft:
    """The column that takes the label of the group row above: kept if a list holds the labels."""
    fitting = sorted(name for name, codes in reference.codes.items() if set(labels.to_list()) <= codes)
    kept = {"type": "code", "code_list": fitting[0]} if fitting else {"type": "text", "personal": "free_text"}
    column = Column.model_validate({
        "name": _GROUP_COLUMN, "headings": (), "vi": "Nhóm mà dòng đứng dưới", "en": "Group that the row stands under",
        **kept,
    })  # fmt: skip
    why = Text(vi="dòng nhóm (I, II, …) không phải dữ liệu", en="group rows (I, II, …) are no data")
    if not fitting:
        why = Text(
            vi=f"{TODO}: {why.vi}; muốn giữ tên nhóm: type: code với một code_list",
            en=f"{why.en}; to keep the group's name: type: code with a code_list",
        )
    return ColumnDraft(column, len(labels), 0, labels.n_unique(), evidence=(why,))


def _doubts(layout: Layout) -> Iterable[Text]:
    if layout.doubled:
        yield Text(
            vi=f"{TODO}: tiêu đề đứng hai lần, không biết cột nào là cột nào nên không đọc",
            en="headings that stand twice: nobody can say which is which, so they are not read",
        )
    if layout.hidden_count:
        yield Text(
            vi=f"{TODO}: {layout.hidden_count} khóa giống dữ liệu cá nhân nên không nêu",
            en=f"{layout.hidden_count} keys look like somebody's data and are not told",
        )
    if layout.format.total_labels:
        yield Text(
            vi="dòng tổng được so với tổng các dòng, không phải dữ liệu",
            en="total rows are held against the sum of the rows and are no data",
        )


def _dataset_name(file_name: str) -> str:
    stem = MONTH_IN_NAME.sub(" ", DAY_IN_NAME.sub(" ", file_name.partition(".")[0]))
    parts = re.findall(r"[a-z0-9]+", plain(stem).lower())
    name = "_".join(part for part in parts if not part.isdigit())[:_LONGEST_NAME].strip("_")
    return name if name and name[0].isalpha() else "new_dataset"


def _path_and_cadence(file_name: str, layout: Layout) -> tuple[str, str, tuple[Text, ...]]:
    """The file's name with its date replaced, and how often it comes, as far as name and title tell."""
    safe = re.sub(r"[{}*?\[\]]", "_", file_name)
    if found := DAY_IN_NAME.search(safe):
        mark = found[2]
        path = f"{safe[: found.start()]}{{day:%Y{mark}%m{mark}%d}}{safe[found.end() :]}"
        return path, "daily", (Text(vi="tên tệp có ngày", en="the file's name holds a day"),)
    if found := MONTH_IN_NAME.search(safe):
        path = f"{safe[: found.start()]}{{day:%Y{found[2]}%m}}{safe[found.end() :]}"
        return path, "monthly", (Text(vi="tên tệp có tháng", en="the file's name holds a month"),)
    why = Text(
        vi=f"{TODO}: tên tệp không có ngày; hợp đồng cần biết tệp của mỗi kỳ tên là gì",
        en="the file's name holds no date; say how each period's file is called",
    )
    if layout.periods and layout.periods[0].first_day != layout.periods[0].last_day:
        told = Text(vi=f"tiêu đề ghi kỳ {layout.periods[0]}", en=f"its title speaks of {layout.periods[0]}")
        return safe, "monthly", (told, why)
    return safe, "daily", (why,)
