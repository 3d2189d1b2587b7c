"""The demo province's exports as files, one of each dataset, and ways to look at them."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import orjson
from typer.testing import CliRunner, Result

from demo.calendar import month_end
from demo.files import parts
from demo.province import Province
from demo.statistics import ii_06a, ii_06a_html
from pipelines.cli.app import app
from pipelines.ingest import Workshop
from pipelines.reference import read_reference
from pipelines.settings import ENDPOINTS_FILE, SEEDS, Settings

DAY, MONTH = date(2026, 11, 3), date(2026, 10, 1)
PERSONAL_KEYS = ("nguoiNop", "chuHoSo", "soDienThoai", "email", "soDinhDanh", "diaChi", "trichYeu", "maHoSo")
WORKSHOP = Workshop(Settings.model_construct())


@dataclass(frozen=True)
class Export:
    """A dataset's export and where its table lies, as the demo's writers put it there."""

    dataset: str
    name: str
    content: bytes
    period: str
    heading_rows: tuple[int, int] | None


def exports(made: Province) -> list[Export]:
    """One export of each of the nine datasets."""
    return [
        Export("portal_dossiers", f"ho-so-{DAY}.json", dossier_pages(made), f"{DAY}", None),
        Export("portal_statistics", "ii-06a-2026-10.xls", statistics_page(made), "2026-10", (4, 6)),
        _of_folder(made, "document_exchanges", f"exchange-{DAY:%Y%m%d}.csv", f"{DAY}", (1, 1)),
        _of_folder(made, "document_registers", f"so-van-ban-den-{DAY:%Y%m%d}.xlsx", f"{DAY}", (3, 3)),
        _of_folder(made, "document_signing", "ky-so-202610.xlsx", "2026-10", (4, 5)),
        _of_folder(made, "platform_accounts", "tai-khoan-202610.csv", "2026-10", (1, 1)),
        _of_folder(made, "officer_forms", "bieu-chi-tieu-202610.xlsx", "2026-10", (2, 2)),
        Export("videoconference_calls", f"{DAY}.zip", call_record_zip(made), f"{DAY}", None),
        Export("videoconference_endpoint_status", f"status-{DAY}.jsonl", endpoint_answers(), f"{DAY}", None),
    ]


def export(made: Province, dataset: str) -> Export:
    """The export of one dataset."""
    return next(found for found in exports(made) if found.dataset == dataset)


def file_named(made: Province, ending: str) -> bytes:
    """What the demo's folder holds under a name."""
    part = next(part for part in parts(made) if part.path.endswith(ending))
    return next(iter(part.build().values()))


def dossiers(made: Province) -> list[dict[str, Any]]:
    """The dossiers changed on the day, as the portal sends them."""
    return made.dossier_export(DAY).rows.to_dicts()


def pages(items: list[dict[str, Any]]) -> bytes:
    """Portal pages of at most 100 dossiers, one after the other as the archive keeps them."""
    cuts = range(0, max(len(items), 1), 100)
    return b"\n".join(
        orjson.dumps({"total": len(items), "page": number, "items": items[cut : cut + 100]})
        for number, cut in enumerate(cuts, 1)
    )


def dossier_pages(made: Province) -> bytes:
    """The day's dossiers as pages."""
    return pages(dossiers(made))


def statistics_page(made: Province) -> bytes:
    """The portal's II.06a of the month, an HTML page with a heading of three levels."""
    return ii_06a_html(ii_06a(made.dossiers.alive(MONTH, month_end(MONTH)), made.units, MONTH), made.units, MONTH)


def call_record_zip(made: Province) -> bytes:
    """The day's bodies of call records in one zip."""
    part = next(part for part in parts(made) if part.path.endswith(f"cdr/{DAY}"))
    return zipped({path.rsplit("/", 1)[-1]: body for path, body in part.build().items()})


def zipped(members: dict[str, bytes]) -> bytes:
    """A zip of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def endpoint_answers() -> bytes:
    """Every registered endpoint's answer, a line each."""
    body = {"registered": True, "in_call": False, "software_version": "CE11.5"}
    codes = sorted(read_reference(SEEDS, ENDPOINTS_FILE).endpoint_codes)
    return b"".join(
        orjson.dumps(
            {"endpoint_code": code, "day": f"{DAY}", "outcome": "answered", "http_status": 200, "body": body,
             "body_text": None}
        ) + b"\n"
        for code in codes
    )  # fmt: skip


def khotinh(file: Path, *options: str) -> Result:
    """`khotinh inspect` in this process; only the first call pays for the imports."""
    return CliRunner().invoke(app, ["inspect", str(file), *options], catch_exceptions=False)


def looked_at(file: Path, *options: str) -> dict[str, Any]:
    """What `--json` says; the exit code must be the one that it states."""
    result = khotinh(file, *options, "--json")
    answer: dict[str, Any] = json.loads(result.stdout)
    assert result.exit_code == answer["exit_code"], result.stderr
    return answer


def column(answer: dict[str, Any], name: str) -> dict[str, Any]:
    """One column of an answer."""
    found: dict[str, Any] = next(column for column in answer["columns"] if column["name"] == name)
    return found


def _of_folder(made: Province, dataset: str, name: str, period: str, heading_rows: tuple[int, int]) -> Export:
    return Export(dataset, name, file_named(made, name), period, heading_rows)
