"""What anybody may have: the open tables and nothing else, with records that other people's tools can read."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import DCAT, DCTERMS, FOAF, RDF, SKOS, Graph, Namespace, URIRef

from pipelines.errors import PermanentError
from pipelines.open_data import write_open_data
from pipelines.open_data.open_files import OPEN_TABLES
from tests.open_data.files_help import (
    VERSION,
    bytes_of,
    change,
    faults_of,
    finished_file,
    manifest_of,
    package_of,
    sha256,
)

DCAT_VERSION = URIRef(f"{DCAT}version")
SPDX = Namespace("http://spdx.org/rdf/terms#")
SERVER = "https://data.example.vn/khotinh/"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "open"
    write_open_data(finished_file(tmp_path), manifest_of(tmp_path), folder)
    return folder


def _record(folder: Path) -> Graph:
    return Graph().parse(folder / "dcat.jsonld", format="json-ld", publicID=f"{SERVER}dcat.jsonld")


def test_nothing_but_the_open_tables_is_written(files: Path) -> None:
    tables = {"open_indicator_monthly", "indicators", "units"}
    assert {file.name for file in files.iterdir()} == {"README.md", "datapackage.json", "dcat.jsonld"} | {
        f"{table}.{kind}" for table in tables for kind in ("csv", "parquet")
    }


def test_neither_a_closed_table_nor_a_closed_column_nor_a_closed_row_is_told(files: Path) -> None:
    for name, text in bytes_of(files).items():
        for closed in ("too small to be told", "open_procedure_monthly", "secret_expression", "numerator_sql", "nội bộ",
                       "portal_open_late", "H56.99"):  # fmt: skip
            assert closed.encode() not in text, (name, closed)


def test_the_figures_are_those_of_the_model(files: Path) -> None:
    text = (files / "open_indicator_monthly.csv").read_text(encoding="utf-8-sig")
    assert text == (
        "indicator_code,unit_code,period,numerator,denominator,value,is_suppressed,suppression_reason_code\n"
        "portal_received,H56,202602,33.0000,,33.000000,false,\n"
        "portal_received,H56,202610,40.0000,,40.000000,false,\n"
        "portal_received,H56.12,202610,,,,true,small_cells\n"
    )
    units = (files / "units.csv").read_text(encoding="utf-8-sig")
    assert [line.split(",")[:2] for line in units.splitlines()[1:]] == [
        ["H56", "UBND tỉnh Thanh Hóa"], ["H56.12", "Ban Dân tộc"], ["H56.12", "Sở Dân tộc và Tôn giáo"],
    ]  # fmt: skip


def test_the_frictionless_tool_finds_no_fault(files: Path) -> None:
    assert faults_of(files) == set()
    assert package_of(files)["licenses"][0]["name"] == "CC-BY-4.0"


@pytest.mark.parametrize(
    ("name", "old", "new", "fault"),
    [
        ("indicators.csv", "\nportal_received", "\nportal_settled", "foreign-key"),
        ("units.csv", "H56,UBND", "H57,UBND", "foreign-key"),
        ("open_indicator_monthly.csv", "33.000000", "a third", "type-error"),
        ("open_indicator_monthly.csv", "202602", "202610", "primary-key"),
    ],
)
def test_a_changed_file_is_found(files: Path, name: str, old: str, new: str, fault: str) -> None:
    change(files, name, old, new, hash_too=True)
    assert fault in faults_of(files)


@pytest.mark.parametrize("leak", ["numerator = 2", '"value" = 0.5', "is_suppressed = NULL"])
def test_a_cell_that_should_be_hidden_and_is_not_stops_everything(tmp_path: Path, leak: str) -> None:
    file = finished_file(tmp_path, f"UPDATE open.open_indicator_monthly SET {leak} WHERE is_suppressed;")
    with pytest.raises(PermanentError, match="must be hidden"):
        write_open_data(file, manifest_of(tmp_path), tmp_path / "open")
    assert not (tmp_path / "open").exists()


@pytest.mark.parametrize(
    ("lack", "named"),
    [
        ("DROP TABLE open.open_indicator_monthly", "open_indicator_monthly"),
        ("DROP SCHEMA open CASCADE", "open_indicator_monthly"),
        ("ALTER TABLE core.dim_indicator DROP COLUMN legal_source", "legal_source"),
    ],
)
def test_a_file_that_lacks_something_is_refused_by_name(tmp_path: Path, lack: str, named: str) -> None:
    with pytest.raises(PermanentError, match=f"No open data can be made .*{named}"):
        write_open_data(finished_file(tmp_path, f"{lack};"), manifest_of(tmp_path), tmp_path / "open")


def test_before_the_first_whole_month_there_is_an_empty_table(tmp_path: Path) -> None:
    write_open_data(
        finished_file(tmp_path, "DELETE FROM open.open_indicator_monthly;"), manifest_of(tmp_path), tmp_path / "open"
    )
    assert faults_of(tmp_path / "open") == set()
    assert "No month is whole yet." in (tmp_path / "open" / "README.md").read_text(encoding="utf-8")
    assert not list(_record(tmp_path / "open").triples((None, DCTERMS.temporal, None)))


def test_the_record_has_a_dataset_a_table_and_a_distribution_a_file(files: Path) -> None:
    record = _record(files)
    (catalogue,) = record.subjects(RDF.type, DCAT.Catalog)
    datasets = set(record.objects(catalogue, DCAT.dataset))
    assert datasets == {URIRef(f"{SERVER}dcat.jsonld#{table.name}") for table in OPEN_TABLES}
    for dataset in datasets:
        assert {title.language for title in record.objects(dataset, DCTERMS.title)} == {"vi", "en"}
        assert {text.language for text in record.objects(dataset, DCTERMS.description)} == {"vi", "en"}
        assert str(record.value(dataset, DCAT_VERSION)) == VERSION
        assert str(record.value(dataset, DCTERMS.issued)) == "2026-11-22T06:37:38.063754+07:00"
        assert len(list(record.objects(dataset, DCAT.distribution))) == 2
    offered = {str(address).removeprefix(SERVER) for address in record.objects(None, DCAT.downloadURL)}
    assert offered == {f"{table.name}.{kind}" for table in OPEN_TABLES for kind in ("csv", "parquet")}


def test_the_record_tells_each_files_size_and_hash(files: Path) -> None:
    record = _record(files)
    for distribution in record.subjects(RDF.type, DCAT.Distribution):
        file = files / str(record.value(distribution, DCAT.downloadURL)).removeprefix(SERVER)
        checksum = record.value(distribution, SPDX.checksum)
        assert str(record.value(distribution, DCAT.byteSize)) == str(file.stat().st_size)
        assert record.value(checksum, SPDX.algorithm) == SPDX.checksumAlgorithm_sha256
        assert record.value(checksum, SPDX.checksumValue).toPython().hex() == sha256(file)
        assert str(record.value(distribution, DCTERMS.license)) == "https://creativecommons.org/licenses/by/4.0/"


def test_the_record_tells_place_and_time(files: Path) -> None:
    record = _record(files)
    dataset = URIRef(f"{SERVER}dcat.jsonld#open_indicator_monthly")
    period = record.value(dataset, DCTERMS.temporal)
    assert [str(record.value(period, end)) for end in (DCAT.startDate, DCAT.endDate)] == ["2026-02-01", "2026-10-31"]
    assert str(record.value(record.value(dataset, DCTERMS.spatial), SKOS.prefLabel)) == "tỉnh Thanh Hóa"
    assert str(record.value(record.value(dataset, DCTERMS.publisher), FOAF.name)) == "UBND tỉnh Thanh Hóa"


def test_the_readme_speaks_both_languages_and_tells_the_figures(files: Path) -> None:
    text = (files / "README.md").read_text(encoding="utf-8")
    assert "Số liệu từ 02/2026 đến 10/2026: 3 dòng, trong đó 1 dòng bị ẩn." in text
    assert "Figures of 2026-02 to 2026-10: 3 rows, 1 of them hidden." in text
    assert "| `units.csv`, `units.parquet` | Danh mục đơn vị qua các thời kỳ | 3 |" in text


def test_the_same_rows_are_the_same_bytes(files: Path, tmp_path: Path) -> None:
    write_open_data(tmp_path / "warehouse.duckdb", tmp_path / "manifest.json", tmp_path / "again")
    assert bytes_of(tmp_path / "again") == bytes_of(files)
