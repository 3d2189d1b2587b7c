"""What a column of an unknown table holds, told by its heading and its cells: a proposal for its contract, with evidence.

A type is proposed only if the reader of that type reads the cells, so a drafted contract parses the file that it was
drafted from. What is not bounded provably is proposed as personal, because free text may hold anybody's name. Cells
are never quoted, only counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from pipelines.contracts import LARGEST_NUMBER, Column, PersonalClass, Text
from pipelines.inspection.persons import class_by_cells, class_by_heading, hold_names
from pipelines.inspection.text_patterns import bounded_pattern
from pipelines.inspection.vietnamese_names import words
from pipelines.parse.values import Reading, read_value

READ_SHARE = 0.95
_KNOWN_UNITS_SHARE = 0.6
DATE_FORMATS = ("%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y", "%Y/%m/%d", "%m/%d/%Y", "%Y%m%d")
TIMESTAMP_FORMATS = (
    "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S%.fZ", "%Y-%m-%d %H:%M", "%d-%m-%Y %H:%M:%S", "%H:%M:%S %d/%m/%Y",
    "%H:%M %d/%m/%Y", "%m/%d/%Y %H:%M:%S",
)  # fmt: skip
_MONEY = re.compile(r"\b(?:tien|phi|le phi|gia|vnd|dong|thu|chi phi|amount|fee|charge)\b")
_IS = re.compile(r"^(?:is|has|da|co|duoc|la)\b")
_EXCEL_MIDNIGHT = r"^\d{4}-\d{2}-\d{2} 00:00:00$"
_PERCENT = r"^[0-9]{1,3}([.,][0-9]{1,2})? ?%$"
_LARGEST_FEE = 299_999_999


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


@dataclass(frozen=True)
class Known:
    """What the shipped contracts know.

    Attributes:
        columns: Datasets and their columns by the key of a heading, those with personal data first.
        patterns: Name and column of each text that a pattern bounds.
        trade_words: Words of all known headings, in small letters.
    """

    columns: Mapping[str, Sequence[tuple[str, Column]]] = field(default_factory=dict)
    patterns: Mapping[str, Column] = field(default_factory=dict)
    trade_words: frozenset[str] = frozenset()


TODO = "TODO(người điền)"


@dataclass(frozen=True)
class _Proposal:
    """Keys of a column's contract that its cells allow, and why."""

    keys: dict[str, Any]
    why: tuple[Text, ...]
    unread: int = 0


@dataclass(frozen=True)
class _Cells:
    """A column's texts and what is needed to try types on them."""

    heading: str
    texts: pl.Series
    reading: Reading
    known: Known

    @property
    def filled(self) -> int:
        return len(self.texts) - self.texts.null_count()

    def unread(self, **keys: Any) -> int:  # noqa: ANN401 (keys of a contract)
        """Filled cells that a column of these keys does not read, or holds to be out of bounds."""
        column = Column.model_validate({"name": "x", "headings": ("x",), "vi": "-", "en": "-", **keys})
        values = read_value(column, self.texts, self.reading)
        is_read = values.is_not_null()
        if column.largest is not None and values.dtype.is_numeric():
            is_read &= (values <= column.largest).fill_null(value=False)
        return int((self.texts.is_not_null() & ~is_read).sum())

    def reads(self, share: float = READ_SHARE, **keys: Any) -> int | None:  # noqa: ANN401
        """As `unread`, None if too many cells are."""
        unread = self.unread(**keys)
        return unread if self.filled and self.filled - unread >= share * self.filled else None


def draft_column(heading: str, name: str, texts: pl.Series, reading: Reading, known: Known) -> ColumnDraft:
    """What a contract would say of one column.

    Args:
        heading: Its heading in the file.
        name: Its name, unless a shipped contract knows the heading.
        texts: Its cleaned texts, null where a cell is empty.
        reading: Format, period and registers.
        known: What the shipped contracts know.
    """
    cells = _Cells(heading, texts, reading, known)
    proposal = next(found for found in _proposals(cells) if found is not None)
    empty, filled = texts.null_count(), cells.filled
    keys: dict[str, Any] = {"name": name, "headings": (heading,), "vi": heading, "en": " ".join(words(heading)) or name}
    keys |= proposal.keys
    column = Column.model_validate(keys)
    if column.is_stored:
        column = column.model_copy(update={"required": True, "nullable": bool(empty) or not filled})
    return ColumnDraft(column, filled, empty, texts.drop_nulls().n_unique(), proposal.unread, proposal.why)


def _proposals(cells: _Cells) -> Iterator[_Proposal | None]:
    """What may be said of a column, the first that fits counts; the last one always does."""
    yield _as_shipped(cells)
    if not cells.filled:
        yield _personal("free_text", _todo("cột trống trong tệp này", "empty in this file"))
    looked_for: tuple[Callable[[_Cells], _Proposal | None], ...] = (
        _person_by_heading, _time, _boolean, _register, _person_by_cells, _code, _percent, _number, _text,
    )  # fmt: skip
    for look in looked_for:
        yield look(cells)
    is_name = hold_names(cells.texts, cells.known.trade_words)
    distinct = cells.texts.drop_nulls().n_unique()
    yield _personal(
        "name" if is_name else "free_text",
        _todo(
            f"chữ tự do, {distinct} giá trị khác nhau: có thể chứa tên người nên không giữ. Nếu là danh mục: ghi vào "
            "code_lists.csv, type: code, hoặc một pattern thật hẹp",
            f"free text, {distinct} distinct values: it may hold names and is not kept. If it is a list: write it into "
            "code_lists.csv, type: code, or a narrow pattern",
        ),
    )


def _as_shipped(cells: _Cells) -> _Proposal | None:
    """As the first shipped contract says of the same heading that can read the cells."""
    found = cells.known.columns.get(heading_key(cells.heading), ())
    return next((proposal for dataset, column in found if (proposal := _as_column(cells, dataset, column))), None)


def _as_column(cells: _Cells, dataset: str, column: Column) -> _Proposal | None:
    """As a shipped column says; its class of personal data holds whatever the cells are."""
    kept = column.model_dump(exclude={"headings", "required", "nullable"}, exclude_defaults=True)
    unread = cells.reads(READ_SHARE, **{**kept, "name": "x"}) if column.is_stored and cells.filled else 0
    if unread is None and column.personal is None:
        return None
    if unread is None:
        # The code under another form is still somebody's: the hash needs no pattern.
        kept.pop("pattern", None)
    why = _say(f"tiêu đề như trong {dataset}", f"the heading is that of {dataset}")
    return _Proposal(kept, (why,), unread or 0)


def _person_by_heading(cells: _Cells) -> _Proposal | None:
    personal = class_by_heading(cells.heading, cells.texts)
    if personal is None or (personal == "dossier_code" and _number(cells) is not None):
        return None
    why = _say("tiêu đề nói về người", "the heading speaks of persons")
    if personal == "dossier_code":
        why = _say("mã hồ sơ: chỉ giữ mã băm", "a dossier code: only its keyed hash is kept")
    return _personal(personal, why)


def _person_by_cells(cells: _Cells) -> _Proposal | None:
    if _endpoints(cells) is not None or (_is_money(cells) and _number(cells) is not None):
        return None
    personal = class_by_cells(cells.texts)
    # A bare figure of many digits may be a quantity, but may be a telephone or ID number as well.
    return personal and _personal(
        personal,
        _todo(
            "giá trị giống dữ liệu cá nhân nên không giữ; nếu không phải, bỏ personal và khai kiểu",
            "cells look like personal data and are not kept; if they are not, remove personal and state the type",
        ),
    )


def _time(cells: _Cells) -> _Proposal | None:
    if cells.texts.str.contains(_EXCEL_MIDNIGHT).all() and cells.filled:
        return _Proposal({"type": "date", "format": "%d/%m/%Y"}, (_say("ngày của Excel", "dates of Excel's own"),))
    readings = list(_time_readings(cells))
    if not readings:
        return None
    # Where day and month may be swapped, the file's own day decides, if it is told.
    best = max(readings, key=lambda one: one.in_period)
    why = [_say(f"{cells.filled} ô đọc được theo {best.form}", f"{cells.filled} cells read by {best.form}")]
    if len(readings) > 1 and not best.in_period:
        why.append(
            _todo(
                "không ngày nào lớn hơn 12: không phân biệt được ngày với tháng, hãy hỏi nơi gửi",
                "no day is above 12: day and month cannot be told apart, ask the owner",
            )
        )
    if best.zone:
        why.append(_say("giờ UTC, được đổi sang giờ Việt Nam", "UTC, becomes local time"))
    return _Proposal({"type": best.kind, "format": best.form, **best.zone}, tuple(why), best.unread)


@dataclass(frozen=True)
class _TimeReading:
    """One way to read a column's dates, and how many of them fall into the file's own period."""

    kind: str
    form: str
    zone: dict[str, Any]
    unread: int
    in_period: int


def _time_readings(cells: _Cells) -> Iterator[_TimeReading]:
    """The first format that reads the cells, and the one with day and month swapped if it reads them as well."""
    tried = [("date", form) for form in DATE_FORMATS] + [("timestamp", form) for form in TIMESTAMP_FORMATS]
    if not _speaks_of_days(cells):
        tried.remove(("date", "%Y%m%d"))
    for kind, form in tried:
        if found := _time_reading(cells, kind, form):
            yield found
            swapped = form.replace("%d/%m", "%m/%d")
            if swapped != form and (other := _time_reading(cells, kind, swapped)) and not other.unread:
                yield other
            return


def _time_reading(cells: _Cells, kind: str, form: str) -> _TimeReading | None:
    zone = {"time_zone": "UTC"} if form.endswith("Z") else {}
    unread = cells.reads(READ_SHARE, type=kind, format=form, **zone)
    if unread is None:
        return None
    column = Column.model_validate(
        {"name": "x", "headings": (), "vi": "-", "en": "-", "type": kind, "format": form, **zone}
    )
    days = read_value(column, cells.texts, cells.reading).cast(pl.Date)
    period = cells.reading.partition
    return _TimeReading(kind, form, zone, unread, int(days.is_between(period.first_day, period.last_day).sum()))


def _speaks_of_days(cells: _Cells) -> bool:
    return bool({"ngay", "date", "day"} & set(words(cells.heading)))


def _boolean(cells: _Cells) -> _Proposal | None:
    distinct = {text.lower() for text in cells.texts.drop_nulls().unique().to_list()}
    is_spelled = distinct <= {"true", "false", "có", "không", "x"}
    is_flag = distinct <= {"0", "1"} and _IS.match(" ".join(words(cells.heading)))
    if not (is_spelled or is_flag):
        return None
    return _Proposal({"type": "boolean"}, (_say("chỉ có hai giá trị đúng, sai", "only true and false"),))


def _register(cells: _Cells) -> _Proposal | None:
    unread = cells.reads(type="procedure_code")
    if unread is not None:
        return _Proposal({"type": "procedure_code"}, (_fits(cells, unread, "mã thủ tục", "procedure codes"),), unread)
    for kind, what in (("agency_code", ("mã đơn vị", "agency codes")), ("unit_name", ("tên đơn vị", "names of units"))):
        unread = cells.reads(_KNOWN_UNITS_SHARE, type=kind, registry="units")
        if unread is not None:
            why = [_fits(cells, unread, f"{what[0]} có trong units.csv", f"{what[1]} in units.csv")]
            if unread:
                why.append(
                    _todo(
                        f"{unread} ô không có trong units.csv: dòng của chúng sẽ bị cách ly",
                        f"{unread} cells are not in units.csv: their rows will be set apart",
                    )
                )
            return _Proposal({"type": kind, "registry": "units"}, tuple(why), unread)
    return _endpoints(cells)


def _endpoints(cells: _Cells) -> _Proposal | None:
    unread = cells.reads(type="text", registry="endpoints")
    if unread is not None:
        why = _fits(cells, unread, "mã điểm cầu", "endpoint codes")
        return _Proposal({"type": "text", "registry": "endpoints"}, (why,), unread)
    addresses = list(cells.reading.reference.endpoint_by_address)
    known = int(cells.texts.str.to_lowercase().is_in(addresses).sum())
    if not cells.filled or known * 2 <= cells.filled:
        return None
    why = _fits(
        cells, cells.filled - known, "địa chỉ điểm cầu; còn lại là GUEST", "endpoint addresses; others become GUEST"
    )
    return _Proposal({"type": "endpoint_address", "registry": "endpoints"}, (why,))


def _code(cells: _Cells) -> _Proposal | None:
    """A list that holds all the values; figures fit too many lists to say which."""
    values = set(cells.texts.drop_nulls().unique().to_list())
    if all(value.isdigit() for value in values):
        return None
    lists = cells.reading.reference.codes
    fitting = sorted(
        (name for name, codes in lists.items() if values <= codes), key=lambda name: (len(lists[name]), name)
    )
    if not fitting:
        return None
    why = _say(f"mọi giá trị có trong danh mục {fitting[0]}", f"every value is in the list {fitting[0]}")
    return _Proposal({"type": "code", "code_list": fitting[0]}, (why,))


def _percent(cells: _Cells) -> _Proposal | None:
    unread = cells.reads(type="text", pattern=_PERCENT)
    if unread is None:
        return None
    why = _say("tỷ lệ phần trăm viết bằng chữ, giữ nguyên văn bản", "percentages written as texts, kept as they stand")
    return _Proposal({"type": "text", "pattern": _PERCENT}, (why,), unread)


def _number(cells: _Cells) -> _Proposal | None:
    if cells.texts.str.contains(r"^0[0-9]").any():
        # A number would lose its leading zeros.
        return None
    kinds = ("integer", "decimal")
    is_money = _is_money(cells)
    for kind in kinds:
        unread = cells.reads(type=kind, maximum=10.0**17 if is_money else LARGEST_NUMBER)
        if unread is None:
            continue
        return _bounded_number(cells, "amount" if is_money else kind, unread)
    return None


def _bounded_number(cells: _Cells, kind: str, unread: int) -> _Proposal | None:
    column = Column.model_validate(
        {"name": "x", "headings": (), "vi": "-", "en": "-", "type": kind, "maximum": 10.0**17}
    )
    values = read_value(column, cells.texts, cells.reading)
    if values.drop_nulls().is_empty():
        return None
    keys: dict[str, Any] = {"type": kind}
    if float(values.min()) >= 0:  # type: ignore[arg-type]  # polars' min of any dtype
        keys["minimum"] = 0
    why = [_fits(cells, unread, "số", "numbers")]
    if kind == "amount":
        largest = float(values.max())  # type: ignore[arg-type]
        keys["maximum"] = _LARGEST_FEE if largest <= _LARGEST_FEE else 10 ** len(str(int(largest))) - 1
        why.append(
            _todo("số tiền lớn nhất tin được và đơn vị tính", "the largest amount that is believed, and its unit")
        )
    return _Proposal(keys, tuple(why), unread)


def _is_money(cells: _Cells) -> bool:
    return _MONEY.search(" ".join(words(cells.heading))) is not None


def _text(cells: _Cells) -> _Proposal | None:
    for name, column in cells.known.patterns.items():
        unread = cells.reads(type="text", pattern=column.pattern)
        if unread is not None:
            why = _fits(cells, unread, f"theo mẫu của {name}", f"of the pattern of {name}")
            return _Proposal({"type": "text", "pattern": column.pattern}, (why,), unread)
    pattern = bounded_pattern(cells.texts)
    if pattern is None:
        return None
    why = _todo(
        "mã có cấu trúc; kiểm tra rằng mẫu không lọt dữ liệu cá nhân",
        "a structured code; check that nobody's data fits the pattern",
    )
    return _Proposal({"type": "text", "pattern": pattern}, (why,), cells.unread(type="text", pattern=pattern))


def heading_key(heading: str) -> str:
    """The form under which a heading is looked up among those known: its words, accents and case aside."""
    return " ".join(words(heading))


def _personal(personal: PersonalClass, why: Text) -> _Proposal:
    keys: dict[str, Any] = {"type": "text", "personal": personal}
    if personal == "dossier_code":
        keys["pseudonym"] = True
    return _Proposal(keys, (why,))


def _fits(cells: _Cells, unread: int, vi: str, en: str) -> Text:
    return _say(
        f"{cells.filled - unread}/{cells.filled} ô là {vi}", f"{cells.filled - unread} of {cells.filled} cells are {en}"
    )


def _say(vi: str, en: str) -> Text:
    return Text(vi=vi, en=en)


def _todo(vi: str, en: str) -> Text:
    return Text(vi=f"{TODO}: {vi}", en=en)
