"""The folder of Data Docs: which pages there must be, and the index. A page that is there is not made again."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile

import duckdb
from jinja2 import Environment, FileSystemLoader

from pipelines.calendar import now
from pipelines.contracts import Contract
from pipelines.data_docs.ledger import (
    JudgedLoad,
    JudgedMarts,
    StoredCheck,
    checks_of_load,
    checks_of_marts,
    judged_loads,
    judged_marts,
)
from pipelines.errors import KhoTinhError
from pipelines.load.warehouse import open_warehouse, prepare
from pipelines.settings import Settings
from pipelines.validate.suites import MartSuite, Suite

KEPT = timedelta(days=60)
_FOLDER_MODE, _FILE_MODE = 0o750, 0o640
_TEMPLATES = Path(__file__).parent / "templates"
_TITLE = "Kết quả kiểm tra số liệu | Data Docs"
_VERDICTS_VI = {"accepted": "nhận", "accepted_with_warnings": "nhận, có cảnh báo", "refused": "từ chối"}


def bring_up_to_date(
    settings: Settings, contracts: Mapping[str, Contract], suites: Mapping[str, Suite], mart_suites: Mapping[str, MartSuite]
) -> str | None:  # fmt: skip
    """Writes the pages that are missing and the index, and removes pages older than KEPT.

    Returns:
        Why it could not be done, if it could not: Data Docs are not worth a load or a publication.
    """
    since = now() - KEPT
    try:
        with open_warehouse(settings) as connection:
            prepare(connection, ())
            loads, marts = judged_loads(connection, since), judged_marts(connection, since)
            folder = settings.data_docs_folder
            missing_loads = [load for load in loads if not (folder / _page_of_load(load)).exists()]
            missing_marts = [judged for judged in marts if not (folder / _page_of_marts(judged)).exists()]
            load_checks = {load.load_id: checks_of_load(connection, load.load_id) for load in missing_loads}
            mart_checks = {judged: checks_of_marts(connection, judged.checked_at) for judged in missing_marts}
        for load in missing_loads:
            contract, suite = contracts.get(load.dataset), suites.get(load.dataset)
            _write(folder / _page_of_load(load), _load_page(load, load_checks[load.load_id], contract, suite))
        for judged in missing_marts:
            _write(folder / _page_of_marts(judged), _marts_page(judged, mart_checks[judged], mart_suites))
        _write(folder / "index.html", _index(loads, marts, contracts))
        _remove_others(folder, {_page_of_load(load) for load in loads} | {_page_of_marts(judged) for judged in marts})
    except (OSError, duckdb.Error, KhoTinhError) as error:
        return f"Data Docs in {settings.data_docs_folder} are not up to date: {error}"
    return None


def _page_of_load(load: JudgedLoad) -> str:
    return f"{load.dataset}/{load.load_id.removeprefix(f'{load.dataset}/').replace('/', '-')}.html"


def _page_of_marts(judged: JudgedMarts) -> str:
    return f"marts/{judged.checked_at:%Y%m%dT%H%M%S%f}.html"


def _load_page(load: JudgedLoad, checks: list[StoredCheck], contract: Contract | None, suite: Suite | None) -> str:
    from pipelines.data_docs.pages import Judgement, render_page  # noqa: PLC0415  (Great Expectations takes seconds)

    facts = {
        "Bộ dữ liệu | Dataset": f"{contract.title.vi} | {contract.title.en}" if contract else load.dataset,
        "Kỳ | Period": load.partition_key,
        "Kết luận | Verdict": f"{_VERDICTS_VI[load.verdict]} | {load.verdict}",
        "Dòng đọc = nhận + cách ly + trùng | Rows read = accepted + quarantined + duplicates": (
            f"{load.rows_read} = {load.rows_accepted} + {load.rows_quarantined} + {load.rows_duplicate}"
        ),
        "Kiểm tra lúc | Judged at": _shown(load.finished_at),
        "SHA-256": load.file_sha256,
    }
    if load.refusal_reason:
        facts["Lý do từ chối | Refused because"] = load.refusal_reason
    judgement = Judgement("", checks, suite.rules if suite else (), load.rows_read - load.rows_duplicate)
    return render_page(load.load_id, load.verdict, facts, [judgement], load.finished_at)


def _marts_page(judged: JudgedMarts, checks: Mapping[str, list[StoredCheck]], suites: Mapping[str, MartSuite]) -> str:
    from pipelines.data_docs.pages import Judgement, render_page  # noqa: PLC0415  (Great Expectations takes seconds)

    judgements = [
        Judgement(mart, lines, suites[mart].rules if mart in suites else ()) for mart, lines in checks.items()
    ]
    facts = {
        "Kiểm tra lúc | Judged at": _shown(judged.checked_at),
        "Quy tắc | Rules": str(judged.rules),
        "Không đạt, dừng công bố | Critical, the publication is stopped": str(judged.failed_critical),
        "Không đạt, cảnh báo | Warnings": str(judged.failed_warning),
    }
    return render_page("Bảng công bố | The marts", _verdict(judged), facts, judgements, judged.checked_at)


def _index(loads: list[JudgedLoad], marts: list[JudgedMarts], contracts: Mapping[str, Contract]) -> str:
    newest = {load.dataset: load for load in reversed(loads)}
    environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True)
    return environment.get_template("index.html").render(
        title=_TITLE,
        kept_days=KEPT.days,
        newest=[_line_of_load(newest[dataset], contracts) for dataset in sorted(newest)],
        loads=[_line_of_load(load, contracts) for load in loads],
        marts=[_line_of_marts(judged) for judged in marts],
    )


def _line_of_load(load: JudgedLoad, contracts: Mapping[str, Contract]) -> dict[str, object]:
    return {
        "title": contracts[load.dataset].title.vi if load.dataset in contracts else load.dataset,
        "period": load.load_id.partition("/")[2],
        "page": _page_of_load(load),
        "verdict": load.verdict,
        "verdict_vi": _VERDICTS_VI[load.verdict],
        "rows_accepted": load.rows_accepted,
        "rows_quarantined": load.rows_quarantined,
        "rows_duplicate": load.rows_duplicate,
        "at": _shown(load.finished_at),
    }


def _line_of_marts(judged: JudgedMarts) -> dict[str, object]:
    return {
        "at": _shown(judged.checked_at),
        "page": _page_of_marts(judged),
        "verdict": _verdict(judged),
        "rules": judged.rules,
        "failed_critical": judged.failed_critical,
        "failed_warning": judged.failed_warning,
    }


def _verdict(judged: JudgedMarts) -> str:
    if judged.failed_critical:
        return "refused"
    return "accepted_with_warnings" if judged.failed_warning else "accepted"


def _shown(at: datetime) -> str:
    return f"{at:%d/%m/%Y %H:%M:%S}"


def _write(file: Path, text: str) -> None:
    """Writes a page whole or not at all, for the pipeline's user and its group."""
    for folder in (file.parent.parent, file.parent) if file.name != "index.html" else (file.parent,):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(_FOLDER_MODE)
    with NamedTemporaryFile("w", dir=file.parent, prefix=".", suffix=".partial", delete=False, encoding="utf-8") as new:
        new.write(text)
    partial = Path(new.name)
    partial.chmod(_FILE_MODE)
    partial.replace(file)


def _remove_others(folder: Path, wanted: set[str]) -> None:
    """Removes pages that nothing in the ledger stands behind any more, and what a killed run left half-written."""
    for file in folder.glob("*/*.html"):
        if str(file.relative_to(folder)) not in wanted:
            file.unlink()
    for leftover in (*folder.glob(".*.partial"), *folder.glob("*/.*.partial")):
        leftover.unlink()
    for place in folder.iterdir():
        if place.is_dir() and not any(os.scandir(place)):
            place.rmdir()
