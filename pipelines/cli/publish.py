"""`khotinh publish`: publishes what is built, and, with a reason, what waits because too much of it differs."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.build import manifest_file
from pipelines.cli.console import print_json, screen, tells_errors
from pipelines.ingest import Workshop
from pipelines.postgres.export import export_marts
from pipelines.publish.roles import LEADERS
from pipelines.settings import read_settings


@tells_errors
def publish(
    accept: Annotated[
        str | None,
        typer.Option("--accept", help="Lý do công bố dù khác bản trước quá nhiều | Why, though it differs so much."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="In kết quả dạng JSON | Print JSON.")] = False,
) -> None:
    """Công bố số liệu đã dựng xong, không lấy thêm gì từ nguồn | Publish what is built; no source is asked.

    Khi một lần chạy báo "khác bản trước quá nhiều": xem lại, rồi --accept "lý do"; lý do được lưu trong bản kê | After a
    run said that the difference is out of proportion: look at it, then --accept "why"; the manifest keeps it.
    """
    if accept is not None and not accept.strip():
        raise typer.BadParameter("cần một lý do | needs a reason", param_hint="--accept")
    from pipelines.assets.warehouse import publish_built  # noqa: PLC0415  (Dagster takes seconds to import)

    workshop = Workshop(read_settings())
    done = publish_built(workshop, manifest_file(workshop.settings), accept)
    if as_json:
        print_json(done.model_dump(mode="json", exclude={"loads", "tables"}))
    else:
        screen.print(f"[green]Đã công bố bản | Published version[/] {done.version}")
        for reason in done.out_of_proportion:
            screen.print(f"  {reason}", markup=False, soft_wrap=True)
        if accept and not done.out_of_proportion:
            screen.print(
                "Không có gì phải chờ ai; lý do không được lưu | Nothing waited for anyone; the reason is not kept."
            )
    export_marts(workshop.settings.published_folder / LEADERS.pointer, workshop.settings)
