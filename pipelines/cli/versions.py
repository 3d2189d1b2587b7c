"""`khotinh versions`: what was published, when, how large it is, why it is kept, and which one readers were given again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from pipelines.calendar import now
from pipelines.cli.console import print_json, screen, table, tells_errors
from pipelines.publish.retention import KEPT_WHOLE, Keeping, kept_because
from pipelines.publish.versions import Version, current_version, read_rollbacks, read_versions
from pipelines.settings import read_settings

_TOLD: Final = frozenset(
    {
        "version", "published_at", "file_name", "code_version", "loads_accepted", "loads_refused", "newest_load_id",
        "table_rows", "duckdb_version", "pointers", "files", "verdicts", "out_of_proportion", "accepted_because",
    }
)  # fmt: skip
_KEPT: Final = {
    Keeping.CURRENT: "đang dùng",
    Keeping.RECENT: f"{KEPT_WHOLE.days} ngày",
    Keeping.MONTH_END: "cuối tháng",
    Keeping.IN_USE: "có người đọc",
}


@tells_errors
def versions(
    as_json: Annotated[bool, typer.Option("--json", help="In kết quả dạng JSON | Print JSON.")] = False,
) -> None:
    """Các bản đã công bố, bản mới nhất ở cuối | Published versions, the newest last."""
    folder = read_settings().published_folder
    current = current_version(folder)
    found = read_versions(folder)
    kept = kept_because(folder, found, now())
    returns = read_rollbacks(folder)
    if as_json:
        print_json(
            [
                {
                    **item.model_dump(mode="json", include=set(_TOLD)),
                    "is_current": item.version == current,
                    "bytes": _size(folder, item),
                    "kept_because": kept.get(item.version),
                    "rolled_back_to_at": [record.moved_at for record in returns if record.to_version == item.version],
                }
                for item in found
            ]
        )
        return
    rows = [
        (
            "→" if item.version == current else "", item.version, f"{item.published_at:%d/%m/%Y %H:%M:%S}",
            item.loads_accepted, item.loads_refused, item.newest_load_id or "", sum(item.table_rows.values()),
            f"{_size(folder, item) / 1e6:.1f} MB".replace(".", ","), _KEPT[kept[item.version]] if item.version in kept else "sẽ xóa",
        )
        for item in found
    ]  # fmt: skip
    headings = ("", "Bản", "Công bố lúc", "Lần nạp", "Từ chối", "Lần nạp cuối", "Tổng số dòng", "Cỡ", "Giữ vì")
    table("Các bản đã công bố | Published versions", headings, rows, ("Lần nạp", "Từ chối", "Tổng số dòng", "Cỡ"))
    for item in found:
        if item.accepted_because:
            screen.print(
                f"{item.version}: khác bản trước quá nhiều, được chấp nhận | accepted: {item.accepted_because}",
                markup=False,
                soft_wrap=True,
            )
    for record in returns:
        screen.print(
            f"{record.moved_at:%d/%m/%Y %H:%M:%S}: quay lại bản {record.to_version} từ bản {record.from_version}"
            f" | rolled back{f': {record.note}' if record.note else ''}",
            markup=False,
            soft_wrap=True,
        )


def _size(folder: Path, item: Version) -> int:
    """Bytes of all its files; an earlier release did not count them."""
    if item.files:
        return sum(file.file_bytes for file in item.files)
    file = folder / item.file_name
    return file.stat().st_size if file.exists() else 0
