"""The registers that a row is held against: units through time, endpoints, code lists.

They are the dbt seeds (and the endpoint register of `sources/`), read once a run. Nothing here reads an export.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

GUEST = "GUEST"
_ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff"
_LOOKALIKES = str.maketrans({"Ð": "Đ", "Ɖ": "Đ", "ð": "đ", "ɖ": "đ", "\u00a0": " ", **dict.fromkeys(_ZERO_WIDTH, "")})
_TONE_MOVES = (("oà", "òa"), ("oá", "óa"), ("oả", "ỏa"), ("oã", "õa"), ("oạ", "ọa"), ("oè", "òe"), ("oé", "óe"),
               ("oẻ", "ỏe"), ("oẽ", "õe"), ("oẹ", "ọe"), ("uỳ", "ùy"), ("uý", "úy"), ("uỷ", "ủy"), ("uỹ", "ũy"),
               ("uỵ", "ụy"))  # fmt: skip
_TONE_AT_END = [(re.compile(f"(?<![qQ]){new}(?![^\\W\\d_])"), old) for new, old in _TONE_MOVES]


@dataclass(frozen=True)
class Unit:
    """One unit during one validity; `valid_to` is its last day, None while it exists."""

    unit_code: str
    name_vi: str
    unit_type: str
    valid_from: date
    valid_to: date | None

    def is_valid(self, first_day: date, last_day: date) -> bool:
        """Whether the unit existed on any day of the period."""
        return self.valid_from <= last_day and (self.valid_to is None or self.valid_to >= first_day)


@dataclass(frozen=True)
class Reference:
    """The registers of one run.

    Attributes:
        units: Every unit and validity.
        endpoint_by_address: Endpoint code by its lower-case SIP address.
        codes: Accepted codes by list name.
    """

    units: tuple[Unit, ...]
    endpoint_by_address: Mapping[str, str]
    codes: Mapping[str, frozenset[str]]

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

    NFC, Đ-lookalikes mapped, spaces collapsed, old-style tone placement at a word's end (`Hòa`, `Thủy`), casefolded.
    """
    text = unicodedata.normalize("NFC", name.translate(_LOOKALIKES))
    text = " ".join(text.split()).casefold()
    for pattern, official in _TONE_AT_END:
        text = pattern.sub(official, text)
    return text


def normalise_agency_code(code: str) -> str:
    """An agency code read left to right: the older `000.03.12.H56` becomes `H56.12.03` (QĐ 20/2020/QĐ-TTg)."""
    parts = code.strip().upper().split(".")
    if len(parts) > 1 and parts[-1].startswith("H") and not parts[0].startswith("H"):
        parts = [parts[-1], *(part for part in reversed(parts[:-1]) if part.strip("0"))]
    return ".".join(parts).strip()


def read_reference(seeds: Path, endpoints_file: Path) -> Reference:
    """Reads the registers from the dbt seeds and the endpoint register."""
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
        )
        for row in _rows(seeds / "units.csv")
    )
    return Reference(
        units=units,
        endpoint_by_address={row["sip_address"].lower(): row["endpoint_code"] for row in _rows(endpoints_file)},
        codes={name: frozenset(values) for name, values in codes.items()},
    )


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
