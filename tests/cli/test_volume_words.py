"""A refusal for its volume as an officer reads it: what came, what is usual, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.ingest import Workshop
from pipelines.vietnamese import trouble_vi
from tests.load.load_help import settings_in

ASKS = "đề nghị xuất lại, hoặc xác nhận là đúng (sources/volume_exceptions.csv)."


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (
            "volume_is_in_band: Held since the band of earlier periods is known: 1312 rows, expected 4800 to 8200 (median 6400 of 9 earlier working days)",
            f"Số dòng ít hơn hẳn mọi ngày cùng loại: 1.312 dòng, thường từ 4.800 đến 8.200; {ASKS}",
        ),
        (
            "volume_is_in_band: 900 rows, expected 480 to 820 (median 600 of 5 earlier working days)",
            f"Số dòng nhiều hơn hẳn mọi ngày cùng loại: 900 dòng, thường từ 480 đến 820; {ASKS}",
        ),
        (
            "volume_is_in_band: 0 rows of commune units, expected 75 to 133 (median 100 of 6 earlier working days)",
            f"Số dòng của cấp xã ít hơn hẳn mọi ngày cùng loại: 0 dòng, thường từ 75 đến 133; {ASKS}",
        ),
        (
            "volume_is_in_band: 350 rows, expected 525 to 931 (median 700 of 6 earlier months)",
            f"Số dòng ít hơn hẳn mọi tháng cùng loại: 350 dòng, thường từ 525 đến 931; {ASKS}",
        ),
        (
            "revision_keeps_most_rows: a revision before has 100 rows, this one has 79",
            "Bản mới thiếu hơn một phần năm số dòng của bản trước; vẫn dùng bản trước.",
        ),
    ],
)
def test_a_refusal_for_its_volume_is_told_in_figures(message: str, said: str, tmp_path: Path) -> None:
    assert trouble_vi(Workshop(settings_in(tmp_path)), "document_exchanges", None, message) == said
