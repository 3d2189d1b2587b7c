"""Tables as real pages write them: spans, tables in tables, several tables, unclosed tags, Office's own attributes."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.errors import DataRefusedError
from tests.parse.parse_help import column, contract, numbers, read, reasons, values, write

COLUMNS = [column("ten", headings=["Tên đơn vị"], required=True), column("tong", "integer", headings=["Tổng số"])]
OF = contract(COLUMNS, format={"kind": "html"})
HEAD = "<tr><th>Tên đơn vị</th><th>Tổng<br>số</th></tr>"


def _page(*parts: str) -> str:
    return f"<html><body>{''.join(parts)}</body></html>"


def _table(*rows: tuple[str, str], head: str = HEAD) -> str:
    body = "".join(f"<tr><td>{name}</td><td>{count}</td></tr>" for name, count in rows)
    return f"<table>{head}{body}</table>"


def test_the_table_with_the_headings_is_read_not_the_largest(tmp_path: Path) -> None:
    menu = "<table>" + "<tr><td>Trang chủ</td><td>1</td></tr>" * 50 + "</table>"
    file = write(tmp_path / "a.xls", _page(menu, _table(("Sở Y tế", "3")), menu))
    assert read(file, OF).rows.frame().rows() == [(2, "Sở Y tế", 3)]


def test_a_table_inside_another_is_a_table_of_its_own(tmp_path: Path) -> None:
    inner = _table(("Sở Y tế <table><tr><td>chi tiết</td></tr></table>", "3"), ("Sở Nội vụ", "4"))
    page = _page(f"<table><tr><td>Trái</td><td>{inner}</td></tr><tr><td>Dưới</td><td>9</td></tr></table>")
    parsed = read(write(tmp_path / "a.xls", page), OF)
    assert parsed.rows.frame().rows() == [(2, "Sở Y tế chi tiết", 3), (3, "Sở Nội vụ", 4)]


def test_two_tables_of_one_kind_are_refused_unless_all_are_meant(tmp_path: Path) -> None:
    file = write(tmp_path / "a.xls", _page(_table(("A", "1")), _table(("B", "2"), ("C", "x"))))
    with pytest.raises(DataRefusedError, match="2 tables of the page hold the headings") as caught:
        read(file, OF)
    assert caught.value.check == "every_sheet_is_read"
    parsed = read(file, contract(COLUMNS, format={"kind": "html", "sheets": "all"}))
    assert values(parsed, "ten") == ["A", "B"]
    assert parsed.rejects.select("row_number", "sheet_name").rows() == [(3, "table 2")]


def test_spans_across_and_down_together(tmp_path: Path) -> None:
    of = contract(
        [column("ten", headings=["Đơn vị"], required=True), column("a", "integer", headings=["Đến / Mới"]),
         column("b", "integer", headings=["Đến / Cũ"]), column("c", "integer", headings=["Đi"]),
         column("d", "integer", headings=["Khác / Một"])],
        format={"kind": "html", "header_rows": 2},
    )  # fmt: skip
    head = (
        '<tr><td rowspan="2">Đơn vị</td><th colspan=2>Đến</th><td rowspan=2>Đi</td><th colspan="1">Khác</th></tr>'
        "<tr><td>Mới</td><td>Cũ</td><td>Một</td></tr>"
    )
    body = "<tr><td>A</td><td>1</td><td>2</td><td>3</td><td>4</td></tr>"
    assert read(write(tmp_path / "a.xls", f"<table>{head}{body}</table>"), of).rows.frame().rows() == [
        (3, "A", 1, 2, 3, 4)
    ]
    block = "<tr><td>A</td><td rowspan=2 colspan=2>7</td><td>3</td></tr><tr><td>B</td><td>5</td></tr>"
    # Whose seven they are nobody can tell.
    parsed = read(write(tmp_path / "b.xls", f"<table>{head}{block}</table>"), of)
    assert reasons(parsed) == {3: ["a: not a readable integer"], 4: ["a: not a readable integer"]}


def test_tags_that_are_never_closed_and_offices_own_attributes(tmp_path: Path) -> None:
    page = (
        '\ufeff<html xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:x="urn:schemas-microsoft-com:office:excel">'
        '<head><meta http-equiv=Content-Type content="text/html; charset=windows-1258"><style>td{mso-number-format:"\\@";}'
        "</style><!--[if gte mso 9]><xml><x:Name>S</x:Name></xml><![endif]--></head><body><table x:str border=0>"
        "<col width=64><tr><td>T&ecirc;n &#273;&#417;n vị<td style='mso-number-format:\"0\"'>Tổng số"
        '<tr><td>S&#7903; Y&nbsp;t&#7871;<td x:num="3.0">3<o:p></o:p><tr><td><p>Sở</p><p>Nội vụ</p><td>4</table>'
    )
    parsed = read(write(tmp_path / "a.xls", page), OF)
    assert parsed.rows.frame().rows() == [(2, "Sở Y tế", 3), (3, "Sở Nội vụ", 4)]


def test_rows_in_head_body_and_foot_are_counted_as_they_stand(tmp_path: Path) -> None:
    page = (
        f"<table><caption>Biểu</caption><thead>{HEAD}</thead><tbody><tr><td>A</td><td>1</td></tr></tbody>"
        f"<tbody><tr></tr><tr><td>B</td><td>x</td></tr></tbody><tfoot><tr><td>C</td><td>3</td></tr></tfoot></table>"
    )
    parsed = read(write(tmp_path / "a.xls", page), OF)
    assert numbers(parsed) == [2, 5]
    assert reasons(parsed) == {4: ["tong: not a readable integer"]}


@pytest.mark.parametrize(
    "cells",
    ["<td colspan=60000>x</td>", "<td>x</td>" * 600, '<td colspan="99999999999999999999">x</td>'],
)
def test_a_table_of_endless_columns_is_refused(cells: str, tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match="more than 512 columns"):
        read(write(tmp_path / "a.xls", f"<table>{HEAD}<tr>{cells}</tr></table>"), OF)


def test_a_cell_that_spans_endless_rows_costs_nothing(tmp_path: Path) -> None:
    page = f"<table>{HEAD}<tr><td rowspan=9999999999>A</td><td>1</td></tr><tr><td>2</td></tr></table>"
    assert read(write(tmp_path / "a.xls", page), OF).rows.frame().rows() == [(2, "A", 1), (3, "A", 2)]
