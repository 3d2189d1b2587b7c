"""What a column of an unknown table holds, told by its heading and its cells: a proposal for its contract, with evidence.

A type is proposed only if the reader of that type reads the cells, so a drafted contract parses the file that it was
drafted from. What is not bounded provably is proposed as personal, because free text may hold anybody's name. Cells
are never quoted, only counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipelines.contracts import Column, PersonalClass, Text
from pipelines.inspection.figures import is_money, number, percentage
from pipelines.inspection.insides import TODO
from pipelines.inspection.moments import moments
from pipelines.inspection.persons import class_by_cells, class_by_heading, hold_names
from pipelines.inspection.registers import code, endpoints, register
from pipelines.inspection.text_patterns import bounded_pattern
from pipelines.inspection.trials import READ_SHARE, Cells, Known, Proposal, fits, say, todo
from pipelines.inspection.vietnamese_names import words
from pipelines.parse.cells.values import Reading

_IS = re.compile(r"^(?:is|has|da|co|duoc|la)\b")


@dataclass(frozen=True)
class ColumnDraft:
    """One column of a drafted contract.

    Attributes:
        column: What the contract would say of it.
        filled, empty, distinct: Cells with and without a text; different texts.
        unread: Filled cells that its type does not read; their rows will be set apart.
        evidence: Why this type, and what must be checked.
    """

    column: Column
    filled: int
    empty: int
    distinct: int
    unread: int = 0
    evidence: tuple[Text, ...] = ()

    @property
    def is_unique(self) -> bool:
        """Whether each row has a value of its own."""
        return self.filled == self.distinct and not self.empty and self.filled > 0

    @property
    def todo(self) -> tuple[Text, ...]:
        """What a person must decide."""
        return tuple(text for text in self.evidence if text.vi.startswith(TODO))


def draft_column(
    heading: str, name: str, texts: pl.Series, reading: Reading, known: Known, *, is_dated: bool = False
) -> ColumnDraft:  # fmt: skip
    """What a contract would say of one column.

    Args:
        heading: Its heading in the file.
        name: Its name, unless a shipped contract knows the heading.
        texts: Its cleaned texts, null where a cell is empty.
        reading: Format, period and registers.
        known: What the shipped contracts know.
        is_dated: Whether the reading's period is the file's own.
    """
    cells = Cells(heading, texts, reading, known, is_dated)
    proposal = next(found for found in _proposals(cells) if found is not None)
    empty, filled = texts.null_count(), cells.filled
    keys: dict[str, Any] = {"name": name, "headings": (heading,), "vi": heading, "en": " ".join(words(heading)) or name}
    keys |= proposal.keys
    column = Column.model_validate(keys)
    if column.is_stored:
        column = column.model_copy(update={"required": True, "nullable": bool(empty) or not filled})
    return ColumnDraft(column, filled, empty, texts.drop_nulls().n_unique(), proposal.unread, proposal.why)


def _proposals(cells: Cells) -> Iterator[Proposal | None]:
    """What may be said of a column, the first that fits counts; the last one always does."""
    yield _as_shipped(cells)
    if not cells.filled:
        yield _personal("free_text", todo("cột trống trong tệp này", "empty in this file"))
    looked_for: tuple[Callable[[Cells], Proposal | None], ...] = (
        _person_by_heading, moments, _boolean, register, _person_by_cells, code, percentage, number, _text,
    )  # fmt: skip
    for look in looked_for:
        yield look(cells)
    is_name = hold_names(cells.texts, cells.known.trade_words)
    distinct = cells.texts.drop_nulls().n_unique()
    yield _personal(
        "name" if is_name else "free_text",
        todo(
            f"chữ tự do, {distinct} giá trị khác nhau: có thể chứa tên người nên không giữ. Nếu là danh mục: ghi vào "
            "code_lists.csv, type: code, hoặc một pattern thật hẹp",
            f"free text, {distinct} distinct values: it may hold names and is not kept. If it is a list: write it into "
            "code_lists.csv, type: code, or a narrow pattern",
        ),
    )


def _as_shipped(cells: Cells) -> Proposal | None:
    """As the first shipped contract says of the same heading that can read the cells."""
    found = cells.known.columns.get(heading_key(cells.heading), ())
    return next((proposal for dataset, column in found if (proposal := _as_column(cells, dataset, column))), None)


def _as_column(cells: Cells, dataset: str, column: Column) -> Proposal | None:
    """As a shipped column says; its class of personal data holds whatever the cells are."""
    kept = column.model_dump(exclude={"headings", "required", "nullable"}, exclude_defaults=True)
    unread = cells.reads(READ_SHARE, **{**kept, "name": "x"}) if column.is_stored and cells.filled else 0
    if unread is None and column.personal is None:
        return None
    if unread is None:
        # The code under another form is still somebody's: the hash needs no pattern.
        kept.pop("pattern", None)
    why = say(f"tiêu đề như trong {dataset}", f"the heading is that of {dataset}")
    return Proposal(kept, (why,), unread or 0)


def _person_by_heading(cells: Cells) -> Proposal | None:
    personal = class_by_heading(cells.heading, cells.texts)
    if personal is None or (personal == "dossier_code" and number(cells) is not None):
        return None
    why = say("tiêu đề nói về người", "the heading speaks of persons")
    if personal == "dossier_code":
        why = say("mã hồ sơ: chỉ giữ mã băm", "a dossier code: only its keyed hash is kept")
    return _personal(personal, why)


def _person_by_cells(cells: Cells) -> Proposal | None:
    if endpoints(cells) is not None or (is_money(cells) and number(cells) is not None):
        return None
    personal = class_by_cells(cells.texts)
    # A bare figure of many digits may be a quantity, but may be a telephone or ID number as well.
    return personal and _personal(
        personal,
        todo(
            "giá trị giống dữ liệu cá nhân nên không giữ; nếu không phải, bỏ personal và khai kiểu",
            "cells look like personal data and are not kept; if they are not, remove personal and state the type",
        ),
    )


def _boolean(cells: Cells) -> Proposal | None:
    distinct = {text.lower() for text in cells.texts.drop_nulls().unique().to_list()}
    is_spelled = distinct <= {"true", "false", "có", "không", "x"}
    is_flag = distinct <= {"0", "1"} and _IS.match(" ".join(words(cells.heading)))
    if not (is_spelled or is_flag):
        return None
    return Proposal({"type": "boolean"}, (say("chỉ có hai giá trị đúng, sai", "only true and false"),))


def _text(cells: Cells) -> Proposal | None:
    for name, column in cells.known.patterns.items():
        unread = cells.reads(type="text", pattern=column.pattern)
        if unread is not None and column.personal:
            return Proposal(
                {"type": "text", "personal": column.personal, "pseudonym": True},
                (say(f"giống {name}: chỉ giữ mã băm", f"like {name}: only its keyed hash is kept"),),
            )
        if unread is not None:
            why = fits(cells, unread, f"theo mẫu của {name}", f"of the pattern of {name}")
            return Proposal({"type": "text", "pattern": column.pattern}, (why,), unread)
    pattern = bounded_pattern(cells.texts)
    if pattern is None:
        return None
    why = todo(
        "mã có cấu trúc; kiểm tra rằng mẫu không lọt dữ liệu cá nhân",
        "a structured code; check that nobody's data fits the pattern",
    )
    return Proposal({"type": "text", "pattern": pattern}, (why,), cells.unread(type="text", pattern=pattern))


def heading_key(heading: str) -> str:
    """The form under which a heading is looked up among those known: its words, accents and case aside."""
    return " ".join(words(heading))


def _personal(personal: PersonalClass, why: Text) -> Proposal:
    keys: dict[str, Any] = {"type": "text", "personal": personal}
    if personal == "dossier_code":
        keys["pseudonym"] = True
    return Proposal(keys, (why,))
