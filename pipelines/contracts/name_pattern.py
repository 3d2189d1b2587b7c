"""Which period a file's name says it is of: a template that a contract gives, and no regular expression.

`BaoCao_{day}.{month}.{year}*.xls*` reads `baocao_5.6.2026 (1).xlsx` as 5 June 2026. A placeholder between other signs
takes one digit or two; placeholders that touch (`{year}{month}{day}`) take two each, a year always four. Case and how
accents are composed make no difference. Nothing is guessed: a name that could be read as two periods is not read.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise

_PARTS = re.compile(r"(\{[a-z_]*\}|\*|[{}])")
_PLACEHOLDERS = ("day", "month", "year")
_MOST_STARS = 3
_LONGEST_NAME = 255


@dataclass(frozen=True)
class NamePattern:
    """A template for names.

    Attributes:
        template: As the contract gives it; `checked` says what is wrong with it.
    """

    template: str

    def checked(self) -> None:
        """Makes sure that the template can be read in one way only.

        Raises:
            ValueError: It cannot; the message says why.
        """
        parts = self._parts
        names = [part[1:-1] for part in parts if part[0] == "{"]
        if any(part in "{}" for part in parts) or set(names) - set(_PLACEHOLDERS):
            raise ValueError("name_pattern knows {day}, {month}, {year} and * only")
        if sorted(names) not in (["day", "month", "year"], ["month", "year"]):
            raise ValueError("name_pattern needs {year} and {month} once each, and {day} at most once")
        if parts.count("*") > _MOST_STARS or "**" in self.template or "/" in self.template:
            raise ValueError(f"name_pattern has at most {_MOST_STARS} *, none beside another, and no /")
        for before, after in pairwise(parts):
            if (before[0] == "{" and after[0].isdigit()) or (after[0] == "{" and before[-1].isdigit()):
                raise ValueError("name_pattern has a digit beside a placeholder: which digits are the date's?")

    @property
    def has_day(self) -> bool:
        """Whether names tell a day, and not only a month."""
        return "{day}" in self.template

    @property
    def words(self) -> frozenset[str]:
        """The template's own words, in small letters."""
        literals = " ".join(part for part in self._parts if part[0] not in "{*")
        return frozenset(re.findall(r"[^\W\d_]+", _folded(literals)))

    def matches(self, name: str) -> bool:
        """Whether the name has the template's form, whatever its digits say."""
        return len(name) <= _LONGEST_NAME and self._first.fullmatch(_folded(name)) is not None

    def day_of(self, name: str) -> date:
        """The day that a matching name tells; of a month its first.

        Raises:
            ValueError: There is no such day, or the name could be read as two.
        """
        folded = _folded(name)
        readings = {
            tuple(int(found[part]) if part in found.groupdict() else 1 for part in ("year", "month", "day"))
            for pattern in (self._first, self._last)
            if (found := pattern.fullmatch(folded))
        }
        if len(readings) != 1:
            raise ValueError("could be read as two periods")
        return date(*readings.pop())

    @property
    def _parts(self) -> list[str]:
        return [part for part in _PARTS.split(_folded(self.template)) if part]

    @cached_property
    def _first(self) -> re.Pattern[str]:
        return self._compiled(".*?")

    @cached_property
    def _last(self) -> re.Pattern[str]:
        return self._compiled(".*")

    def _compiled(self, star: str) -> re.Pattern[str]:
        parts, written = self._parts, []
        for place, part in enumerate(parts):
            if part == "*":
                written.append(star)
            elif part[0] == "{":
                before = place > 0 and parts[place - 1][0] == "{"
                after = place + 1 < len(parts) and parts[place + 1][0] == "{"
                digits = "4" if part == "{year}" else "2" if before or after else "1,2"
                left, right = "" if before else "(?<![0-9])", "" if after else "(?![0-9])"
                written.append(f"{left}(?P<{part[1:-1]}>[0-9]{{{digits}}}){right}")
            else:
                written.append(re.escape(part))
        return re.compile("".join(written), re.DOTALL)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
