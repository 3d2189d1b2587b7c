"""Văn bản: deliveries, their reception and completion, signing, and what electronic documents are estimated to save."""

from __future__ import annotations

from typing import Any

from pipelines.page import formats
from pipelines.page.figures import Column, Figures
from pipelines.page.published import Published
from pipelines.page.units import DOCUMENTS, Units, ranking

_CARDS = (
    "document_sent", "document_documents_sent", "document_received", "document_completed", "document_resent",
    "document_registered", "document_signed_by_organisation", "document_signed_by_person",
)  # fmt: skip
_FLOW = (
    ("document_sent", Column("Lượt gửi", "Deliveries", "bar", "count")),
    ("document_registered", Column("Vào sổ", "Registered", "bar", "count")),
)
_SHARES = (
    ("document_received", Column("Được tiếp nhận", "Taken in")),
    ("document_completed", Column("Xử lý xong", "Completed")),
    ("document_resent", Column("Gửi lại", "Sent again")),
)
_SIGNING = (
    ("document_signed_by_organisation", Column("Ký số cơ quan", "Signed by the organisation")),
    ("document_signed_by_person", Column("Ký số cá nhân", "Signed by a person")),
)


def chapter(published: Published, figures: Figures, units: Units) -> dict[str, Any]:
    """What the template `van-ban.html` shows."""
    tables = [
        figures.by_day("documents-days", "Lượt gửi và vào sổ theo ngày", "Deliveries and registrations by day", _FLOW),
        figures.by_month(
            "documents-months", "Lượt gửi và vào sổ theo tháng", "Deliveries and registrations by month", _FLOW
        ),
        figures.by_day(
            "shares-days", "Tiếp nhận, xử lý, gửi lại theo ngày", "Taken in, completed, sent again by day", _SHARES
        ),
        figures.by_month("shares-months", "Tiếp nhận, xử lý, gửi lại theo tháng", "The same by month", _SHARES),
        figures.by_month("signing-months", "Ký số theo tháng", "Signing by month", _SIGNING),
    ]
    return {
        "cards": figures.cards(_CARDS),
        "tables": [table for table in tables if table is not None],
        "savings": _savings(published, figures.province),
        "ranking": ranking(published, units, "van-ban", DOCUMENTS, figures.province),
    }


def _savings(published: Published, province: str) -> list[dict[str, Any]] | None:
    """The newest month by assumption: an estimate, and said to be one. The mart has a row of the province among the units'."""
    rows = published.rows(
        """
        SELECT period, assumption_id, assumption_vi AS vi, assumption_en AS en, reason_vi, reason_en,
            savings.amount_vnd AS amount, quantity, saved_vnd AS saved
        FROM marts.document_savings_monthly AS savings JOIN meta.saving_assumptions USING (assumption_id)
        WHERE unit_code = ? AND period = (SELECT max(period) FROM marts.document_savings_monthly) ORDER BY assumption_id""",
        [province],
    )
    return None if rows is None else [
        {
            **row,
            "month": formats.month(row["period"]),
            "shown_amount": formats.number(row["amount"], 2),
            "shown_quantity": formats.number(row["quantity"]),
            "shown_saved": formats.number(row["saved"]),
        }
        for row in rows
    ]  # fmt: skip
