"""`khotinh versions`: what was published, and when."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from pipelines.cli.console import print_json, table, tells_errors
from pipelines.publish.publish import current_version, read_versions
from pipelines.settings import read_settings


@tells_errors
def versions(
    as_json: Annotated[bool, typer.Option("--json", help="In kết quả dạng JSON | Print JSON.")] = False,
) -> None:
    """Các bản đã công bố, bản mới nhất ở cuối | Published versions, the newest last."""
    settings = read_settings()
    folder = settings.published_folder
    current = current_version(folder)
    found = read_versions(folder)
    if as_json:
        print_json([{**asdict(item), "is_current": item.version == current} for item in found])
        return
    rows = [
        (
            "→" if item.version == current else "", item.version, f"{item.published_at:%d/%m/%Y %H:%M:%S}",
            item.loads_accepted, item.loads_refused, item.newest_load_id or "", sum(item.table_rows.values()),
        )
        for item in found
    ]  # fmt: skip
    headings = ("", "Bản", "Công bố lúc", "Lần nạp", "Từ chối", "Lần nạp cuối", "Tổng số dòng")
    table("Các bản đã công bố | Published versions", headings, rows, ("Lần nạp", "Từ chối", "Tổng số dòng"))
