"""Writes dbt's source file from the contracts: `python -m pipelines.contracts_to_dbt`. A test compares the two."""

from __future__ import annotations

from collections.abc import Iterable

from pipelines.contracts import Contract, read_contracts
from pipelines.load.warehouse import RAW_EXTRA_COLUMNS
from pipelines.settings import DBT_PROJECT, SOURCES

SOURCES_FILE = DBT_PROJECT / "models" / "staging" / "sources.yml"
_HEAD = """\
# Made from sources/*/*.yaml by `make generate`; a test compares. Do not edit.
version: 2

sources:
  - name: raw
    schema: raw
    description: "Bản ghi đã qua kiểm tra, chỉ thêm không sửa; lần nạp nào cũng còn. | Validated records, append-only; \
every load stays."
    tables:
"""
_EXTRA_DESCRIPTIONS = {
    "load_id": "Lần nạp đã ghi dòng này | Load that wrote the row",
    "row_number": "Số thứ tự dòng trong tệp gốc | Row number in the raw file",
}


def sources_yaml(contracts: Iterable[Contract]) -> str:
    """The text of dbt's source file."""
    return _HEAD + "".join(_table(contract) for contract in contracts)


def _table(contract: Contract) -> str:
    title, description = contract.title, contract.description
    lines = [
        f"      - name: {contract.dataset}",
        f'        description: "{title.vi}. {description.vi} | {title.en}. {description.en}"',
    ]
    if contract.completeness:
        lines.append(f"        config: {{meta: {{completeness_column: {contract.completeness.column}}}}}")
    lines.append("        columns:")
    lines += [_column(column.name, column.sql_type, f"{column.vi} | {column.en}") for column in contract.stored_columns]
    lines += [_column(name, sql_type, _EXTRA_DESCRIPTIONS[name]) for name, sql_type in RAW_EXTRA_COLUMNS]
    return "\n".join(lines) + "\n"


def _column(name: str, sql_type: str, description: str) -> str:
    return f'          - {{name: {name}, data_type: "{sql_type}", description: "{description}"}}'


def main() -> None:
    """Writes the file."""
    SOURCES_FILE.write_text(sources_yaml(read_contracts(SOURCES).values()), encoding="utf-8")


if __name__ == "__main__":
    main()
