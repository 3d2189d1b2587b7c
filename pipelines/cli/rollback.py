"""`khotinh rollback`: readers have an earlier version again."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.cli.console import print_json, screen, tells_errors
from pipelines.postgres.export import export_marts
from pipelines.publish import rollback as published
from pipelines.publish.roles import LEADERS
from pipelines.publish.versions import Rollback
from pipelines.settings import read_settings


@tells_errors
def rollback(
    version: Annotated[str, typer.Argument(help="Bản cần quay lại (xem khotinh versions) | The version.")],
    note: Annotated[str | None, typer.Option("--note", help="Lý do, được lưu lại | Why; it is kept.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="In kết quả dạng JSON | Print JSON.")] = False,
) -> None:
    """Cho người đọc dùng lại một bản trước; lần chạy sau công bố bản mới | Give readers an earlier version again."""
    settings = read_settings()
    done = published.rollback(settings, version, note)
    if as_json:
        print_json(done.model_dump(mode="json"))
    else:
        _show(done)
    export_marts(settings.published_folder / LEADERS.pointer, settings)


def _show(done: Rollback) -> None:
    screen.print(f"[green]Người đọc dùng lại bản | Readers have again version[/] {done.to_version}")
    screen.print(
        f"Bản {done.from_version} vẫn còn trong thư mục; lần chạy sau sẽ công bố bản mới. | The next run publishes anew.",
        soft_wrap=True,
    )
