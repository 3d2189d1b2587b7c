"""The page docs/indicators.md: every indicator of the registry in words, for whoever reads a figure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from pipelines.indicators import Indicator

_HEAD = """\
# Chỉ tiêu | Indicators

Made from `dbt_project/seeds/indicators.csv` by `make generate`; do not edit. The same rows are in every published file:
`SELECT * FROM meta.indicators`. A figure is the sum of the numerator over the sum of the denominator; the province (H56) is
the sum of its units, its own office among them. Before `valid_from` and after `valid_to` there is no figure.
"""
_GROUPS = {
    "transparency": "Công khai, đồng bộ | Transparency",
    "settlement": "Tiếp nhận, giải quyết | Received and settled",
    "online": "Hồ sơ trực tuyến | Online dossiers",
    "payment": "Thanh toán trực tuyến | Online payment",
    "digitisation": "Số hóa hồ sơ | Digitisation",
    "document": "Văn bản điện tử | Electronic documents",
    "signing": "Ký số | Signing",
    "videoconference": "Hội nghị truyền hình | Videoconference",
    "adoption": "Tài khoản | Accounts",
    "officer": "Biểu cán bộ nhập | The officer's form",
}
_ZERO = {
    "no_value": "không có giá trị | no value",
    "zero": "bằng 0 | counts as 0",
    "full": "bằng 1 | counts as 1",
}
_DIRECTION = {"up": "cao là tốt | higher is better", "down": "thấp là tốt | lower is better", "none": "không | neither"}
_BIAS = {"under_counted": "Đếm thiếu | Under-counted", "upper_bound": "Cận trên | Upper bound", "none": "Lưu ý | Note"}


def indicators_page(indicators: Iterable[Indicator]) -> str:
    """The page's text, a section a group, in the order of the registry."""
    sections = [
        f"\n## {_GROUPS[group]}\n" + "".join("".join(_entry(one)) for one in ones)
        for group, ones in groupby(indicators, key=lambda one: one.group_code)
    ]
    return _HEAD + "".join(sections)


def _entry(indicator: Indicator) -> Iterator[str]:
    denominator = f" / {indicator.denominator_en}" if indicator.denominator_en else ""
    divided = f" / `{indicator.denominator_sql}`" if indicator.denominator_sql else ""
    rows = f" where `{indicator.filter_sql}`" if indicator.filter_sql else ""
    until = f" – {indicator.valid_to}" if indicator.valid_to else ""
    yield f"\n### `{indicator.indicator_code}`\n\n**{indicator.name_vi}** | **{indicator.name_en}**\n\n"
    yield f"- {indicator.formula_vi}\n- {indicator.numerator_en}{denominator}\n"
    yield f"- Căn cứ | Source: {indicator.legal_source}\n"
    yield f"- `{indicator.numerator_sql}`{divided} of `{indicator.relation}`{rows}\n"
    yield f"- Đơn vị tính | Unit: {indicator.unit_vi} | {indicator.unit_en}; {_DIRECTION[indicator.direction]}\n"
    if indicator.measure == "share":
        yield f"- Mẫu số bằng 0 | Empty denominator: {_ZERO[indicator.zero_denominator]}\n"
    if indicator.caveat_vi:
        yield f"- {_BIAS[indicator.bias]}: {indicator.caveat_vi} | {indicator.caveat_en}\n"
    yield f"- Chủ trì | Owner: {indicator.owner}; {indicator.valid_from}{until}\n"
