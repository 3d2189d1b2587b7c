"""Which unit a text means: by its code, else by its name, in one period and below one unit above. Never by a guess.

What is near a text that means no unit is a suggestion to the officer, told with the row's reason; it decides nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from functools import cached_property

from pipelines.calendar import Partition
from pipelines.contracts import Contract
from pipelines.reference import Reference, Unit, UnitAlias, name_key, normalise_agency_code

MOST_CANDIDATES = 5
_LIKENESS = 0.6


class Relation(StrEnum):
    """What the candidates are to the text, as the reason says it."""

    NEAR = "may be"
    SAME_NAME = "one of"
    SUCCESSOR = "merged into"


_MARK, _BETWEEN = "; ", " | "
_NO_TELLING = str.maketrans(dict.fromkeys("|;", ","))


@dataclass(frozen=True)
class Candidate:
    """A unit of the register that a text may mean.

    Attributes:
        parent_name_vi: Name of the unit above it; empty for the province.
    """

    unit_code: str
    name_vi: str
    parent_name_vi: str

    def __str__(self) -> str:
        above = f" ({self.parent_name_vi})" if self.parent_name_vi else ""
        return f"{self.unit_code} {self.name_vi}{above}"


@dataclass(frozen=True)
class Candidates:
    """Units of the period that a text may mean, the likeliest first."""

    relation: Relation
    units: tuple[Candidate, ...]


def with_candidates(reason: str, found: Candidates | None) -> str:
    """The reason with the units that may be meant: `unit_code: …; one of: H56.31.61 Phường Phú Sơn (Thành phố …) | …`."""
    if found is None:
        return reason
    told = _BETWEEN.join(str(unit).translate(_NO_TELLING) for unit in found.units)
    return f"{reason}{_MARK}{found.relation}: {told}"


def without_candidates(reason: str) -> str:
    """The reason as it is counted: whatever was typed, it is one and the same fault."""
    return reason.partition(_MARK)[0]


def candidates_of(reason: str) -> Candidates | None:
    """The units that a reason names; None if it names none."""
    relation, mark, told = reason.partition(_MARK)[2].partition(": ")
    if not mark or relation not in set(Relation):
        return None
    return Candidates(Relation(relation), tuple(map(_candidate, told.split(_BETWEEN))))


def _candidate(told: str) -> Candidate:
    code, _, rest = told.partition(" ")
    # A unit's own name may hold brackets; the unit above stands in the last ones.
    name, bracket, above = rest.rpartition(" (")
    return Candidate(code, name, above.removesuffix(")")) if bracket else Candidate(code, rest, "")


class UnitFinder:
    """Finds the unit that a text means.

    Args:
        reference: The registers.
        contract: Whose aliases count.
        period: Units and aliases count if they were valid on one of its days.
    """

    def __init__(self, reference: Reference, contract: Contract, period: Partition) -> None:
        self._reference = reference
        self._first, self._last = period.first_day, period.last_day
        self._scope = (None, contract.dataset, contract.platform)

    def find(self, text: str, parent_unit_code: str | None = None) -> str | None:
        """The code of the one unit that the text means; None if there is none or more than one.

        Args:
            text: A code or a name.
            parent_unit_code: The unit above, where the file says it.
        """
        codes = {unit.unit_code for unit in self._named(text) if _stands_below(unit, parent_unit_code)}
        codes |= {alias.unit_code for alias in self._aliased(text) if self._is_usable(alias, parent_unit_code)}
        return codes.pop() if len(codes) == 1 else None

    @cached_property
    def keys(self) -> Collection[str]:
        """Keys of every name and alias of the period: what a misspelt name is told from a person's by."""
        return frozenset(self._units_by_key) | frozenset(self._aliases_by_key)

    def candidates(self, text: str, parent_unit_code: str | None = None) -> Candidates | None:
        """Units of the register that a text without a unit may mean: of the same name, come of it, or near it."""
        aliased = [self._units_by_code.get(alias.unit_code) for alias in self._aliased(text)]
        same = {unit.unit_code: unit for unit in (*self._named(text), *aliased) if unit is not None}
        if same:
            return self._told(Relation.SAME_NAME if len(same) > 1 else Relation.NEAR, same.values())
        if come := self._successors(text):
            return self._told(Relation.SUCCESSOR, come)
        near = self._near(text, parent_unit_code)
        return self._told(Relation.NEAR, near) if near else None

    def _named(self, text: str) -> Sequence[Unit]:
        unit = self._units_by_code.get(normalise_agency_code(text))
        return [unit] if unit else self._units_by_key.get(name_key(text), [])

    def _aliased(self, text: str) -> Sequence[UnitAlias]:
        return self._aliases_by_key.get(name_key(text), [])

    def _is_usable(self, alias: UnitAlias, parent_unit_code: str | None) -> bool:
        """Whether the alias holds here: its unit exists, and what it or the file says of the unit above agrees."""
        unit = self._units_by_code.get(alias.unit_code)
        if unit is None or not _stands_below(unit, parent_unit_code):
            return False
        return alias.parent_unit_code is None or alias.parent_unit_code == parent_unit_code

    def _successors(self, text: str) -> list[Unit]:
        """The units of the period that took in a unit of that name or code which has ended."""
        key, code = name_key(text), normalise_agency_code(text)
        ended = [unit for unit in self._others if unit.unit_code == code or name_key(unit.name_vi) == key]
        return [
            self._units_by_code[new]
            for unit in ended
            if unit.valid_to is not None and unit.valid_to < self._first
            for new in self._reference.successors.get(unit.unit_code, ())
            if new in self._units_by_code
        ]

    def _near(self, text: str, parent_unit_code: str | None) -> list[Unit]:
        code = normalise_agency_code(text)
        if any(sign.isdigit() for sign in code) and " " not in code:
            return [
                self._units_by_code[near]
                for near in get_close_matches(code, self._units_by_code, MOST_CANDIDATES, _LIKENESS)
            ]
        key = name_key(text)
        own = {k: [u for u in units if _stands_below(u, parent_unit_code)] for k, units in self._units_by_key.items()}
        below = {k: units for k, units in own.items() if units} if parent_unit_code else {}
        found: list[Unit] = []
        for units_by_key in (below, self._units_by_key):
            for near in get_close_matches(key, units_by_key, MOST_CANDIDATES, _LIKENESS):
                found += units_by_key[near]
        return found

    def _told(self, relation: Relation, units: Iterable[Unit]) -> Candidates:
        distinct = list({unit.unit_code: unit for unit in units}.values())[:MOST_CANDIDATES]
        return Candidates(relation, tuple(map(self._candidate, distinct)))

    def _candidate(self, unit: Unit) -> Candidate:
        above = self._units_by_code.get(unit.parent_unit_code or "")
        return Candidate(unit.unit_code, unit.name_vi, above.name_vi if above else "")

    @cached_property
    def _units_by_code(self) -> dict[str, Unit]:
        return {unit.unit_code: unit for unit in self._reference.units if unit.is_valid(self._first, self._last)}

    @cached_property
    def _units_by_key(self) -> dict[str, list[Unit]]:
        found: defaultdict[str, list[Unit]] = defaultdict(list)
        for unit in self._reference.units:
            if unit.is_valid(self._first, self._last):
                found[name_key(unit.name_vi)].append(unit)
        return dict(found)

    @cached_property
    def _others(self) -> list[Unit]:
        return [unit for unit in self._reference.units if not unit.is_valid(self._first, self._last)]

    @cached_property
    def _aliases_by_key(self) -> dict[str, list[UnitAlias]]:
        found: defaultdict[str, list[UnitAlias]] = defaultdict(list)
        for alias in self._reference.aliases:
            if alias.applies_to in self._scope and alias.is_valid(self._first, self._last):
                found[name_key(alias.alias_vi)].append(alias)
        return dict(found)


def _stands_below(unit: Unit, parent_unit_code: str | None) -> bool:
    """Whether the unit is below the one above it that the file names, or that unit itself, which heads its own group."""
    return parent_unit_code is None or parent_unit_code in (unit.parent_unit_code, unit.unit_code)
