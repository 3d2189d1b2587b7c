"""`khotinh diff`: what another version changed of the figures, and which loads came or left in between."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import typer

from pipelines.cli.console import print_json, screen, table, tells_errors
from pipelines.publish.difference import TableDifference, VersionsDiffer, compare, two_versions
from pipelines.settings import read_settings

_PAIR = 2
_SHOWN = 20


@tells_errors
def diff(
    versions: Annotated[
        list[str] | None, typer.Argument(help="Hai bản; bỏ trống: bản đang dùng và bản trước nó | Two versions.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="In kết quả dạng JSON | Print JSON.")] = False,
) -> None:
    """So sánh hai bản đã công bố | How two published versions differ."""
    if versions and len(versions) != _PAIR:
        raise typer.BadParameter("Cần đúng hai bản, hoặc không bản nào | Two versions, or none.")
    folder = read_settings().published_folder
    found = compare(folder, *two_versions(folder, versions or ()))
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    _show(found)


def _show(found: VersionsDiffer) -> None:
    screen.print(f"[bold]Từ bản | From[/] {found.one} [bold]đến bản | to[/] {found.other}\n")
    if not found.tables and not found.indicators:
        screen.print("Không có gì khác nhau | Nothing differs.")
    if found.indicators:
        _show_indicators(found)
    if found.tables:
        _show_tables(found)
    for title, loads in (
        ("Lần nạp mới có hiệu lực | Loads that came", found.loads_came),
        ("Lần nạp hết hiệu lực | Loads that left", found.loads_left),
    ):
        if loads:
            screen.print(f"[bold]{title}:[/] {len(loads)}")
            more = [f"… (+{len(loads) - _SHOWN}; --json)"] if len(loads) > _SHOWN else []
            for load in (*loads[:_SHOWN], *more):
                screen.print(f"  {load}", markup=False)


def _show_indicators(found: VersionsDiffer) -> None:
    headings = ("Chỉ tiêu", "Mới", "Đổi", "Mất", "Đổi nhiều nhất")
    rows = [
        (code, moved.new, moved.moved, moved.gone, _decimal(moved.greatest)) for code, moved in found.indicators.items()
    ]
    table("Số liệu các chỉ tiêu | Figures: new, moved, gone, by how much at most", headings, rows, headings[1:])


def _show_tables(found: VersionsDiffer) -> None:
    headings = ("Bảng", "Dòng trước", "Dòng sau", "Chỉ trước có", "Chỉ sau có", "Đổi")
    rows = [(name, *_cells(item)) for name, item in found.tables.items()]
    table("Các bảng | Tables: rows before, after, only before, only after, changed", headings, rows, headings[1:])


def _cells(item: TableDifference) -> tuple[object, ...]:
    if item.other_columns:
        return (item.rows_one, item.rows_other, "cột khác", "other columns", "")
    return (
        "–" if item.rows_one is None else item.rows_one,
        "–" if item.rows_other is None else item.rows_other,
        item.only_one,
        item.only_other,
        "" if item.changed is None else item.changed,
    )


def _decimal(value: Decimal | None) -> str:
    return "" if value is None else f"{value.normalize():f}".replace(".", ",")
