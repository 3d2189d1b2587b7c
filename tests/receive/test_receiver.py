"""What a meeting server counts on: 200 means kept, whatever happens then; anything else means send again."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from hashlib import sha256
from itertools import count
from pathlib import Path

import httpx
import pytest

from pipelines.calendar import Partition
from pipelines.contracts import read_contract
from pipelines.extract import pull
from pipelines.parse import parse
from pipelines.parse.cells.values import Reading
from pipelines.receive import Inbox
from pipelines.reference import read_reference
from pipelines.settings import ENDPOINTS_FILE, SEEDS, SOURCES, Settings
from tests.receive.receiver import KHOTINH, Receiver, body, receiver

TOKEN = "7d1f0c9a55b24e3f8a6d"
KILLS, ACKNOWLEDGED_BEFORE_A_KILL, SENDERS_AT_ONCE = 3, 40, 6
PATIENCE = "1"


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    """One receiver with small bounds; tests use bodies of their own."""
    folder = tmp_path_factory.mktemp("usual") / "received"
    with receiver(folder, KHOTINH_CDR_SECONDS=PATIENCE, KHOTINH_CDR_BODY_BYTES="100000") as running:
        yield running


def test_a_kill_at_any_moment_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    folder, numbers = tmp_path / "received", count()
    acknowledged: list[bytes] = []
    for _ in range(KILLS):
        with receiver(folder) as running:
            enough, done = threading.Semaphore(0), threading.Event()

            def send(
                running: Receiver = running, enough: threading.Semaphore = enough, done: threading.Event = done
            ) -> None:
                while not done.is_set():
                    sent = body(next(numbers))
                    try:
                        if running.post(sent) == httpx.codes.OK:
                            acknowledged.append(sent)
                            enough.release()
                    except httpx.TransportError:
                        return

            with ThreadPoolExecutor(SENDERS_AT_ONCE) as pool:
                for _ in range(SENDERS_AT_ONCE):
                    pool.submit(send)
                for _ in range(ACKNOWLEDGED_BEFORE_A_KILL):
                    assert enough.acquire(timeout=60)
                running.process.kill()
                done.set()
    kept = [file.read_bytes() for file in folder.glob("cdr/*/*.xml")]
    assert len(acknowledged) >= KILLS * ACKNOWLEDGED_BEFORE_A_KILL
    assert set(acknowledged) <= set(kept)
    # What was cut short has no name that a pull would take.
    whole = {body(number) for number in range(next(numbers))}
    assert set(kept) <= whole


def test_bodies_that_were_pushed_are_pulled_by_the_contract_and_read(tmp_path: Path) -> None:
    folder, contract = tmp_path / "received", read_contract(SOURCES / "videoconference" / "videoconference_calls.yaml")
    settings = Settings.model_validate({"videoconference_url": f"file://{folder}"})
    with receiver(folder) as running:
        for number in (0, 1, 2, 1):
            assert running.post(body(number)) == httpx.codes.OK
        told = [running.told() for _ in range(4)]
        assert [line["outcome"] for line in told] == ["kept", "kept", "kept", "repeated"]
        assert told[3]["file"] == told[1]["file"]
        day = Partition.of_day(date.fromisoformat(told[0]["file"].split("/")[1]))
        # A run that reads the folder while bodies come in takes those that are whole.
        with ThreadPoolExecutor(2) as pool:
            coming = [pool.submit(running.post, body(number)) for number in range(3, 23)]
            work = tmp_path / "work"
            work.mkdir()
            delivery = pull(contract, day, settings, work)
            assert {future.result() for future in coming} == {httpx.codes.OK}
    reading = Reading(
        delivery.file_name, contract, day, read_reference(SEEDS, ENDPOINTS_FILE), b"a key of the tests", tmp_path
    )
    indexes = parse(delivery.file, reading).rows.frame().get_column("correlator_index").to_list()
    assert indexes[:3] == [0, 1, 2]
    assert len(indexes) == len(set(indexes))
    assert set(indexes) <= set(range(23))


def test_after_a_restart_the_same_body_is_the_same_file_and_a_lost_file_is_written_again(tmp_path: Path) -> None:
    folder = tmp_path / "received"
    with receiver(folder) as running:
        assert running.post(body(1)) == httpx.codes.OK
        (file,) = running.files()
    unfinished = file.parent / ".receiving-0123456789abcdef"
    unfinished.write_bytes(b"<rec")
    with receiver(folder) as running:
        assert not unfinished.exists()
        assert running.post(body(1)) == httpx.codes.OK
        assert running.told()["outcome"] == "repeated"
        assert running.files() == [file]
        for spoilt in (b"cut", None):
            (whole,) = [one for one in running.files() if one.read_bytes() == body(1)]
            whole.unlink() if spoilt is None else whole.write_bytes(spoilt)
            assert running.post(body(1)) == httpx.codes.OK
            assert running.told()["outcome"] == "kept"
            assert body(1) in [one.read_bytes() for one in running.files()]


def test_what_came_before_a_kill_is_on_the_disk_with_all_its_folders_before_it_is_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the rename and the folder's way to the disk: the file is there, its name is not yet safe."""
    moment, sent = datetime(2026, 6, 1, 8, 0), body(1)  # noqa: DTZ001 -- local, as the receiver has it
    before = Inbox(tmp_path, "cdr/{day:%Y-%m-%d}/*.xml").keep(sent, moment)
    synced: list[Path] = []
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    again = Inbox(tmp_path, "cdr/{day:%Y-%m-%d}/*.xml").keep(sent, moment)
    assert (again.file, again.is_repeated) == (before.file, True)
    assert {tmp_path, tmp_path / "cdr", tmp_path / "cdr" / "2026-06-01"} <= set(synced)
    assert [folder.stat().st_mode & 0o777 for folder in (tmp_path / "cdr", tmp_path / "cdr" / "2026-06-01")] == [
        0o700, 0o700,
    ]  # fmt: skip
    assert (tmp_path / before.file).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("as_json", [True, False], ids=["lines", "words"])
def test_a_body_is_kept_and_acknowledged_when_nobody_can_be_told(tmp_path: Path, *, as_json: bool) -> None:
    with receiver(tmp_path / "received", as_json=as_json) as running:
        running.lines.close()
        for number in range(3):
            assert running.post(body(number)) == httpx.codes.OK
        assert running.process.poll() is None
        assert len(running.files()) == 3


def test_a_second_receiver_that_cannot_listen_removes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "received"
    with receiver(folder) as running:
        assert running.post(body(1)) == httpx.codes.OK
        unfinished = running.files()[0].with_name(".receiving-0123456789abcdef")
        unfinished.write_bytes(b"<rec")
        done = subprocess.run(
            [KHOTINH, "receive-cdr", "--port", str(running.place[1])],
            env={**os.environ, "KHOTINH_CDR_FOLDER": str(folder)}, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert "cannot be listened on" in done.stderr
        assert unfinished.exists()


def test_a_body_that_is_no_xml_is_kept_as_it_came(usual: Receiver) -> None:
    odd = b"\x00\xff<records session='" + b"<" * 100
    assert usual.post(odd) == httpx.codes.OK
    assert odd in [file.read_bytes() for file in usual.files()]
    assert any(sha256(odd).hexdigest()[:32] in file.name for file in usual.files())


def test_what_is_too_large_empty_or_addressed_elsewhere_is_not_kept(usual: Receiver) -> None:
    before = usual.files()
    large = b"x" * 100_001
    assert usual.post(large) == httpx.codes.REQUEST_ENTITY_TOO_LARGE
    pieces = httpx.post(f"{usual.address}/cdr", content=iter([large[:60_000], large[60_000:]]))
    assert pieces.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE
    assert usual.post(b" \r\n ") == httpx.codes.BAD_REQUEST
    assert usual.post(body(1), "/else") == httpx.codes.NOT_FOUND
    assert usual.post(body(1), "/cdr/../../etc") == httpx.codes.NOT_FOUND
    assert httpx.get(f"{usual.address}/cdr").status_code == httpx.codes.METHOD_NOT_ALLOWED
    assert usual.files() == before


@pytest.mark.parametrize(
    "sent",
    [b"", b"POST /cdr HTTP/1.1\r\nHost: x\r\n", b"POST /cdr HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n<rec"],
    ids=["nothing", "half a head", "half a body"],
)
def test_who_does_not_finish_is_hung_up_on(usual: Receiver, sent: bytes) -> None:
    before = usual.files()
    with socket.create_connection(usual.place, timeout=20) as connection:
        connection.sendall(sent)
        started, answer = time.monotonic(), b""
        while piece := connection.recv(1000):
            answer += piece
    assert time.monotonic() - started < 15
    assert answer == b"" or b" 408 " in answer
    assert usual.files() == before


def test_a_sender_that_hangs_up_leaves_nothing(usual: Receiver) -> None:
    before = usual.files()
    with socket.create_connection(usual.place, timeout=20) as connection:
        connection.sendall(b"POST /cdr HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n<records>")
    assert usual.post(body(77)) == httpx.codes.OK
    assert len(usual.files()) == len(before) + 1


def test_too_many_at_once_are_told_to_come_again(tmp_path: Path) -> None:
    with receiver(tmp_path / "received", KHOTINH_CDR_CONCURRENCY="2") as running:
        with socket.create_connection(running.place) as one, socket.create_connection(running.place) as other:
            for connection in (one, other):
                connection.sendall(b"POST /cdr HTTP/1.1\r\nHost: x\r\n")
            assert running.post(body(1)) == httpx.codes.SERVICE_UNAVAILABLE
        latest = time.monotonic() + 20
        while running.post(body(1)) != httpx.codes.OK:
            assert time.monotonic() < latest
        assert len(running.files()) == 1


def _small_files_only() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


def test_what_cannot_be_written_is_asked_for_again_and_leaves_nothing(tmp_path: Path) -> None:
    with receiver(tmp_path / "received", prepare=_small_files_only) as running:
        assert running.post(body(1)) == httpx.codes.SERVICE_UNAVAILABLE
        assert running.told()["outcome"] == "failed"
        assert [file for file in running.folder.rglob("*") if file.is_file()] == []
        assert running.post(b"<records/>") == httpx.codes.OK


def test_health_tells_of_the_last_body_and_of_a_folder_that_is_gone(tmp_path: Path) -> None:
    with receiver(tmp_path / "received") as running:
        first = httpx.get(f"{running.address}/health")
        assert (first.status_code, first.json()["kept"], first.json()["last_received_at"]) == (200, 0, None)
        running.post(body(1))
        told = httpx.get(f"{running.address}/health").json()
        assert (told["is_well"], told["kept"]) == (True, 1)
        assert told["last_received_at"] is not None
        running.folder.rename(tmp_path / "unmounted")
        assert httpx.get(f"{running.address}/health").status_code == httpx.codes.SERVICE_UNAVAILABLE
        assert running.post(body(2)) == httpx.codes.SERVICE_UNAVAILABLE
        assert not running.folder.exists()


def test_only_who_knows_the_token_may_push_and_nobody_is_told_it(tmp_path: Path) -> None:
    with receiver(tmp_path / "received", KHOTINH_CDR_TOKEN=TOKEN) as running:
        for path in ("/cdr", "/cdr/", f"/cdr/{TOKEN[:-1]}", f"/cdr/{TOKEN}x"):
            assert running.post(body(1), path) == httpx.codes.NOT_FOUND
        assert running.files() == []
        assert running.post(body(1), f"/cdr/{TOKEN}") == httpx.codes.OK
        told = [running.told() for _ in range(3)]
        assert told[-1]["outcome"] == "kept"
        assert TOKEN[:-1] not in str(told)


def test_only_the_listed_addresses_may_push_whatever_a_header_says(tmp_path: Path) -> None:
    with receiver(tmp_path / "received", KHOTINH_CDR_SENDERS="10.0.0.0/8, 192.168.1.7") as running:
        answer = httpx.post(f"{running.address}/cdr", content=body(1), headers={"X-Forwarded-For": "10.1.2.3"})
        assert answer.status_code == httpx.codes.NOT_FOUND
    with receiver(tmp_path / "received", KHOTINH_CDR_SENDERS="10.0.0.0/8,127.0.0.1") as running:
        assert running.post(body(1)) == httpx.codes.OK
