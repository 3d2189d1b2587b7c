"""What may be public, and nothing else: the one place that says which tables and columns anybody may have.

Small cells are hidden by the model `open.open_indicator_monthly`; here it is only made sure that they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.described_tables import DescribedTable, Words, described_tables
from pipelines.errors import PermanentError
from pipelines.open_data.dcat import Coverage, OpenDataset, write_dcat
from pipelines.open_data.package import ForeignKey, Licence, Package, Resource, write_package
from pipelines.open_data.tables import read_only, write_table
from pipelines.published_version import published_version

CC_BY: Final = Licence(
    "CC-BY-4.0",
    Words("Ghi công 4.0 Quốc tế (CC BY 4.0)", "Creative Commons Attribution 4.0 International (CC BY 4.0)"),
    "https://creativecommons.org/licenses/by/4.0/",
)
FIGURES, UNITS, INDICATORS = "open_indicator_monthly", "units", "indicators"
TITLE = Words(
    "Chỉ tiêu cải cách hành chính, chuyển đổi số theo tháng",
    "Monthly indicators of public services and digital government",
)
DESCRIPTION = Words(
    "Chỉ tiêu theo đơn vị và tháng; chỉ tháng đủ ngày; ô đếm quá ít người hoặc hồ sơ, và các ô kèm theo, để trống.",
    "Indicators by unit and month; whole months only; cells that count too few persons or dossiers, and those beside them,"
    " are empty.",
)  # fmt: skip


@dataclass(frozen=True)
class OpenTable:
    """A table that anybody may have.

    Attributes:
        name: Of its files.
        title: For people.
        source: Schema and table; its declaration tells the columns' meaning.
        columns: Those that may be public.
        only: Which rows, as a condition.
        foreign_keys: Columns that lead to another table of the package.
    """

    name: str
    title: Words
    source: tuple[str, str]
    columns: tuple[str, ...]
    only: str = "true"
    foreign_keys: tuple[ForeignKey, ...] = ()


OPEN_TABLES: Final = (
    OpenTable(
        FIGURES,
        TITLE,
        ("open", "open_indicator_monthly"),
        ("indicator_code", "unit_code", "period", "numerator", "denominator", "value", "is_suppressed",
         "suppression_reason_code"),
        foreign_keys=(ForeignKey("indicator_code", INDICATORS), ForeignKey("unit_code", UNITS)),
    ),
    OpenTable(
        INDICATORS,
        Words("Danh mục chỉ tiêu", "Indicators"),
        ("core", "dim_indicator"),
        ("indicator_code", "group_code", "indicator_name_vi", "indicator_name_en", "measure_code", "aggregation_code",
         "direction_code", "unit_vi", "unit_en", "formula_vi", "formula_en", "legal_source", "bias_code", "caveat_vi",
         "caveat_en", "owner_name_vi", "valid_from", "valid_to"),
        "indicator_code IN (SELECT indicator_code FROM open.open_indicator_monthly)",
    ),
    OpenTable(
        UNITS,
        Words("Danh mục đơn vị qua các thời kỳ", "Units through time"),
        ("core", "dim_unit"),
        ("unit_code", "unit_name_vi", "unit_type", "administrative_level_code", "parent_unit_code", "valid_from",
         "valid_to", "is_latest"),
        "unit_code IN (SELECT unit_code FROM open.open_indicator_monthly)",
    ),
)  # fmt: skip
"""Everything that is open. A table that is not named here is not written, whatever its schema."""

_NOT_HIDDEN = """
SELECT count(*) FROM open.open_indicator_monthly
WHERE is_suppressed IS NULL OR is_suppressed AND (numerator IS NOT NULL OR "value" IS NOT NULL)
"""
_COVERAGE = """
SELECT CAST(strptime(min(period), '%Y%m') AS DATE), last_day(CAST(strptime(max(period), '%Y%m') AS DATE)),
    count(*) FILTER (is_suppressed)
FROM open.open_indicator_monthly
"""
_PROVINCE = (
    "SELECT unit_name_vi FROM core.dim_unit WHERE unit_type = 'province' AND is_latest ORDER BY unit_code LIMIT 1"
)


def write_open_data(source: Path, manifest: Path, folder: Path, licence: Licence = CC_BY) -> None:
    """Writes the open tables as CSV and parquet, with a data package, a DCAT record and a README.

    Args:
        source: A finished DuckDB file that holds `open.open_indicator_monthly`, `core.dim_unit`, `core.dim_indicator` and
            `meta.versions`; opened read-only.
        manifest: Dbt's manifest, for what the columns mean.
        folder: Must not exist yet.
        licence: Under which terms.

    Raises:
        PermanentError: A cell that must be hidden is not, or the file lacks one of the tables.
    """
    declared = described_tables(manifest)
    with read_only(source) as connection:
        try:
            _require_hidden(connection)
            folder.mkdir(parents=True)
            version = published_version(connection)
            resources = [_write(connection, folder, table, declared) for table in OPEN_TABLES]
            publisher = _province(connection)
            coverage, hidden = _coverage(connection, publisher.removeprefix("UBND "))
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            raise PermanentError(
                f"No open data can be made of this file: {error}", "Build and publish again."
            ) from error
    package = Package("khotinh-open-data", TITLE, DESCRIPTION, licence, publisher, version)
    write_package(folder, package, resources)
    datasets = [
        OpenDataset(table.title, resource.described.words, resource.written)
        for table, resource in zip(OPEN_TABLES, resources, strict=True)
    ]
    write_dcat(folder, package, datasets, coverage)
    _write_readme(folder, package, resources, coverage, hidden)


def _require_hidden(connection: duckdb.DuckDBPyConnection) -> None:
    (count,) = connection.execute(_NOT_HIDDEN).fetchall()[0]
    if count:
        raise PermanentError(
            f"open.open_indicator_monthly has {count} rows that must be hidden and tell their figure.",
            "Nothing is made public; mend the model.",
        )


def _write(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    table: OpenTable,
    declared: dict[tuple[str, str], DescribedTable],
) -> Resource:
    schema, name = table.source
    described = declared.get(table.source, DescribedTable(schema, name, table.title))
    columns = ", ".join(f'"{column}"' for column in table.columns)
    query = f'SELECT {columns} FROM "{schema}"."{name}" WHERE {table.only}'
    written = write_table(connection, folder, table.name, query, described.key)
    # A resource is described as what it is here: the dimension's own words speak of columns that are not open.
    described = described if table.name == FIGURES else replace(described, words=table.title)
    return Resource(written, described, str(table.title), table.foreign_keys)


def _province(connection: duckdb.DuckDBPyConnection) -> str:
    """Whose figures they are."""
    province = connection.execute(_PROVINCE).fetchall()
    if not province:
        raise PermanentError("core.dim_unit names no province.", "Mend the register of units.")
    return str(province[0][0])


def _coverage(connection: duckdb.DuckDBPyConnection, place: str) -> tuple[Coverage, int]:
    """Place and time that the figures speak of, and how many rows are hidden."""
    first, last, hidden = connection.execute(_COVERAGE).fetchall()[0]
    return Coverage(place, first, last), hidden


def _write_readme(
    folder: Path, package: Package, resources: list[Resource], coverage: Coverage, hidden: int
) -> None:  # fmt: skip
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=False,  # noqa: S701  (Markdown, from our own words and registers)
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    text = environment.get_template("README.md").render(
        package=package, resources=resources, coverage=coverage, hidden=hidden, figures=resources[0].written
    )
    (folder / "README.md").write_text(text, encoding="utf-8")
