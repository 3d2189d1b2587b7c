"""Files made to burst: each is refused within five seconds and half a gigabyte, measured from outside."""

from __future__ import annotations

import gzip
import json
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest

from pipelines.settings import PROJECT

MB = 1024 * 1024
MOST_SECONDS, MOST_BYTES = 5.0, 500 * MB


def _zeros(megabytes: int, unit: bytes = b"0") -> bytes:
    """A gzip of so many megabytes of one letter, a thousandth of that in size."""
    squeezer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = unit * (MB // len(unit))
    return b"".join([*(squeezer.compress(block) for _ in range(megabytes)), squeezer.flush()])


def _zip_of(file: Path, name: str, megabytes: int, how: int = ZIP_DEFLATED, unit: bytes = b"0") -> Path:
    with ZipFile(file, "w", how, compresslevel=9) as archive, archive.open(name, "w", force_zip64=True) as member:
        for _ in range(megabytes):
            member.write(unit * (MB // len(unit)))
    return file


def _zip_bomb(folder: Path) -> Path:
    return _zip_of(folder / "a.zip", "1.csv", 200)


def _nested_zip_bomb(folder: Path) -> Path:
    inner = _zip_of(folder / "inner.zip", "1.csv", 100).read_bytes()
    with ZipFile(folder / "a.zip", "w", ZIP_DEFLATED) as archive:
        for number in range(20):
            archive.writestr(f"{number}.zip", inner)
    return folder / "a.zip"


def _patient_zip_bomb(folder: Path) -> Path:
    """Each member stays below the ratio's threshold; together they fill a disk. Packed once, written many times."""
    content = b"0" * (31 * MB)
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = squeezer.compress(content) + squeezer.flush()
    common = struct.pack("<HHHIIIIHH", 20, 0, 8, 0, zlib.crc32(content), len(packed), len(content), 6, 0)
    body, directory = b"", b""
    for number in range(100):
        name = b"%02d.csv" % number
        directory += b"PK\1\2" + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + name
        body += b"PK\3\4" + common + name + packed
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 100, 100, len(directory), len(body), 0)
    return _written(folder / "a.zip", body + directory + end)


def _swarm(folder: Path) -> Path:
    """As many files as a table of contents of 8 MB can name; none of them holds a byte."""
    local, directory = bytearray(), bytearray()
    common = struct.pack("<HHHIIIIHH", 20, 0, 0, 0, 0, 0, 0, 6, 0)
    for number in range(160_000):
        name = b"%06x" % number
        directory += b"PK\1\2" + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, len(local)) + name
        local += b"PK\3\4" + common + name
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 0, 0, len(directory), len(local), 0)
    return _written(folder / "a.zip", bytes(local + directory) + end)


def _gzip_bomb(folder: Path) -> Path:
    return _written(folder / "a.gz", _zeros(200))


def _gzip_of_gzip_bomb(folder: Path) -> Path:
    return _written(folder / "a.gz", gzip.compress(_zeros(200)))


def _workbook_bomb(folder: Path) -> Path:
    with ZipFile(folder / "a.xlsx", "w", ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(b"<worksheet><sheetData>")
            for _ in range(100):
                sheet.write(b"<row/>" * (MB // 6))
    return folder / "a.xlsx"


def _quadratic_entities(folder: Path) -> Path:
    entity = "a" * 100_000
    return _written(folder / "a.xml", f'<!DOCTYPE x [<!ENTITY a "{entity}">]><x><r>{"&a;" * 100_000}</r></x>'.encode())


def _laughs(folder: Path) -> Path:
    entities = '<!ENTITY l0 "ha">' + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    return _written(folder / "a.xml", f"<!DOCTYPE x [{entities}]><x><r><ma>&l11;</ma></r></x>".encode())


def _endless_row(folder: Path) -> Path:
    return _written(folder / "a.xml", b"<x><r>" + b"<a b='c'/>" * 2_000_000)


def _brackets(folder: Path) -> Path:
    return _written(folder / "a.json", b"[" * 10_000_000)


def _objects(folder: Path) -> Path:
    return _written(folder / "a.json", b'{"a":' * 10_000_000)


def _long_text(folder: Path) -> Path:
    return _written(folder / "a.json", b'[{"ma": "' + b"a" * (40 * MB))


def _many_keys(folder: Path) -> Path:
    return _written(
        folder / "a.json", b",".join(b'{"k%d": 1}' % number for number in range(300_000)).join((b"[", b"]"))
    )


def _one_line(folder: Path) -> Path:
    with (folder / "a.csv").open("wb") as stream:
        stream.truncate(2048 * MB)
    return folder / "a.csv"


def _one_line_packed(folder: Path) -> Path:
    return _zip_of(folder / "a.zip", "1.csv", 100, ZIP_STORED, unit=b"a1,")


def _written(file: Path, content: bytes) -> Path:
    file.write_bytes(content)
    return file


HOSTILE: dict[str, tuple[Callable[[Path], Path], str, str]] = {
    "zip bomb": (_zip_bomb, "csv", "more than 100 times its size"),
    "nested zip bomb": (_nested_zip_bomb, "csv", "more than 100 times its size"),
    "patient zip bomb": (_patient_zip_bomb, "csv", "more than 1024 MB in all"),
    "a swarm of files": (_swarm, "xml", "more than 50000 files"),
    "gzip bomb": (_gzip_bomb, "csv", "more than 100 times its size"),
    "gzip of a gzip bomb": (_gzip_of_gzip_bomb, "csv", "more than 100 times its size"),
    "workbook bomb": (_workbook_bomb, "xlsx", "more than 100 times its size"),
    "billion laughs": (_laughs, "xml", "declares a document type"),
    "quadratic blow-up": (_quadratic_entities, "xml", "declares a document type"),
    "a row without end": (_endless_row, "xml", "larger than any record"),
    "ten million brackets": (_brackets, "json", "nested deeper|no list of records"),
    "ten million objects": (_objects, "json", "nested deeper"),
    "a text without end": (_long_text, "json", "larger than any record"),
    "hundreds of thousands of keys": (_many_keys, "json", "more than 2000 different keys"),
    "two gigabytes in one line": (_one_line, "csv", "cannot be read"),
    "one line in a zip": (_one_line_packed, "csv", "cannot be read"),
}


def _read_apart(file: Path, kind: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.parse.hostile_reader", str(file), kind],
        cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    file.unlink()
    assert done.returncode == 0, done.stderr[-2000:]
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_a_busy_day_of_many_small_bodies_takes_the_memory_of_its_rows(tmp_path: Path) -> None:
    """More bodies than a zip was once allowed to hold; a frame kept for each would take twice the bound."""
    with ZipFile(tmp_path / "a.zip", "w") as archive:
        for number in range(11_000):
            archive.writestr(f"{number}.xml", f"<rs><r><ma>{number}</ma><so>{number}</so></r></rs>")
    told = _read_apart(tmp_path / "a.zip", "xml")
    assert told["refusal"] is None
    assert told["bytes"] < 60 * MB, told


@pytest.mark.parametrize("what", HOSTILE)
def test_it_is_refused_before_it_costs_much(what: str, tmp_path: Path) -> None:
    make, kind, why = HOSTILE[what]
    told = _read_apart(make(tmp_path), kind)
    assert told["refusal"], told
    assert any(part in told["refusal"] for part in why.split("|")), told
    assert told["seconds"] < MOST_SECONDS, told
    assert told["bytes"] < MOST_BYTES, told
