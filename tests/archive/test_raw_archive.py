"""The raw archive: one file per content, private and read-only, every arrival written down, nothing half-stored."""

# ruff: noqa: DTZ001  (the warehouse keeps naive local times)

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from pipelines import archive
from pipelines.archive import Arrival
from pipelines.extract import Delivery

BYTES = b"\xef\xbb\xbfMaGoiTin;MaVanBan\r\n1;2\r\n"
# sha256sum of BYTES, by coreutils.
DIGEST = "7996e058f1f5ffe7095d603fbe59f30e8185d3a80b07efcef7454cf427057b41"
FIRST, SECOND = datetime(2026, 6, 3, 5, 30), datetime(2026, 6, 3, 11, 0)


def _deliver(folder: Path, content: bytes = BYTES, name: str = "exchange-20260602.csv", **more: object) -> Delivery:
    file = folder / "incoming" / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content)
    return Delivery(file=file, file_name=name, source_uri=f"sftp://host/exchanges/{name}", **more)  # type: ignore[arg-type]


def _store(folder: Path, delivery: Delivery, at: datetime = FIRST, key: str = "2026-06-02") -> Arrival:
    return archive.store(delivery, "document_exchanges", key, folder / "archive", at)


def _files(folder: Path) -> list[str]:
    return sorted(
        str(file.relative_to(folder / "archive")) for file in (folder / "archive").rglob("*") if file.is_file()
    )


def test_a_file_lies_under_its_hash_with_its_bytes_and_its_suffix(tmp_path: Path) -> None:
    arrival = _store(tmp_path, _deliver(tmp_path, source_modified_at=SECOND, declared_rows=1))
    assert arrival.file_sha256 == DIGEST
    assert arrival.file == tmp_path / "archive" / DIGEST[:2] / f"{DIGEST}.csv"
    assert arrival.file.read_bytes() == BYTES
    assert (arrival.file_bytes, arrival.file_name) == (len(BYTES), "exchange-20260602.csv")
    assert (arrival.source_modified_at, arrival.arrived_at, arrival.declared_rows) == (SECOND, FIRST, 1)


def test_only_the_owner_may_read_it_and_nobody_may_write(tmp_path: Path) -> None:
    arrival = _store(tmp_path, _deliver(tmp_path))
    assert stat.S_IMODE(arrival.file.stat().st_mode) == 0o400
    assert stat.S_IMODE(arrival.file.parent.stat().st_mode) == 0o700
    provenance = arrival.file.with_name(f"{DIGEST}.provenance.jsonl")
    assert stat.S_IMODE(provenance.stat().st_mode) == 0o600


def test_the_delivery_is_moved_not_copied(tmp_path: Path) -> None:
    delivery = _deliver(tmp_path)
    arrival = _store(tmp_path, delivery)
    again = _deliver(tmp_path)
    _store(tmp_path, again)
    assert not delivery.file.exists()
    assert arrival.file.stat().st_nlink == 1
    assert list((tmp_path / "incoming").iterdir()) == []


def test_the_same_bytes_are_stored_once_and_each_arrival_is_written_down(tmp_path: Path) -> None:
    first = _store(tmp_path, _deliver(tmp_path))
    inode, changed = first.file.stat().st_ino, first.file.stat().st_mtime_ns
    second = _store(tmp_path, _deliver(tmp_path, name="gui-lai.csv"), SECOND, "2026-06-03")
    assert second.file == first.file
    assert (first.file.stat().st_ino, first.file.stat().st_mtime_ns) == (inode, changed)
    assert _files(tmp_path) == [f"{DIGEST[:2]}/{DIGEST}.csv", f"{DIGEST[:2]}/{DIGEST}.provenance.jsonl"]
    lines = [json.loads(line) for line in first.file.with_name(f"{DIGEST}.provenance.jsonl").read_text().splitlines()]
    assert lines == [
        {
            "dataset": "document_exchanges", "partition_key": key, "file_sha256": DIGEST, "file_name": name,
            "file_bytes": len(BYTES), "source_uri": f"sftp://host/exchanges/{name}", "source_modified_at": None,
            "arrived_at": at, "declared_rows": None, "etag": None,
        }
        for key, name, at in (
            ("2026-06-02", "exchange-20260602.csv", "2026-06-03T05:30:00"),
            ("2026-06-03", "gui-lai.csv", "2026-06-03T11:00:00"),
        )
    ]  # fmt: skip


def test_another_byte_is_another_file(tmp_path: Path) -> None:
    one, other = _store(tmp_path, _deliver(tmp_path)), _store(tmp_path, _deliver(tmp_path, BYTES + b"\n"))
    assert one.file != other.file
    assert one.file.read_bytes() == BYTES
    assert len([name for name in _files(tmp_path) if name.endswith(".csv")]) == 2


@pytest.mark.parametrize(
    ("name", "suffix"),
    [("Sổ VB.XLSX", ".xlsx"), ("no-suffix", ""), ("a.tar.gz", ".gz"), ("a.văn", ""), ("a.c$v", ""), ("a.", "")],
)
def test_only_a_plain_suffix_is_kept(name: str, suffix: str, tmp_path: Path) -> None:
    assert _store(tmp_path, _deliver(tmp_path, name=name)).file.name == f"{DIGEST}{suffix}"


def test_an_empty_file_is_archived_like_any_other(tmp_path: Path) -> None:
    arrival = _store(tmp_path, _deliver(tmp_path, b""))
    assert arrival.file_sha256 == hashlib.sha256().hexdigest()
    assert arrival.file_bytes == 0


def test_a_move_that_fails_leaves_no_file_under_the_hash(tmp_path: Path) -> None:
    delivery = _deliver(tmp_path)
    _store(tmp_path, _deliver(tmp_path, b"other", name="other.csv"))
    taken = tmp_path / "archive" / DIGEST[:2]
    taken.parent.mkdir(exist_ok=True)
    taken.write_bytes(b"")  # a file where the folder should be
    with pytest.raises(OSError, match=DIGEST[:2]):
        _store(tmp_path, delivery)
    assert delivery.file.read_bytes() == BYTES
    assert not any(DIGEST in name for name in _files(tmp_path))


def test_a_crash_at_any_step_leaves_all_of_the_file_or_nothing(tmp_path: Path) -> None:
    """Stops a real process at each of its system calls in turn; the archive then holds the whole file or none."""
    script = tmp_path / "store.py"
    script.write_text(
        f"""
import os, sys
from datetime import datetime
from pathlib import Path
from pipelines import archive
from pipelines.extract import Delivery
delivery = Delivery(file=Path(sys.argv[1]), file_name="a.csv", source_uri="file:///a.csv")
steps = [0]
def stop(event, arguments):
    if event in ("open", "os.rename", "os.chmod", "os.mkdir", "os.remove"):
        steps[0] += 1
        if steps[0] == STOP:
            os._exit(9)
for STOP in range(1, 30):
    child = os.fork()
    if child == 0:
        sys.addaudithook(stop)
        archive.store(delivery, "d", "2026-06-02", Path(sys.argv[2]) / str(STOP), datetime(2026, 6, 3))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    Path(sys.argv[1]).write_bytes({BYTES!r}) if not Path(sys.argv[1]).exists() else None
    if os.waitstatus_to_exitcode(status) == 0:
        print(STOP)
        break
""",
        encoding="utf-8",
    )
    delivery = _deliver(tmp_path)
    done = subprocess.run(
        [sys.executable, str(script), str(delivery.file), str(tmp_path / "archives")],
        capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    steps = int(done.stdout)
    assert steps > 5
    stored = 0
    for folder in (tmp_path / "archives").iterdir():
        for file in folder.rglob("*.csv"):
            assert file.read_bytes() == BYTES
            assert stat.S_IMODE(file.stat().st_mode) == 0o400
            stored += 1
    assert 1 <= stored < steps


def test_what_a_killed_run_left_is_removed_a_day_later(tmp_path: Path) -> None:
    kept = _store(tmp_path, _deliver(tmp_path)).file
    old, young = tmp_path / "archive" / "rows-old", tmp_path / "archive" / "incoming-young"
    for folder in (old, young):
        folder.mkdir()
        (folder / "part-0.parquet").write_bytes(b"rows")
    os.utime(old, (0, 0))
    archive.sweep(tmp_path / "archive", ("rows-", "incoming-"))
    assert (old.exists(), young.exists(), kept.exists()) == (False, True, True)
