"""The period that a file's title names, held against the one that was asked for.

An export of another month has the same headings and believable figures: only its title gives it away. Titles are read
in any case, with accents composed, decomposed or left out. A title may hold names, so nothing of it is told but the
period. Where no period is recognised there is nothing to hold.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from pipelines.calendar import Partition
from pipelines.contracts import Contract
from pipelines.errors import DataRefusedError
from pipelines.reference import name_key

_MOST_LETTERS = 2_000
_DAY = r"(?:(\d{1,2})\s*[/.-]\s*(\d{1,2})\s*[/.-]\s*(\d{4})|(\d{1,2})\s+thang\s+(\d{1,2})\s+nam\s+(\d{4}))"
_MONTH = r"(\d{1,2})\s*(?:[/.-]|nam)\s*(\d{4})"
_FROM, _TO = r"\btu\s+", r"\s*(?:den|toi|-|–|—)\s*(?:het\s+)?"
_OF_DAY = r"(?:ngay:?\s+)?"
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4}
# A day or year in a title is the report's only where nothing says that it is another's: signed, printed, of a decree.
_OTHER_DAYS = re.compile(
    r"quyet dinh|nghi dinh|nghi quyet|thong tu|cong van|ke hoach|/qd|/nd|/tt|/nq|\bso\s*:|\b(?:in|ky|lap|xuat) ngay"
    r"|ban hanh|,\s*ngay"
)


@dataclass(frozen=True)
class TitlePeriod:
    """A period named in a title: its first and last day, and whether it is a whole calendar year."""

    first_day: date
    last_day: date

    def __str__(self) -> str:
        first, last = (f"{day:%d/%m/%Y}" for day in (self.first_day, self.last_day))
        return first if first == last else f"{first}-{last}"

    @property
    def is_year(self) -> bool:
        """Whether it may be no more than the name of a year's book."""
        return (self.first_day.month, self.first_day.day, self.last_day) == (1, 1, date(self.first_day.year, 12, 31))

    def is_of(self, partition: Partition) -> bool:
        """Whether it is the partition's own."""
        return (self.first_day, self.last_day) == (partition.first_day, partition.last_day)

    def holds(self, partition: Partition) -> bool:
        """Whether the partition lies in it."""
        return self.first_day <= partition.first_day and partition.last_day <= self.last_day


def refuse_other_period(titles: Iterable[Iterable[str]], partition: Partition, contract: Contract) -> None:
    """Holds the titles' periods against the one that was asked for, as the contract's `title_period` demands.

    Of each sheet or member that names periods, one must be the partition's own: a title may compare it with another. A
    year that is named alone may be a book's, and any day inside it is then right; a month is not, for a year's figures
    would be taken for the month's. The stock before the first day is of no period.

    Raises:
        DataRefusedError: It is another period, or there is none and the contract demands one.
    """
    demand = contract.format.title_period
    if demand == "ignored" or partition.is_baseline:
        return
    found = [periods for title in titles if (periods := title_periods(title))]
    if not found and demand == "required":
        raise DataRefusedError(
            "title_names_its_period",
            f"no title names a period, and {_told(partition)} was asked for.",
            "Ask the owner for the export with its title rows.",
        )
    for periods in found:
        _refuse_other(periods, partition, contract)


def _refuse_other(found: list[TitlePeriod], partition: Partition, contract: Contract) -> None:
    demand = contract.format.title_period
    named = [period for period in found if not period.is_year] or found
    is_day = partition.first_day == partition.last_day
    if any(
        period.is_of(partition)
        or (period.holds(partition) and (demand == "contains" or (is_day and named is found and period.is_year)))
        for period in named
    ):
        return
    raise DataRefusedError(
        "title_names_its_period",
        f"its title names the period {', '.join(map(str, named))}, and {_told(partition)} was asked for.",
        "Ask the owner for the export of that period; if the title means something else, set `title_period` in the contract.",
    )


def title_periods(title: Iterable[str]) -> list[TitlePeriod]:
    """The periods that are named, in their order, each once."""
    found: dict[TitlePeriod, None] = {}
    for text in title:
        left = _plain(text[:_MOST_LETTERS])
        for pattern, read in _FORMS:
            for match in pattern.finditer(left):
                for period in read(match):
                    found[period] = None
            # What a longer form has read is not read again by a shorter one.
            left = pattern.sub(" ; ", left)
    return list(found)


def _plain(text: str) -> str:
    """Without case and accents."""
    letters = unicodedata.normalize("NFD", name_key(text).replace("đ", "d"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _told(partition: Partition) -> str:
    return str(TitlePeriod(partition.first_day, partition.last_day))


def _days(match: re.Match[str]) -> Iterator[TitlePeriod]:
    parts = [int(part) for part in match.groups() if part]
    first, last = parts[:3], parts[3:] or parts[:3]
    yield from _between(first[::-1], last[::-1])


def _day(match: re.Match[str]) -> Iterator[TitlePeriod]:
    if not _OTHER_DAYS.search(match.string[: match.end()]):
        yield from _days(match)


def _month_range(match: re.Match[str]) -> Iterator[TitlePeriod]:
    first, first_year, last, year = match.groups()
    yield from _months(int(first_year or year), int(first), int(year), int(last))


def _month(match: re.Match[str]) -> Iterator[TitlePeriod]:
    month, year = map(int, match.groups())
    yield from _months(year, month, year, month)


def _quarter(match: re.Match[str]) -> Iterator[TitlePeriod]:
    number, year = _ROMAN.get(match[1]) or int(match[1]), int(match[2])
    yield from _months(year, 3 * number - 2, year, 3 * number)


def _part_of_year(match: re.Match[str]) -> Iterator[TitlePeriod]:
    count, end, year = int(match[1]), match[2], int(match[3])
    yield from _months(year, 13 - count, year, 12) if end == "cuoi" else _months(year, 1, year, count)


def _year(match: re.Match[str]) -> Iterator[TitlePeriod]:
    if not _OTHER_DAYS.search(match.string[: match.end()]):
        yield from _months(int(match[1]), 1, int(match[1]), 12)


def _months(first_year: int, first: int, year: int, last: int) -> Iterator[TitlePeriod]:
    if 1 <= last <= 12:  # noqa: PLR2004 (months)
        yield from _between([first_year, first, 1], [year, last, monthrange(year, last)[1]])


def _between(first: list[int], last: list[int]) -> Iterator[TitlePeriod]:
    """The period from one day to another; none if a day is none, or they stand the wrong way round."""
    try:
        period = TitlePeriod(date(*first), date(*last))
    except ValueError:
        return
    if period.first_day <= period.last_day:
        yield period


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Iterator[TitlePeriod]]], ...] = tuple(
    (re.compile(pattern), read)
    for pattern, read in (
        (rf"{_FROM}{_OF_DAY}{_DAY}{_TO}{_OF_DAY}{_DAY}", _days),
        (rf"\b{_DAY}\s*(?:-|–|—)\s*{_DAY}", _days),
        (rf"{_FROM}thang\s+(\d{{1,2}})(?:\s*(?:[/.-]|nam)\s*(\d{{4}}))?{_TO}(?:thang\s+)?{_MONTH}", _month_range),
        # `Tính đến ngày` says when it was counted, not since when.
        (rf"(?<!den )(?<!het )\bngay:?\s+{_DAY}", _day),
        (r"\b(\d{1,2})\s+thang\s+(dau|cuoi)?\s*(?:nam|cua nam)\s+(\d{4})", _part_of_year),
        (rf"(?<!\d )\bthang:?\s+{_MONTH}", _month),
        (r"\bquy:?\s+(i{1,3}|iv|[1-4])\s*(?:nam|[/.,-])?\s*(\d{4})\b", _quarter),
        (r"(?<!viet )(?<!thang \d )(?<!thang \d\d )\bnam:?\s+(\d{4})\b", _year),
    )
)
