"""`khotinh inspect FILE --draft`: prints a drafted contract, or writes it with its suite where they belong.

The standard output holds the YAML, or with `--json` the document, and nothing else: messages go to the standard error.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import typer

from pipelines.cli.console import ExitCode, errors, print_json
from pipelines.contracts import Text
from pipelines.errors import DataRefusedError
from pipelines.ingest import Workshop
from pipelines.inspection import Draft, draft_of
from pipelines.inspection.insides import TODO
from pipelines.inspection.skeleton import contract_yaml, first_suite, suite_yaml

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def print_draft(workshop: Workshop, file: Path, dataset: str | None, into: Path | None, *, as_json: bool) -> ExitCode:
    """Drafts and tells; nothing is overwritten.

    Args:
        workshop: Contracts whose headings are known, and registers.
        file: The file that no contract names yet.
        dataset: The new dataset's name; from the file's name if None.
        into: Folder below `sources/` that takes the contract; printed if None.
        as_json: Print JSON instead of YAML.
    """
    if dataset is not None and not _NAME.fullmatch(dataset):
        raise typer.BadParameter(f"{dataset}: tên viết như | a name is written like portal_payments")
    platform = into.resolve().name if into else None
    if platform is not None and not _NAME.fullmatch(platform):
        raise typer.BadParameter(f"{into}: tên thư mục viết như | the folder's name is written like portal")
    try:
        draft = draft_of(workshop, file, dataset, platform)
    except DataRefusedError as error:
        return _refused(error, as_json=as_json)
    name = draft.contract.dataset
    if name in workshop.contracts:
        errors.print(
            f"[yellow]{name}: đã có hợp đồng tên này, hãy đổi tên (--dataset) | there is a contract of this name, give "
            "another one (--dataset).[/]", soft_wrap=True,
        )  # fmt: skip
    written = _written(draft, into) if into else []
    if as_json:
        print_json({**document(draft), "written": [str(path) for path in written], "exit_code": int(ExitCode.DONE)})
    elif into is None:
        typer.echo(contract_yaml(draft), nl=False)
    _tell(draft, file, written)
    return ExitCode.DONE


def document(draft: Draft) -> dict[str, Any]:
    """The draft as one document: contract, suite and what each column stands on."""
    suite = first_suite(draft.contract)
    return {
        "dataset": draft.contract.dataset,
        "row_count": draft.row_count,
        "contract": draft.contract.model_dump(mode="json"),
        "contract_yaml": contract_yaml(draft),
        "suite_yaml": suite_yaml(suite),
        "reasons": [_plain(text) for text in draft.reasons],
        "columns": [
            {
                "name": one.column.name, "heading": next(iter(one.column.headings), None), "type": one.column.type,
                "personal": one.column.personal, "filled": one.filled, "empty": one.empty, "distinct": one.distinct,
                "unread": one.unread, "evidence": [_plain(text) for text in one.evidence],
            }
            for one in draft.columns
        ],
        "todo": [_plain(text) for text in draft.todo],
        "refusal": None,
    }  # fmt: skip


def _plain(text: Text) -> dict[str, str]:
    return {"vi": text.vi.removeprefix(f"{TODO}: "), "en": text.en}


def _refused(error: DataRefusedError, *, as_json: bool) -> ExitCode:
    vi = "Không phác thảo được hợp đồng: tệp không đọc được như nó đang là."
    if as_json:
        print_json({"contract": None, "refusal": {"vi": vi, "en": str(error)}, "exit_code": int(ExitCode.REFUSED)})
    else:
        errors.print(f"{vi}\nNo contract can be drafted: {error}", markup=False, soft_wrap=True)
    return ExitCode.REFUSED


def _written(draft: Draft, into: Path) -> list[Path]:
    """Writes contract and suite, both or none."""
    name = draft.contract.dataset
    expectations = into.resolve().parent.parent / "expectations"
    if not expectations.is_dir():
        raise typer.BadParameter(
            f"{into}: cạnh sources/ không có expectations/ | there is no expectations/ beside its sources/"
        )
    files = {
        into / f"{name}.yaml": contract_yaml(draft),
        expectations / f"{name}.yaml": suite_yaml(first_suite(draft.contract)),
    }
    if there := [str(path) for path in files if path.exists()]:
        raise typer.BadParameter(f"{', '.join(there)}: đã có, không ghi đè | is there already and is not overwritten")
    for path, text in files.items():
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    return list(files)


def _tell(draft: Draft, file: Path, written: list[Path]) -> None:
    for path in written:
        errors.print(f"Đã ghi | Written: {path}", markup=False, soft_wrap=True)
    kept = sum(one.column.is_stored for one in draft.columns)
    errors.print(
        f"{draft.row_count} dòng | rows, {len(draft.columns)} cột | columns: {kept} giữ | kept, "
        f"{len(draft.columns) - kept} cá nhân, không giữ | personal, not kept; {len(draft.todo)} TODO về tệp | about the file",
        markup=False, soft_wrap=True,
    )  # fmt: skip
    contract = written[0] if written else "HỢP-ĐỒNG.yaml"
    errors.print(f"Thử | Try: khotinh inspect {file} --contract {contract}", markup=False, soft_wrap=True)
