"""The province's units as the generator sees them: codes, names, kinds, and how busy each one is.

A unit is spoken of by its row number in `units.csv`; its busyness is drawn once per seed and stays with it.
Which document or dossier goes to which unit does not belong here.
"""

from __future__ import annotations

import re
from datetime import date
from functools import cached_property
from unicodedata import normalize

import numpy as np
import polars as pl

from demo.calendar import Numbers, Shares
from demo.registry import UNITS_FILE
from demo.seeding import generator

PROVINCE_CODE = "H56"
ACRONYM_LETTERS = 6
LATER_UNITS = date(2025, 6, 30)
_TONES = re.compile("[\u0300\u0301\u0303\u0309\u0323]")
UNIT_KINDS = ("province", "department", "district", "commune", "sub_unit")


class Units:
    """The unit registry with the busyness of one seed."""

    def __init__(self, seed: int) -> None:
        """Reads units.csv and draws each unit's busyness and slackness."""
        self.frame = pl.read_csv(UNITS_FILE, infer_schema=False).with_columns(
            pl.col("valid_from").str.to_date(), pl.col("valid_to").str.to_date()
        )
        # The habits of later units do not hang on how many ended before them: the register of former ones may grow.
        is_former = self.frame["valid_to"].fill_null(date.max).to_numpy() < np.datetime64(LATER_UNITS)
        self.busyness: Shares = np.empty(len(self.frame))
        self.late_share: Shares = np.empty(len(self.frame))
        for subject, among in (("units", ~is_former), ("former-units", is_former)):
            random, count = generator(seed, subject), int(among.sum())
            self.busyness[among] = np.minimum(random.lognormal(0.0, 0.6, count), 5.0)
            self.late_share[among] = random.beta(2.0, 28.0, count)

    @cached_property
    def codes(self) -> pl.Series:
        """The agency codes in registry order."""
        return self.frame["unit_code"]

    @cached_property
    def names(self) -> pl.Series:
        """The Vietnamese names in registry order."""
        return self.frame["unit_name_vi"]

    @cached_property
    def acronyms(self) -> pl.Series:
        """The letters by which each unit signs its documents, in registry order."""
        return pl.Series([acronym(name) for name in self.names])

    @cached_property
    def number_by_code(self) -> dict[str, int]:
        """The row number of each agency code: of its newest row, where it was renamed."""
        rows = sorted(zip(self.frame["valid_from"], self.codes, range(len(self.codes)), strict=True))
        return {code: number for _, code, number in rows}

    @cached_property
    def reporting_numbers(self) -> Numbers:
        """For each unit the department, district or commune that reports for it; the unit itself if it is one.

        The row of a parent is the one that was valid when the sub-unit ended, or is now.
        """
        rows: dict[str, list[tuple[date, int]]] = {}
        for number, (code, first) in enumerate(self.frame.select("unit_code", "valid_from").iter_rows()):
            rows.setdefault(code, []).append((first, number))
        units = self.frame.select("parent_unit_code", "unit_type", "valid_to").iter_rows()
        return np.array(
            [
                max(row for row in rows[parent] if row[0] <= (last or date.max))[1] if kind == "sub_unit" else number
                for number, (parent, kind, last) in enumerate(units)
            ],
            dtype=np.int64,
        )

    def valid(self, day: date, *kinds: str) -> Numbers:
        """The row numbers of the units of these kinds that exist on the day."""
        is_valid = (
            pl.col("unit_type").is_in(kinds)
            & (pl.col("valid_from") <= day)
            & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= day))
        )
        return np.asarray(self.frame.select(is_valid.arg_true()).to_series().to_numpy(), dtype=np.int64)

    def ended(self, day: date) -> Numbers:
        """The row numbers of the units that no longer exist on the day."""
        has_ended = (pl.col("valid_to") < day).fill_null(value=False)
        return np.asarray(self.frame.select(has_ended.arg_true()).to_series().to_numpy(), dtype=np.int64)

    def uniquely_named(self, day: date) -> Numbers:
        """The row numbers of the units whose name nobody else bears on the day."""
        everyone = self.valid(day, *UNIT_KINDS)
        is_unique = self.names.gather(everyone).is_unique().to_numpy()
        return np.asarray(everyone[is_unique], dtype=np.int64)

    def draw(self, random: np.random.Generator, among: Numbers, count: int) -> Numbers:
        """Draws `count` of the given units, the busy ones more often."""
        limits = np.cumsum(self.busyness[among])
        drawn = np.searchsorted(limits, random.random(count) * limits[-1], side="right")
        return np.asarray(among[drawn], dtype=np.int64)


def acronym(name: str) -> str:
    """The letters by which a unit signs its documents: the capitals of a short name, `UBND` for councils."""
    if name.startswith(("UBND", "Xã", "Phường", "Thị", "Huyện", "Thành phố")):
        return "UBND"
    initials = "".join(word[0] for word in name.replace("-", " ").split() if word[0].isalpha())[:ACRONYM_LETTERS]
    # Tones are not written in them: Ứng dụng is ƯD.
    return normalize("NFC", _TONES.sub("", normalize("NFD", initials.upper())))
