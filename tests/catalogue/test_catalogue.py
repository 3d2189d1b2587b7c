"""The catalogue as its readers have it: a workbook, a page, dbt's docs; nothing in them but names and meanings."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import fastexcel
import orjson
import pytest
from lxml import html

from pipelines.catalogue import dbt_docs, write_catalogue
from pipelines.errors import PermanentError
from tests.catalogue.catalogue_help import (
    FORMULA,
    SECRETS,
    UNSAFE,
    VERSION,
    dbt_target,
    published_file,
    seen_in_chromium,
)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("catalogue")
    write_catalogue(published_file(home), dbt_target(home), home / "catalogue")
    return home / "catalogue"


def _sheet(catalogue: Path, name: str) -> list[tuple[str, ...]]:
    sheet = fastexcel.read_excel(catalogue / "data-dictionary.xlsx").load_sheet(name, header_row=None, dtypes="string")
    return [tuple(cell or "" for cell in row) for row in sheet.to_polars().rows()]


def _page(catalogue: Path) -> html.HtmlElement:
    return _parsed((catalogue / "index.html").read_text(encoding="utf-8"))


def _parsed(text: str) -> html.HtmlElement:
    return html.document_fromstring(text)


def _text(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def test_these_files_are_there_and_no_others(catalogue: Path) -> None:
    assert sorted(str(file.relative_to(catalogue)) for file in catalogue.rglob("*") if file.is_file()) == [
        "catalogue.css", "catalogue.js", "data-dictionary.xlsx", "dbt/index.html", "index.html",
    ]  # fmt: skip


def test_the_workbook_tells_tables_and_columns_with_both_meanings(catalogue: Path) -> None:
    tables = _sheet(catalogue, "Bảng | Tables")
    assert tables[1] == ("marts", "unit_daily", "bảng | table", "report_date, unit_code", "Theo ngày.", "By day.")
    assert [row[:3] for row in tables[2:]] == [
        ("marts", "unit_daily_today", "khung nhìn | view"), ("core", "dim_unit", "bảng | table"),
        ("meta", "datasets", "bảng | table"), ("meta", "indicators", "bảng | table"), ("meta", "versions", "bảng | table"),
    ]  # fmt: skip
    columns = _sheet(catalogue, "Cột | Columns")
    assert columns[1] == ("marts", "unit_daily", "report_date", "DATE", "có | yes", "", "Ngày.", "Day.")
    assert columns[2][3:6] == ("VARCHAR", "có | yes", "H56, H57")
    assert columns[3][2:4] == ("value", "DECIMAL(18,4)")


def test_the_workbook_tells_each_indicators_legal_source(catalogue: Path) -> None:
    heading, row = _sheet(catalogue, "Chỉ tiêu | Indicators")
    told = dict(zip(heading, row, strict=True))
    assert told["Căn cứ | Legal source"] == "NĐ 61/2018/NĐ-CP"
    assert (told["Chỉ tiêu"], told["Indicator"], told["Denominator"], told["Từ | From"]) == (
        "Tiếp nhận",
        "Received",
        "",
        "2020-01-01",
    )
    assert _sheet(catalogue, "Bộ dữ liệu | Datasets")[1][:3] == ("portal_dossiers", "Hồ sơ", "Dossiers")


def test_a_text_that_looks_like_a_formula_stays_a_text(catalogue: Path) -> None:
    with ZipFile(catalogue / "data-dictionary.xlsx") as book:
        sheets = [book.read(name).decode() for name in book.namelist() if "worksheets/sheet" in name]
    assert not any("<f>" in sheet for sheet in sheets)
    assert FORMULA in _sheet(catalogue, "Chỉ tiêu | Indicators")[1]
    for sheet in sheets:
        assert 'state="frozen"' in sheet
        assert "<autoFilter" in sheet


def test_the_page_tells_every_column_with_both_meanings(catalogue: Path) -> None:
    table = _page(catalogue).get_element_by_id("marts.unit_daily")
    assert [_text(part) for part in table.iter("p")] == ["Theo ngày.", "By day."]
    rows = [[_text(cell) for cell in row] for row in table.find(".//tbody")]
    assert rows[0] == ["report_date khóa | key", "DATE", "Ngày.", "Day."]
    assert rows[1] == ["unit_code khóa | key", "VARCHAR", f"{UNSAFE} H56 H57", "Unit </script>"]
    assert {part.get("id") for part in _page(catalogue).find_class("entry") if part.get("id")} == {
        "marts.unit_daily", "marts.unit_daily_today", "core.dim_unit", "meta.datasets", "meta.indicators", "meta.versions",
        "indicator-portal_received",
    }  # fmt: skip
    assert "NĐ 61/2018/NĐ-CP" in _text(_page(catalogue).get_element_by_id("indicator-portal_received"))
    assert VERSION in _text(_page(catalogue).find(".//header"))


def test_the_page_holds_no_script_and_no_style_and_loads_only_what_lies_beside_it(catalogue: Path) -> None:
    page = _page(catalogue)
    (policy,) = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy == "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'none'"
    assert [script.get("src") for script in page.iter("script")] == ["catalogue.js"]
    assert not [script for script in page.iter("script") if script.text]
    assert not page.xpath("//style | //@style | //@*[starts-with(name(), 'on')]")
    for address in page.xpath("//@href | //@src"):
        file, _, anchor = address.partition("#")
        assert (catalogue / file).exists(), address
        assert not anchor or page.get_element_by_id(anchor) is not None


def test_the_page_can_be_used_without_sight_or_mouse(catalogue: Path) -> None:
    page = _page(catalogue)
    assert page.get("lang") == "vi"
    assert page.xpath("//label/@for") == ["words"]
    assert {heading.get("scope") for heading in page.iter("th")} == {"col", "row"}
    assert [int(heading.tag[1]) for heading in page.iter("h1", "h2", "h3")][:3] == [1, 2, 3]
    assert len(page.xpath("//@id")) == len(set(page.xpath("//@id")))


def test_the_search_finds_without_accents_and_hides_the_rest(catalogue: Path, tmp_path: Path) -> None:
    dom, console = seen_in_chromium(catalogue / "index.html", "?q=ngay%20unit_daily", tmp_path)
    page = _parsed(dom)
    assert console == ""
    shown = [part.get("id") for part in page.find_class("entry") if part.get("hidden") is None]
    assert shown == ["marts.unit_daily"]
    assert [part.get("id") for part in page.find_class("part") if part.get("hidden") is None] == ["schema-marts"]
    assert _text(page.get_element_by_id("found")) == "1 mục khớp | 1 entries match"
    everything = _parsed(seen_in_chromium(catalogue / "index.html", "", tmp_path)[0])
    assert not [part for part in everything.find_class("entry") if part.get("hidden") is not None]
    assert everything.get_element_by_id("search").get("hidden") is None


def test_dbts_docs_tell_nothing_of_the_machine_or_of_persons(catalogue: Path) -> None:
    text = (catalogue / "dbt" / "index.html").read_text(encoding="utf-8")
    for secret in (*SECRETS, "not ours"):
        assert secret not in text
    assert "the model’s own words" in text


def test_a_description_cannot_end_the_script_of_dbts_docs(catalogue: Path) -> None:
    text = (catalogue / "dbt" / "index.html").read_text(encoding="utf-8")
    assert text.count("</script>") == dbt_docs._INDEX.read_text(encoding="utf-8").count("</script>")
    manifest = text.partition("manifest:{")[2].partition(",catalog:{")[0]
    columns = orjson.loads("{" + manifest)["nodes"]["model.khotinh.unit_daily"]["columns"]
    assert columns["unit_code"]["description"] == f"{UNSAFE} | Unit </script>"


def test_dbts_docs_open_from_a_folder_and_may_load_nothing(catalogue: Path, tmp_path: Path) -> None:
    page = catalogue / "dbt" / "index.html"
    assert (
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; font-src data:"
        in page.read_text()
    )
    dom, _ = seen_in_chromium(page, "#!/model/model.khotinh.unit_daily", tmp_path)
    text = _text(_parsed(dom))
    assert "Theo ngày. | By day." in text
    assert "DECIMAL(18,4)" in text


def test_another_page_of_dbt_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "index.html"
    other.write_text("<html>a page of another dbt</html>")
    monkeypatch.setattr(dbt_docs, "_INDEX", other)
    with pytest.raises(PermanentError, match="no place for its data"):
        write_catalogue(published_file(tmp_path), dbt_target(tmp_path), tmp_path / "catalogue")


def test_the_same_version_is_the_same_bytes(catalogue: Path, tmp_path: Path) -> None:
    write_catalogue(published_file(tmp_path), dbt_target(tmp_path), tmp_path / "again")
    for file in sorted(file for file in catalogue.rglob("*") if file.is_file()):
        assert (tmp_path / "again" / file.relative_to(catalogue)).read_bytes() == file.read_bytes(), file.name
