"""Whether every name in the registry of indicators, and in the seeds that stand on it, means something.

dbt would find a typo in them too, after a minute or two, as a relationship that failed. Here it is told at once, with
file, line, row, column and the nearest name that exists: by `make generate` and by `khotinh doctor`.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from pipelines.contracts import Contract
from pipelines.errors import ContractError

# Days on which the open dossiers are known: core.day_coverage has it beside the datasets.
OPEN_STOCK = "portal_open_stock"
SCOPES = frozenset({"province", "province_level", "district_level", "commune_level"})
UNITS_OF_COUNT = frozenset({"share", "count"})


def require_known_names(seeds: Path, models: Path, contracts: Iterable[Contract]) -> None:
    """Looks up every name that one of these seeds takes from elsewhere.

    Args:
        seeds: The folder of the seeds.
        models: The folder of dbt's models, for what an indicator counts.
        contracts: The datasets; only those with days can cover an indicator.

    Raises:
        ContractError: A name is unknown; each is told with its place and the nearest known one.
    """
    if unknown := list(_unknown(seeds, models, contracts)):
        raise ContractError(
            " ".join(unknown), "Correct that in dbt_project/seeds; a new indicator is a row of indicators.csv."
        )


def _unknown(seeds: Path, models: Path, contracts: Iterable[Contract]) -> Iterator[str]:
    covering = {contract.dataset for contract in contracts if contract.cadence == "daily"} | {OPEN_STOCK}
    relations = {file.stem for file in models.rglob("*.sql")}
    indicators = _column(seeds / "indicators.csv", "indicator_code")
    measures = _column(seeds / "open_measures.csv", "measure_code")
    known: Mapping[str, Mapping[str, tuple[str, Collection[str]]]] = {
        "indicators.csv": {"relation": ("model", relations), "coverage": ("dataset with days", covering)},
        "targets.csv": {
            "indicator_code": ("indicator", indicators),
            "scope_code": ("scope", SCOPES),
            "unit_of_count": ("unit of count", UNITS_OF_COUNT),
        },
        "open_indicators.csv": {
            "indicator_code": ("indicator", indicators),
            "numerator_measure_code": ("measure of open_measures.csv", measures),
            "denominator_measure_code": ("measure of open_measures.csv", measures),
        },
        "open_measures.csv": {
            "indicator_code": ("indicator", indicators),
            "parent_measure_code": ("measure", measures),
        },
        "qd766_parts.csv": {"piece_code": ("indicator", indicators)},
    }
    for file, columns in known.items():
        yield from _unknown_of(seeds / file, columns)


def _unknown_of(file: Path, columns: Mapping[str, tuple[str, Collection[str]]]) -> Iterator[str]:
    """An empty cell names nothing; whether it may be empty is another rule's."""
    for line, row in _rows(file):
        for column, (what, names) in columns.items():
            name = row.get(column)
            if name and name not in names:
                nearest = get_close_matches(name, sorted(names), n=1)
                meant = f"; did you mean {nearest[0]}?" if nearest else "."
                yield f"{file.name}, line {line} ({next(iter(row.values()))}): {column}: '{name}' is no {what}{meant}"


def _column(file: Path, column: str) -> frozenset[str]:
    return frozenset(row[column] for _, row in _rows(file))


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows, each with its line: no cell of these seeds holds a line's end."""
    with file.open(encoding="utf-8", newline="") as text:
        yield from enumerate(csv.DictReader(text), start=2)
