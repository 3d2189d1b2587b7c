"""The datasets that ship. A province adds contracts of its own, and the tests must pass beside them too."""

from __future__ import annotations

from pipelines.contracts import Contract, read_contracts
from pipelines.settings import SOURCES

SHIPPED = (
    "document_exchanges", "document_registers", "document_signing", "officer_forms", "platform_accounts",
    "portal_dossiers", "portal_statistics", "videoconference_bbb_meetings", "videoconference_calls", "videoconference_dma_calls",
    "videoconference_dma_conferences", "videoconference_endpoint_status",
)  # fmt: skip


def shipped_contracts() -> dict[str, Contract]:
    """The contracts that ship and are there, by dataset."""
    return {dataset: contract for dataset, contract in read_contracts(SOURCES).items() if dataset in SHIPPED}
