"""What `khotinh inspect` says of formats, periods and refusals, in both languages. How it is laid out is not here."""

from __future__ import annotations

from pipelines.contracts import Text
from pipelines.extract.delivery import LARGEST_FILE_BYTES
from pipelines.ingest import Workshop
from pipelines.inspection import Inspection
from pipelines.inspection.guess import Confidence
from pipelines.parse.containers.signature import HEAD_BYTES, FileKind, Mismatch, Signature
from pipelines.vietnamese import trouble_vi

_KINDS = {
    FileKind.EMPTY: Text(vi="tệp rỗng", en="an empty file"),
    FileKind.CSV: Text(vi="CSV", en="CSV"),
    FileKind.TEXT: Text(vi="văn bản không chia cột", en="plain text without columns"),
    FileKind.JSON: Text(vi="JSON", en="JSON"),
    FileKind.JSON_LINES: Text(vi="JSON từng dòng", en="JSON lines"),
    FileKind.XML: Text(vi="XML", en="XML"),
    FileKind.HTML: Text(vi="trang HTML", en="an HTML page"),
    FileKind.XLSX: Text(vi="sổ tính Excel (.xlsx)", en="an Excel workbook (.xlsx)"),
    FileKind.XLS: Text(vi="sổ tính Excel 97-2003 (.xls)", en="an Excel 97-2003 workbook (.xls)"),
    FileKind.ENCRYPTED_WORKBOOK: Text(vi="sổ tính Excel có mật khẩu", en="an Excel workbook under a password"),
    FileKind.OLE2: Text(vi="tài liệu Office đời cũ", en="an old Office document"),
    FileKind.ZIP: Text(vi="tệp nén zip", en="a zip archive"),
    FileKind.GZIP: Text(vi="tệp nén gzip", en="a gzip file"),
    FileKind.PDF: Text(vi="PDF", en="PDF"),
    FileKind.BINARY: Text(vi="tệp nhị phân", en="a binary file"),
}
_EXPECTED = {
    "csv": _KINDS[FileKind.CSV],
    "json": _KINDS[FileKind.JSON],
    "xlsx": _KINDS[FileKind.XLSX],
    "xls": _KINDS[FileKind.XLS],
    "html": _KINDS[FileKind.HTML],
    "xml": Text(vi="XML, hoặc zip gồm các XML", en="XML, or a zip of XML bodies"),
}
_REMEDIES = {
    FileKind.XLS: Text(vi="Lưu lại dạng .xlsx.", en="Save it as .xlsx."),
    FileKind.ENCRYPTED_WORKBOOK: Text(vi="Bỏ mật khẩu rồi lưu lại.", en="Remove the password and save it again."),
}
_ASK = Text(vi="Đề nghị nơi gửi xuất lại.", en="Ask the owner to export it again.")
_DAMAGED = Text(
    vi=f"Tệp nén bị cắt, hỏng, hoặc chứa quá nhiều tệp. {_ASK.vi}",
    en=f"It is cut short, damaged, or packs too many files. {_ASK.en}",
)
_NO_LINE_END = Text(
    vi=f"Trong {HEAD_BYTES // 1024} KB đầu không có dấu xuống dòng, nên không có dòng tiêu đề. {_ASK.vi}",
    en=f"There is no line end in its first {HEAD_BYTES // 1024} KB, so it has no heading line. {_ASK.en}",
)
CONFIDENCE = {
    Confidence.GIVEN: Text(vi="đã chỉ định", en="as given"),
    Confidence.SURE: Text(vi="chắc chắn", en="sure"),
    Confidence.LIKELY: Text(vi="có lẽ", en="likely"),
    Confidence.NEAR: Text(vi="chưa chắc: có bộ khác gần như thế", en="unsure: another dataset fits almost as well"),
    Confidence.UNKNOWN: Text(vi="không rõ", en="unknown"),
}
SAID_BY = {
    "option": Text(vi="theo --period", en="by --period"),
    "file_name": Text(vi="theo tên tệp", en="from the file's name"),
    "default": Text(vi="kỳ vừa qua", en="the last one that is over"),
}
_SUFFIXES = {
    ".csv": (FileKind.CSV, FileKind.TEXT), ".txt": (FileKind.CSV, FileKind.TEXT), ".json": (FileKind.JSON, FileKind.JSON_LINES),
    ".jsonl": (FileKind.JSON, FileKind.JSON_LINES), ".xml": (FileKind.XML,), ".xlsx": (FileKind.XLSX,), ".xls": (FileKind.XLS,),
    ".html": (FileKind.HTML,), ".htm": (FileKind.HTML,), ".zip": (FileKind.ZIP,), ".gz": (FileKind.GZIP,), ".pdf": (FileKind.PDF,),
}  # fmt: skip


def judged_as(period: str) -> str:
    """What a verdict is worth on a file whose name tells no period."""
    return (
        f"Tên tệp không nói kỳ, nên đã xét như kỳ {period}; nếu không phải, nói kỳ bằng --period | The file's name tells "
        f"no period, so it was judged as {period}; if that is wrong, say it with --period."
    )


def kind(signature: Signature) -> Text:
    """What the file is, with its encoding, delimiter or contents."""
    name, details_vi, details_en = _KINDS[signature.kind], "", ""
    if signature.encoding:
        details_vi += f", {_encoding(signature).vi}"
        details_en += f", {_encoding(signature).en}"
    if signature.delimiter:
        mark = _mark(signature.delimiter)
        details_vi += f", ngăn cách bằng {mark}"
        details_en += f", parted by {mark}"
    if signature.is_damaged:
        details_vi, details_en = ", bị cắt hoặc hỏng", ", cut short or damaged"
    if signature.kind is FileKind.ZIP and signature.contents is not None:
        count = signature.contents.count
        details_vi, details_en = f", {count} tệp", f", {count} files"
    if signature.inside is not None:
        inside = kind(signature.inside)
        details_vi += f"; bên trong: {inside.vi}"
        details_en += f"; inside: {inside.en}"
    return Text(vi=name.vi + details_vi, en=name.en + details_en)


def misnamed(found: Inspection) -> Text | None:
    """What the file's name says and its content does not."""
    suffix = "." + found.file_name.rpartition(".")[2].lower()
    claimed = _SUFFIXES.get(suffix)
    if claimed is None or found.signature.kind in (*claimed, FileKind.EMPTY):
        return None
    name = _KINDS[found.signature.kind]
    return Text(vi=f"Tên tệp ghi {suffix}, nội dung là {name.vi}.", en=f"It is named {suffix} and is {name.en}.")


def refusal(workshop: Workshop, found: Inspection) -> Text | None:
    """Why no load would come of the file; None if one would."""
    if not found.is_refused:
        return None
    if found.is_too_large:
        size = LARGEST_FILE_BYTES // 1024**2
        return Text(
            vi=f"Tệp lớn hơn {size} MB, kho không nhận. Đề nghị xuất thành nhiều phần.",
            en=f"It is larger than {size} MB, and no such file is taken. Ask for it in parts.",
        )
    if found.contract is None:
        return _unknown(found.signature)
    if found.mismatch is not None:
        return _mismatch(found.signature, found.mismatch, workshop, found.contract.dataset)
    message = found.judgement.refusal or "" if found.judgement else ""
    return Text(vi=trouble_vi(workshop, found.contract.dataset, None, message), en=message)


def _unknown(signature: Signature) -> Text:
    if signature.is_damaged:
        return _DAMAGED
    signature = signature.plain
    if signature.is_one_line:
        return _NO_LINE_END
    if signature.layout is None:
        name, remedy = _KINDS[signature.kind], _REMEDIES.get(signature.kind, _ASK)
        return Text(
            vi=f"Không bộ dữ liệu nào nhận {name.vi}. {remedy.vi}", en=f"No dataset comes as {name.en}. {remedy.en}"
        )
    return Text(
        vi="Không bộ dữ liệu nào có tiêu đề như tệp này. Nếu biết là bộ nào, thêm --dataset; nếu là nguồn mới, --draft "
        "viết sẵn hợp đồng.",
        en="No dataset has headings like this file's. If you know whose it is, give --dataset; if it is a new source, "
        "--draft writes its contract.",
    )


def _mismatch(signature: Signature, why: Mismatch, workshop: Workshop, dataset: str) -> Text:
    expected = workshop.contracts[dataset].format
    signature = signature.plain
    match why:
        case Mismatch.ENCODING:
            name, declared = _encoding(signature), expected.encoding.upper()
            return Text(
                vi=f"Chữ trong tệp: {name.vi}; hợp đồng của {dataset} ghi {declared}. {_ASK.vi}",
                en=f"Its text is {name.en}, and the contract of {dataset} says {declared}. {_ASK.en}",
            )
        case Mismatch.DELIMITER:
            came, wanted = _mark(signature.delimiter or ""), _mark(expected.delimiter)
            return Text(
                vi=f"Tệp ngăn cách bằng {came}, hợp đồng của {dataset} ghi {wanted}. {_ASK.vi}",
                en=f"It is parted by {came}, and the contract of {dataset} says {wanted}. {_ASK.en}",
            )
        case Mismatch.NO_LINE_END:
            return _NO_LINE_END
        case Mismatch.DAMAGED:
            return _DAMAGED
        case Mismatch.KIND:
            came_kind, wanted_kind = _KINDS[signature.kind], _EXPECTED[expected.kind]
            remedy = _REMEDIES.get(signature.kind, _ASK)
            return Text(
                vi=f"Tệp là {came_kind.vi}; {dataset} cần {wanted_kind.vi}. {remedy.vi}",
                en=f"It is {came_kind.en}; {dataset} expects {wanted_kind.en}. {remedy.en}",
            )


def _encoding(signature: Signature) -> Text:
    if signature.encoding == "not utf-8":
        return Text(
            vi="không phải UTF-8, có thể là Windows-1258, TCVN3 hoặc VNI",
            en="not UTF-8, maybe Windows-1258, TCVN3 or VNI",
        )
    name = {"utf-8-sig": "UTF-8 (BOM)", "utf-16": "UTF-16"}.get(signature.encoding or "", "UTF-8")
    return Text(vi=name, en=name)


def _mark(delimiter: str) -> str:
    return "Tab" if delimiter == "\t" else f"“{delimiter}”"
