"""The registers that a row is held against: units through time, endpoints, code lists.

They are the dbt seeds (and the endpoint register of `sources/`), read once a run. Nothing here reads an export.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from pipelines.errors import ContractError

GUEST = "GUEST"
ALIASES_NAME = "unit_aliases.csv"
CROSSWALK_NAME = "communes_legacy_to_2025.csv"
CHANGES_NAME = "commune_changes.csv"
# What is invisible in a text that was copied from the web: zero-width signs, marks of direction, the soft hyphen. Once
# a file's encoding is settled the last is a letter no more (it is TCVN3's ư).
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_HYPHENS = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_FULL_WIDTH = {chr(code + 0xFEE0): chr(code) for code in range(0x21, 0x7F)}
_LOOKALIKES = str.maketrans(
    {
        "Ð": "Đ",
        "Ɖ": "Đ",
        "ð": "đ",
        "ɖ": "đ",
        **_FULL_WIDTH,
        **dict.fromkeys(_HYPHENS, "-"),
        **dict.fromkeys(_INVISIBLE, ""),
    }
)
_BLANKS_AT_HYPHEN = re.compile(r"\s*-\s*")
_END_MARKS = " .,;:"
_TONE_MOVES = {"oà": "òa", "oá": "óa", "oả": "ỏa", "oã": "õa", "oạ": "ọa", "oè": "òe", "oé": "óe", "oẻ": "ỏe", "oẽ": "õe",
               "oẹ": "ọe", "uỳ": "ùy", "uý": "úy", "uỷ": "ủy", "uỹ": "ũy", "uỵ": "ụy"}  # fmt: skip
# At a syllable's end only: `hoàn` is spelt so in both ways. The u after q belongs to the consonant.
_TONE_AT_END = re.compile(rf"(?<!q)(?:{'|'.join(_TONE_MOVES)})(?![^\W\d_])")


@dataclass(frozen=True)
class Unit:
    """One unit during one validity; `valid_to` is its last day, None while it exists.

    Attributes:
        parent_unit_code: The unit above it.
        commune_code: A commune's code in the national list; codes were given out anew in 2025.
    """

    unit_code: str
    name_vi: str
    unit_type: str
    valid_from: date
    valid_to: date | None
    parent_unit_code: str | None = None
    commune_code: str | None = None

    def is_valid(self, first_day: date, last_day: date) -> bool:
        """Whether the unit existed on any day of the period."""
        return self.valid_from <= last_day and (self.valid_to is None or self.valid_to >= first_day)


@dataclass(frozen=True)
class UnitAlias:
    """Another way in which exports write a unit's name, as somebody answers for it; never made by the program.

    Attributes:
        parent_unit_code: Only where the unit above is this one.
        applies_to: Only in this dataset, or in those of this platform.
    """

    alias_vi: str
    unit_code: str
    valid_from: date
    valid_to: date | None
    parent_unit_code: str | None = None
    applies_to: str | None = None

    def is_valid(self, first_day: date, last_day: date) -> bool:
        """Whether the alias was in use on any day of the period."""
        return self.valid_from <= last_day and (self.valid_to is None or self.valid_to >= first_day)


@dataclass(frozen=True)
class Reference:
    """The registers of one run.

    Attributes:
        units: Every unit and validity.
        endpoint_by_address: Endpoint code by its lower-case SIP address.
        codes: Accepted codes by list name.
        aliases: Other spellings of units' names.
        successors: The units that a unit went into, by its code, the next ones before those of today; several where
            it was split.
    """

    units: tuple[Unit, ...]
    endpoint_by_address: Mapping[str, str]
    codes: Mapping[str, frozenset[str]]
    aliases: tuple[UnitAlias, ...] = ()
    successors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def endpoint_codes(self) -> frozenset[str]:
        """Every registered endpoint."""
        return frozenset(self.endpoint_by_address.values())

    def unit_codes(self) -> frozenset[str]:
        """Every agency code that was ever valid: a dossier keeps the code of the unit that received it."""
        return frozenset(unit.unit_code for unit in self.units)

    def unit_codes_by_name(self, first_day: date, last_day: date) -> dict[str, list[str]]:
        """The codes behind each name key among the units of a period; more than one code is ambiguous."""
        codes: defaultdict[str, list[str]] = defaultdict(list)
        for unit in self.units:
            if unit.is_valid(first_day, last_day):
                codes[name_key(unit.name_vi)].append(unit.unit_code)
        return dict(codes)


def name_key(name: str) -> str:
    """The form under which two spellings of one Vietnamese name are equal.

    NFC, Đ-lookalikes and full-width signs mapped, what is invisible left out, blanks collapsed, hyphens of one kind and
    without blanks, old-style tone placement in every syllable (`Hòa`, `Thủy`), casefolded, no punctuation at the end.
    i and y stay apart: `Mĩ` and `Mỹ` may be two names, so that is an alias's matter.
    """
    text = unicodedata.normalize("NFC", name.translate(_LOOKALIKES))
    text = _BLANKS_AT_HYPHEN.sub("-", " ".join(text.split()).casefold())
    text = text.rstrip(_END_MARKS) or text
    return _TONE_AT_END.sub(lambda found: _TONE_MOVES[found[0]], text)


def normalise_agency_code(code: str) -> str:
    """An agency code read left to right: the older `000.03.12.H56` becomes `H56.12.03` (QĐ 20/2020/QĐ-TTg)."""
    parts = code.strip().upper().split(".")
    if len(parts) > 1 and parts[-1].startswith("H") and not parts[0].startswith("H"):
        parts = [parts[-1], *(part for part in reversed(parts[:-1]) if part.strip("0"))]
    return ".".join(parts).strip()


def read_reference(seeds: Path, endpoints_file: Path) -> Reference:
    """Reads the registers from the dbt seeds and the endpoint register.

    Raises:
        ContractError: An alias is malformed, names no unit, or may mean another one.
    """
    codes: defaultdict[str, set[str]] = defaultdict(set)
    for row in _rows(seeds / "code_lists.csv"):
        codes[row["list_name"]].add(row["code"])
    units = tuple(
        Unit(
            unit_code=row["unit_code"],
            name_vi=row["unit_name_vi"],
            unit_type=row["unit_type"],
            valid_from=date.fromisoformat(row["valid_from"]),
            valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
            parent_unit_code=row["parent_unit_code"] or None,
            commune_code=row["commune_code"] or None,
        )
        for row in _rows(seeds / "units.csv")
    )
    return Reference(
        units=units,
        endpoint_by_address={row["sip_address"].lower(): row["endpoint_code"] for row in _rows(endpoints_file)},
        codes={name: frozenset(values) for name, values in codes.items()},
        aliases=_aliases(_rows(seeds / ALIASES_NAME), units),
        successors=_successors(_rows(seeds / CROSSWALK_NAME), _rows(seeds / CHANGES_NAME), units),
    )


def _successors(
    crosswalk: list[dict[str, str]], changes: list[dict[str, str]], units: tuple[Unit, ...]
) -> dict[str, tuple[str, ...]]:
    """The official tables in agency codes: they know communes by their national code, which all eras use."""
    # A commune's offices bear its code, too.
    communes: defaultdict[str | None, list[Unit]] = defaultdict(list)
    for unit in units:
        if unit.unit_type == "commune":
            communes[unit.commune_code].append(unit)
    dissolved = {row["commune_code"]: row["successor_code"] for row in changes if row["successor_code"]}
    merged: defaultdict[str, list[str]] = defaultdict(list)
    for row in crosswalk:
        merged[row["old_code"]].append(row["new_code"])
    found: defaultdict[str, list[str]] = defaultdict(list)
    for unit in (unit for same_code in communes.copy().values() for unit in same_code if unit.valid_to):
        code = dissolved.get(unit.commune_code or "", unit.commune_code or "")
        next_day = (unit.valid_to or date.max) + timedelta(days=1)
        next_ones = [other for other in communes[code] if other.valid_to and other.is_valid(next_day, next_day)]
        today = [other for new in merged[code] for other in communes[new] if other.valid_to is None]
        found[unit.unit_code] += [other.unit_code for other in (*next_ones, *today)]
    return {code: tuple(dict.fromkeys(new for new in went if new != code)) for code, went in found.items()}


def _aliases(rows: list[dict[str, str]], units: tuple[Unit, ...]) -> tuple[UnitAlias, ...]:
    """The aliases, each of which means one unit whenever and wherever it holds."""
    by_code: defaultdict[str, list[Unit]] = defaultdict(list)
    by_key: defaultdict[str, list[Unit]] = defaultdict(list)
    known: defaultdict[str, list[UnitAlias]] = defaultdict(list)
    for unit in units if rows else ():
        by_code[unit.unit_code].append(unit)
        by_key[name_key(unit.name_vi)].append(unit)
    for line, row in enumerate(rows, start=2):
        try:
            alias = _alias(row)
        except (KeyError, TypeError, ValueError) as error:
            raise _refused(line, f"is no alias ({error})") from error
        key = name_key(alias.alias_vi)
        if not key:
            raise _refused(line, "has no alias_vi")
        for code in filter(None, (alias.unit_code, alias.parent_unit_code)):
            if not any(_meet(alias, unit) for unit in by_code[code]):
                raise _refused(line, f"names {code}, which is no unit of its time")
        if same := [unit for unit in by_key[key] if _meet(alias, unit) and _is_below(unit, alias.parent_unit_code)]:
            raise _refused(line, f"is the name of the unit {same[0].unit_code}")
        if other := [one for one in known[key] if _meet(alias, one) and _hold_together(alias, one)]:
            raise _refused(line, f"stands already for {other[0].unit_code}")
        known[key].append(alias)
    return tuple(alias for same in known.values() for alias in same)


def _alias(row: dict[str, str]) -> UnitAlias:
    return UnitAlias(
        alias_vi=row["alias_vi"],
        unit_code=row["unit_code"],
        parent_unit_code=row["parent_unit_code"] or None,
        applies_to=row["applies_to"] or None,
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
    )


def _meet(alias: UnitAlias, other: Unit | UnitAlias) -> bool:
    return alias.is_valid(other.valid_from, other.valid_to or date.max)


def _is_below(unit: Unit, parent_unit_code: str | None) -> bool:
    return parent_unit_code is None or unit.parent_unit_code == parent_unit_code


def _hold_together(one: UnitAlias, other: UnitAlias) -> bool:
    """Whether both may hold in one place: a bound that either leaves open bounds nothing."""
    return all(
        not mine or not theirs or mine == theirs
        for mine, theirs in ((one.parent_unit_code, other.parent_unit_code), (one.applies_to, other.applies_to))
    )


def _refused(line: int, why: str) -> ContractError:
    return ContractError(f"Line {line} of {ALIASES_NAME} {why}.", f"Mend dbt_project/seeds/{ALIASES_NAME}.")


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
