"""What `khotinh inspect --json` prints. Its keys are a promise to scripts; docs/extending.md lists them."""

from __future__ import annotations

from typing import Any

from pipelines.cli import draft
from pipelines.cli import inspection_words as words
from pipelines.cli.inspection_view import told_members
from pipelines.ingest import Workshop
from pipelines.inspection import Inspection
from pipelines.inspection.columns import Mapping
from pipelines.inspection.guess import Candidate
from pipelines.inspection.inspection import Judgement
from pipelines.parse.containers.signature import Signature
from pipelines.validate.verdict import Verdict
from pipelines.vietnamese import check_vi, reason_vi


def document(workshop: Workshop, found: Inspection) -> dict[str, Any]:
    """The inspection as one document; every key is always there, null where nothing could be told."""
    why, contract, period, place = words.refusal(workshop, found), found.contract, found.period, found.place
    return {
        "file": {"name": found.file_name, "bytes": found.file_bytes, "is_too_large": found.is_too_large},
        "signature": _signature(found.signature),
        "dataset": contract.dataset if contract else None,
        "confidence": found.confidence,
        "candidates": [_candidate(candidate) for candidate in found.candidates],
        "expected_format": contract.format.kind if contract else None,
        "mismatch": found.mismatch,
        "period": {"key": period.partition.key, "said_by": period.said_by} if period else None,
        "table": vars(place) if place else None,
        **_mapping(found.mapping),
        "draft": draft.document(found.draft) if found.draft else None,
        "verdict": found.judgement.verdict if found.judgement else Verdict.REFUSED,
        "refusal": why.model_dump() if why else None,
        **_judgement(workshop, contract.dataset if contract else "", found.judgement),
    }


def _candidate(candidate: Candidate) -> dict[str, Any]:
    cells = candidate.cells_share
    return {
        "dataset": candidate.dataset,
        "headings_share": round(candidate.headings_share, 4),
        "cells_share": None if cells is None else round(cells, 4),
        "score": round(candidate.score, 4),
    }


def _signature(signature: Signature) -> dict[str, Any]:
    contents = signature.contents
    return {
        "kind": signature.kind,
        "encoding": signature.encoding,
        "delimiter": signature.delimiter,
        "is_one_line": signature.is_one_line,
        "is_damaged": signature.is_damaged,
        "members": told_members(contents.names) if contents else [],
        "member_count": contents.count if contents else None,
        "inside": _signature(signature.inside) if signature.inside else None,
    }


def _mapping(mapping: Mapping | None) -> dict[str, Any]:
    return {
        "columns": [
            {
                "name": found.column.name, "type": found.column.type, "required": found.column.required,
                "personal": found.column.personal, "headings": list(found.headings), "nearest_heading": found.nearest,
                "filled": found.filled, "empty": found.empty, "read": found.read,
                "unread": None if found.read is None else found.unread,
                "minimum": found.minimum, "maximum": found.maximum,
            }
            for found in (mapping.columns if mapping else ())
        ],
        "missing": [found.column.name for found in mapping.missing] if mapping else [],
        "unknown_headings": [
            {"heading": unknown.heading, "nearest_heading": unknown.nearest}
            for unknown in (mapping.unknown if mapping else ())
        ],
        "unknown_heading_count": mapping.unknown_count if mapping else None,
    }  # fmt: skip


def _judgement(workshop: Workshop, dataset: str, judgement: Judgement | None) -> dict[str, Any]:
    if judgement is None:
        return {"rows": None, "failed_checks": [], "reasons": [], "rejects": []}
    return {
        "rows": {
            "read": judgement.rows_read, "accepted": judgement.rows_accepted,
            "quarantined": judgement.rows_quarantined, "duplicate": judgement.rows_duplicate,
        },
        "failed_checks": [
            {**vars(check), "vi": check_vi(workshop, dataset, check.check_name) or ""} for check in judgement.failed
        ],
        "reasons": [
            {"reason": reason, "vi": reason_vi(workshop, dataset, reason), "rows": rows}
            for reason, rows in judgement.reason_counts.items()
        ],
        "rejects": [
            {
                "row_number": reject.row_number, "sheet_name": reject.sheet_name,
                "reasons": [{"reason": reason, "vi": reason_vi(workshop, dataset, reason)} for reason in reject.reasons],
                "cells": reject.cells,
            }
            for reject in judgement.rejects
        ],
    }  # fmt: skip
