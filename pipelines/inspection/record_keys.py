"""Which columns tell the records of a file apart. What one file shows is a candidate, never a proof."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import polars as pl

from pipelines.contracts import Text
from pipelines.inspection.column_types import ColumnDraft
from pipelines.inspection.insides import TODO
from pipelines.inspection.vietnamese_names import words
from pipelines.parse.text_table import ROW_NUMBER, SHEET_NAME

_MOST_TRIED = 8
_LARGEST_GROUP = 3
_IDENTIFIES = frozenset({"ma", "id", "code", "key", "uuid", "guid"})
_NUMBERS = frozenset({"so", "number", "no", "index", "session"})
_MEASURES = ("amount", "decimal", "boolean", "count_of")
# Of the personal classes these stand for one record or account, and may be kept as a keyed hash.
_HASHED = ("dossier_code", "account")


def with_keys(columns: list[ColumnDraft], frame: pl.DataFrame) -> tuple[list[ColumnDraft], tuple[str, ...], Text]:
    """The columns with the fewest of them that tell the rows apart; a personal one among them is kept as a keyed hash.

    Args:
        columns: Every column of the draft.
        frame: The rows as texts, by heading.
    """
    rows = frame.drop(ROW_NUMBER, SHEET_NAME).unique()
    usable = [one for one in columns if one.column.headings and one.filled and _may_be_key(one)]
    usable.sort(key=_rank)
    found = _fewest(usable, rows)
    if found is None:
        # Nothing that is kept tells them apart: a name or an address, under its hash, may.
        others = [one for one in columns if one.column.headings and one.filled and not one.column.is_stored]
        found = _fewest(others, rows) or (usable or others or columns)[:1]
        is_certain = _tells_apart(found, rows)
    else:
        is_certain = True
    names = tuple(one.column.name for one in found)
    hashed = {one.column.name for one in found if not one.column.is_stored}
    kept = [_hashed(one) if one.column.name in hashed else one for one in columns]
    return kept, names, _reason(names, is_certain=is_certain, is_hashed=bool(hashed))


def _may_be_key(one: ColumnDraft) -> bool:
    column = one.column
    return (column.is_stored and column.type not in _MEASURES) or column.personal in _HASHED


def _rank(one: ColumnDraft) -> tuple[int, int]:
    """Codes of records first, then hashed ones and numbers, then what is told of units, then the rest; moments last."""
    told = words(one.column.headings[0].rsplit("/", 1)[-1])
    if one.column.type in ("agency_code", "unit_name"):
        rank = 2
    elif one.column.type in ("timestamp", "date"):
        rank = 4
    elif one.column.is_stored and not one.column.pseudonym and set(told) & _IDENTIFIES:
        rank = 0
    else:
        rank = 1 if one.column.personal in _HASHED or (told and told[0] in _NUMBERS) else 3
    return rank, -one.distinct


def _fewest(usable: Sequence[ColumnDraft], rows: pl.DataFrame) -> list[ColumnDraft] | None:
    for count in range(1, _LARGEST_GROUP + 1):
        for group in combinations(usable[:_MOST_TRIED] if count > 1 else usable, count):
            if _tells_apart(group, rows):
                return list(group)
    if not _tells_apart(usable, rows):
        return None
    # All of them do: those that are not needed are left out, the least likely first.
    needed = list(usable)
    for one in reversed(usable):
        others = [other for other in needed if other is not one]
        if _tells_apart(others, rows):
            needed = others
    return needed


def _tells_apart(group: Sequence[ColumnDraft], rows: pl.DataFrame) -> bool:
    """Whether no two rows agree in all of these. A key of one column is always filled."""
    if not group or (len(group) == 1 and group[0].empty):
        return False
    return rows.select(one.column.headings[0] for one in group).n_unique() == rows.height


def _hashed(one: ColumnDraft) -> ColumnDraft:
    column = one.column.model_copy(update={"pseudonym": True, "required": True, "nullable": bool(one.empty)})
    return replace(one, column=column)


def _reason(names: tuple[str, ...], *, is_certain: bool, is_hashed: bool) -> Text:
    if not is_certain:
        return Text(
            vi=f"{TODO}: không cột nào phân biệt được các dòng; hỏi nơi gửi khóa là gì",
            en="no column tells the rows apart; ask the owner what the key is",
        )
    hashed = (" (chỉ giữ mã băm)", " (only a keyed hash is kept)") if is_hashed else ("", "")
    return Text(
        vi=f"{TODO}: {', '.join(names)} khác nhau ở mọi dòng của tệp này{hashed[0]}; có đúng là khóa không",
        en=f"{', '.join(names)} differs in every row of this file{hashed[1]}; is it the key",
    )
