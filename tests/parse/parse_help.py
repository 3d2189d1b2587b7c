"""Contracts, registers and files as small as a test needs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from pipelines.calendar import Partition
from pipelines.contracts import Contract, read_contract
from pipelines.parse import Parsed, parse
from pipelines.parse.cells.units import without_candidates
from pipelines.parse.cells.values import Reading
from pipelines.reference import Reference, Unit, read_reference
from pipelines.settings import ENDPOINTS_FILE, SEEDS, SOURCES

KEY = b"a key of the tests, not a secret"
DAY = Partition.of_day(date(2026, 6, 2))
JUNE = Partition.parse("2026-06")
REFERENCE = Reference(
    units=(
        Unit("H56", "UBND tỉnh Thanh Hóa", "province", date(2020, 1, 1), None),
        Unit("H56.12", "Sở Y tế", "department", date(2020, 1, 1), None),
        Unit("H56.12.03", "Văn phòng", "part", date(2020, 1, 1), None),
        Unit("H56.13.03", "Văn phòng", "part", date(2020, 1, 1), None),
        Unit("H56.31", "Huyện Đông Sơn", "district", date(2020, 1, 1), date(2025, 6, 30)),
    ),
    endpoint_by_address={"dc001@x.example": "DC-001", "dc002@x.example": "DC-002"},
    codes={"colour": frozenset({"1", "2", "SENT"})},
)
SHIPPED = read_reference(SEEDS, ENDPOINTS_FILE)


def column(name: str, kind: str = "text", **more: Any) -> dict[str, Any]:
    """A column whose heading is its name, unless said otherwise; a text that may be anything says so."""
    needs: dict[str, dict[str, Any]] = {
        "date": {"format": "%d/%m/%Y"},
        "timestamp": {"format": "%d/%m/%Y %H:%M:%S"},
        "code": {"code_list": "colour"},
        "agency_code": {"registry": "units"},
        "unit_name": {"registry": "units"},
        "endpoint_address": {"registry": "endpoints"},
        "count_of": {"separator": ";"},
    }
    if kind == "text" and not {"registry", "personal"} & set(more):
        needs["text"] = {"pattern": "(?s).*"}
    return {"name": name, "type": kind, "headings": [name], "vi": name, "en": name, **needs.get(kind, {}), **more}


def contract(columns: Sequence[Mapping[str, Any]], keys: Sequence[str] = (), **more: Any) -> Contract:
    """A contract of these columns, read from a CSV with semicolons unless said otherwise."""
    return Contract.model_validate({
        "dataset": "sample", "version": 1, "platform": "portal",
        "title": {"vi": "Mẫu", "en": "Sample"}, "description": {"vi": "Mẫu.", "en": "Sample."}, "owner": "Phòng thử",
        "cadence": "daily", "due": {"days_after": 1, "time": "05:30"}, "mode": "snapshot",
        "source": {"kind": "files", "connection": "documents", "path": "x.csv"},
        "format": {"kind": "csv", "delimiter": ";", "encoding": "utf-8-sig"},
        "keys": tuple(keys) or (columns[0]["name"],),
        "volume": {"empty_on_working_day": "refuse"}, "max_quarantine_share": 0.5,
        "drift": {"added": "report", "missing": "refuse"}, "columns": columns,
        **more,
    })  # fmt: skip


def shipped(dataset: str) -> Contract:
    """A contract as it ships."""
    return read_contract(next(SOURCES.glob(f"*/{dataset}.yaml")))


def read(
    file: Path, of: Contract, partition: Partition = DAY, reference: Reference = REFERENCE, key: bytes = KEY
) -> Parsed:
    """Parses a file."""
    return parse(file, Reading(file.name, of, partition, reference, key))


def write(file: Path, content: str | bytes) -> Path:
    """Writes a file as it is, and says where."""
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def reasons(parsed: Parsed) -> dict[int, list[str]]:
    """The reasons of each rejected row by its number, without the units that may be meant."""
    return {number: [without_candidates(reason) for reason in told] for number, told in whole_reasons(parsed).items()}


def whole_reasons(parsed: Parsed) -> dict[int, list[str]]:
    """The reasons of each rejected row by its number, as they are kept."""
    return dict(parsed.rejects.select("row_number", "reasons").iter_rows())


def row_texts(parsed: Parsed) -> list[dict[str, str | None]]:
    """The rejected rows as they are kept."""
    return [orjson.loads(text) for text in parsed.rejects.get_column("row_text")]


def numbers(parsed: Parsed) -> list[int]:
    """Row numbers that were kept."""
    return parsed.rows.frame().get_column("row_number").to_list()


def conserves(parsed: Parsed) -> bool:
    """The law: rows read = kept + rejected + exact duplicates."""
    return parsed.rows_read == parsed.rows.height + parsed.rejects.height + parsed.rows_duplicate


def values(parsed: Parsed, name: str) -> list[Any]:
    """A column's values in the order of the rows."""
    return parsed.rows.frame().sort("row_number").get_column(name).to_list()


def all_texts(parsed: Parsed) -> pl.DataFrame:
    """The texts behind every row, kept or rejected, as a later rule would be given them."""
    return parsed.texts_of(pl.Series(range(parsed.rows_read + 100)).cast(pl.Int64))
