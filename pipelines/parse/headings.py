"""A file's headings against its contract: which heading is which column, which is new, which is missing or renamed."""

from __future__ import annotations

from difflib import get_close_matches

from pipelines.contracts import Column, Contract
from pipelines.errors import DataRefusedError
from pipelines.parse.text_table import TextTable, unreadable
from pipelines.parse.told_names import told_headings
from pipelines.reference import name_key


def match_headings(table: TextTable, contract: Contract) -> tuple[dict[str, list[str]], tuple[str, ...]]:
    """The file's headings behind each column, none where it is missing, and those that no column accepts, as told."""
    by_key: dict[str, str] = {}
    for heading in table.headings:
        by_key.setdefault(name_key(heading), heading)
    found: dict[str, list[str]] = {}
    for column in contract.columns:
        found[column.name] = [by_key[name_key(heading)] for heading in column.headings if name_key(heading) in by_key]
    for group in contract.format.group_columns:
        found[group] = [group]
    used = {name_key(heading) for headings in found.values() for heading in headings}
    used |= {name_key(heading) for heading in contract.ignored_headings}
    told = told_headings(table.headings, contract)
    return found, tuple(
        name for name, heading in zip(told, table.headings, strict=True) if name_key(heading) not in used
    )


def headings_by_column(table: TextTable, contract: Contract) -> tuple[dict[str, list[str]], tuple[str, ...]]:
    """The file's headings behind each column, and those that no column accepts."""
    by_key: dict[str, str] = {}
    accepted = {name_key(heading) for column in contract.columns for heading in column.headings}
    for heading in table.headings:
        other = by_key.setdefault(name_key(heading), heading)
        if other != heading and name_key(heading) in accepted:
            raise unreadable(f"the headings {other!r} and {heading!r} are one and the same name")
    found, added = match_headings(table, contract)
    missing = [column for column in contract.columns if column.required and not found[column.name]]
    if missing and not (table.headings_are_optional and not table.headings):
        raise _missing_headings(missing, table, contract)
    return found, added


def _missing_headings(missing: list[Column], table: TextTable, contract: Contract) -> DataRefusedError:
    accepted = {name_key(heading) for column in contract.columns for heading in column.headings}
    headings = told_headings(table.headings, contract)
    unknown = [heading for heading in headings if name_key(heading) not in accepted]
    came = f"it has: {', '.join(map(repr, headings))}"
    if len(unknown) == len(table.headings):
        # Most likely the heading line is missing and these are a record's cells: nobody's name is shown.
        unknown, came = [], "none of its headings is known: the heading line may be missing or parted in another way"
    sentences = []
    for column in missing:
        nearest = get_close_matches(column.headings[0], unknown, n=1, cutoff=0.4)
        hint = f" (nearest heading in the file: {nearest[0]!r})" if nearest else ""
        sentences.append(f"{column.headings[0]!r}{hint}")
    return DataRefusedError(
        "headings_are_complete",
        f"lacks the heading {', '.join(sentences)}; {came}.",
        "Ask the owner whether the export changed; if so, add the new heading to the contract.",
    )
