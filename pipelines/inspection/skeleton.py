"""A drafted contract and its suite as YAML that people complete: what a person must decide stands beside it as a comment.

Comments are in both languages. No cell of the file is in it. The text is what `read_contract` and `read_suite` accept
as it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml

from pipelines.contracts import Contract, Text
from pipelines.inspection.column_types import ColumnDraft
from pipelines.inspection.draft import Draft
from pipelines.inspection.insides import TODO
from pipelines.validate.suites import Suite

_WIDE = 10**6
_ONE_ROW_A_KEY = "Các dòng cùng khóa ({labels}) nhưng khác nội dung: giữ một dòng đúng, bỏ dòng sai."
_TO_FILL_IN = f"{TODO} | TODO"


def contract_yaml(draft: Draft) -> str:
    """The contract's file."""
    contract = draft.contract
    connection = contract.source.connection.upper()
    lines = [
        f"# Hợp đồng phác thảo từ một tệp mẫu {draft.row_count} dòng: sửa mọi chỗ ghi TODO, rồi xóa ghi chú.",
        f"# A contract drafted from a sample of {draft.row_count} rows: settle every TODO, then delete the comments.",
        f"dataset: {contract.dataset}",
        "version: 1",
        f"platform: {contract.platform}",
        *_todo("tên và mô tả cho người đọc", "title and description for readers"),
        f"title: {_flow(contract.title.model_dump())}",
        f"description: {_flow(contract.description.model_dump())}",
        *_todo("ai chịu trách nhiệm về số liệu: hỏi ai khi bị từ chối", "who answers for the data: whom to ask after a refusal"),
        f"owner: {_scalar(contract.owner)}",
        *_todo("hằng ngày (daily) hay hằng tháng (monthly)", "daily or monthly"),
        f"cadence: {contract.cadence}",
        *_todo("hạn: mấy ngày sau kỳ, mấy giờ", "due: so many days after the period, at what time"),
        'due: {days_after: 1, time: "05:30"}',
        *_todo(
            "snapshot: tệp chứa trọn kỳ; changes: tệp chỉ chứa thay đổi (cần newest_by)",
            "snapshot: a file tells its period whole; changes: only what changed (needs newest_by)",
        ),
        f"mode: {contract.mode}",
        *_todo(
            f"nơi tệp nằm: đặt KHOTINH_{connection}_URL trong .env; kiểu khác: docs/extending.md#source",
            f"where the file lies: set KHOTINH_{connection}_URL in .env; other kinds: docs/extending.md#source",
        ),
        f"source: {_flow(contract.source.model_dump(exclude_defaults=True) | {'kind': contract.source.kind})}",
        *_remarks(draft.reasons),
        f"format: {_flow(contract.format.model_dump(exclude_defaults=True))}",
        f"keys: {_flow(list(contract.keys))}",
        *_todo("ngày làm việc mà tệp rỗng: refuse hay warn", "an empty file on a working day: refuse or warn"),
        "volume: {empty_on_working_day: warn, below_band: warn, above_band: warn}",
        "max_quarantine_share: 0.05",
        "drift: {added: report, missing: refuse}",
        f"ignored_headings: {_flow(list(contract.ignored_headings))}",
        "# nullable: false: không ô nào trống trong tệp này; sau này có thể trống thì xóa | no cell was empty in this file;",
        "# take it away where one may be later. personal: không giữ, chỉ che | personal: not kept.",
        "columns:",
        *(line for column in draft.columns for line in _column(column)),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def first_suite(contract: Contract) -> Suite:
    """The rules that every suite has, and that no two rows share a key."""
    keys = list(contract.keys)
    unique: dict[str, Any] = (
        {"type": "expect_column_values_to_be_unique", "kwargs": {"column": keys[0]}}
        if len(keys) == 1
        else {"type": "expect_compound_columns_to_be_unique", "kwargs": {"column_list": keys}}
    )
    is_snapshot = contract.mode == "snapshot"
    return Suite.model_validate({
        "dataset": contract.dataset,
        "rules": [
            {
                "name": "export_is_not_empty", "type": "expect_table_row_count_to_be_between",
                "kwargs": {"min_value": {"$PARAMETER": "minimum_rows"}}, "on_failure": "refuse",
                "says": {"vi": "Ngày làm việc phải có dữ liệu.", "en": "A working day's export holds rows."},
            },
            {
                "name": "rows_are_accounted_for", "type": "expect_table_row_count_to_equal",
                "kwargs": {"value": {"$PARAMETER": "rows_to_judge"}}, "on_failure": "refuse",
                "says": {
                    "vi": "Số dòng đọc = số dòng nhận + cách ly + trùng.",
                    "en": "Rows read = kept + quarantined + duplicates.",
                },
            },
            {
                "name": "record_is_unique", **unique, "on_failure": "quarantine" if is_snapshot else "flag",
                "says": {"vi": "Không có hai dòng khác nhau cùng khóa.", "en": "No two different rows share a key."},
                "mend": {"vi": _ONE_ROW_A_KEY} if is_snapshot else None,
            },
        ],
    })  # fmt: skip


def suite_yaml(suite: Suite) -> str:
    """The suite's file."""
    lines = [
        f"# What a load of {suite.dataset} must satisfy. An analyst may edit it; docs/extending.md explains the keys.",
        f"# {_TO_FILL_IN}: quy tắc giữa các cột, ví dụ ngày trả không trước ngày nhận | rules between columns.",
        f"dataset: {suite.dataset}",
        "rules:",
    ]
    for rule in suite.rules:
        lines += [
            f"  - name: {rule.name}",
            f"    type: {rule.type}",
            f"    kwargs: {_flow(rule.kwargs)}",
            f"    on_failure: {rule.on_failure}",
            f"    says: {_flow(rule.says.model_dump())}",
            *([f"    mend: {_flow(rule.mend.model_dump())}"] if rule.mend else []),
        ]
    return "\n".join(lines) + "\n"


def _column(draft: ColumnDraft) -> list[str]:
    keys = draft.column.model_dump(exclude_defaults=True)
    ordered = {name: keys.pop(name) for name in ("name", "type", "headings") if name in keys}
    texts = {name: keys.pop(name) for name in ("vi", "en") if name in keys}
    counts = f"{draft.filled} có | filled, {draft.empty} trống | empty, {draft.distinct} khác nhau | distinct"
    unread = f"; {draft.unread} không đọc được | unread" if draft.unread else ""
    return [
        f"  # {counts}{unread}",
        *(f"  {line}" for line in _remarks(draft.evidence)),
        f"  - {_flow({**ordered, **keys, **texts})}",
    ]


def _remarks(texts: Iterable[Text]) -> list[str]:
    return [f"# {text.vi} | {text.en}" for text in texts]


def _todo(vi: str, en: str) -> list[str]:
    return [f"# {_TO_FILL_IN}: {vi} | {en}"]


def _flow(value: Mapping[str, Any] | Sequence[Any]) -> str:
    """A mapping or list on one line; texts are quoted where YAML would read something else."""
    if isinstance(value, Mapping):
        return (
            "{"
            + ", ".join(f"{key if key.isidentifier() else _scalar(key)}: {_value(one)}" for key, one in value.items())
            + "}"
        )
    return "[" + ", ".join(_value(one) for one in value) + "]"


def _value(value: Any) -> str:  # noqa: ANN401 (anything that a contract may say)
    if isinstance(value, Mapping | list | tuple):
        return _flow(value)
    return _scalar(value)


def _scalar(value: str | float | bool | None) -> str:  # noqa: FBT001 (a YAML scalar)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    # A line end or another mark inside of a heading is spelled out: the entry stays on its line.
    style = '"' if isinstance(value, str) and not value.isprintable() else None
    dumped: str = yaml.safe_dump([value], default_flow_style=True, default_style=style, allow_unicode=True, width=_WIDE)
    return dumped.strip()[1:-1]
