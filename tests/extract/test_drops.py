"""A folder that people drop files into: names, strays, corrections, marks, and a file that is still being copied."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from pipelines import calendar, extract
from pipelines.calendar import TIME_ZONE, Partition
from pipelines.contracts import Contract, DropFolder
from pipelines.errors import NotThereError, PermanentError, TransientError
from pipelines.extract import Delivery
from pipelines.extract.folders import drops
from pipelines.settings import Settings

from .conftest import MakeSettings

DAY = Partition.parse("2026-06-05")
NOON = datetime(2026, 6, 6, 12, 0, tzinfo=TIME_ZONE)
PATTERN = "BaoCao_{day}.{month}.{year}*.csv"
Dropped = Callable[..., Path]


@pytest.fixture
def dropped(tmp_path: Path) -> Dropped:
    """Drops a file, so many minutes after noon."""
    (tmp_path / "drop").mkdir()

    def drop(name: str, content: bytes = b"x", *, minutes: float = 0) -> Path:
        file = tmp_path / "drop" / name
        file.write_bytes(content)
        moment = (NOON + timedelta(minutes=minutes)).timestamp()
        os.utime(file, (moment, moment))
        return file

    return drop


@pytest.fixture
def settings(plain_settings: MakeSettings, tmp_path: Path) -> Settings:
    return plain_settings(officer_url=(tmp_path / "drop").as_uri(), pseudonym_key="khoa-thu-nghiem-16")


def _contract(contracts: dict[str, Contract], pattern: str = PATTERN, **more: str) -> Contract:
    source = DropFolder(kind="drop_folder", connection="officer", name_pattern=pattern, **more)
    return contracts["document_exchanges"].model_copy(update={"source": source})


def _bodies(deliveries: Sequence[Delivery]) -> list[bytes]:
    return [delivery.file.read_bytes() for delivery in deliveries]


def test_two_files_of_a_period_come_in_the_order_of_their_times_then_names(
    contracts: dict[str, Contract], settings: Settings, dropped: Dropped, work: Path
) -> None:
    dropped("BaoCao_5.6.2026 (1).csv", b"third", minutes=9)
    dropped("BaoCao_05.06.2026.csv", b"first", minutes=1)
    dropped("baocao_05.06.2026 sửa.csv", b"second", minutes=9)
    dropped("BaoCao_06.06.2026.csv", b"another day")
    deliveries = extract.pull_all(_contract(contracts), DAY, settings, work)
    assert _bodies(deliveries) == [b"first", b"third", b"second"]
    assert deliveries[0].file_name == "BaoCao_05.06.2026.csv"
    assert deliveries[0].source_modified_at == datetime(2026, 6, 6, 12, 1)  # noqa: DTZ001 -- local, as stored
    assert deliveries[2].file_name == "baocao_05.06.2026 sửa.csv"


def test_a_persons_name_in_a_files_name_is_not_kept(
    contracts: dict[str, Contract], settings: Settings, dropped: Dropped, work: Path
) -> None:
    dropped("BaoCao_05.06.2026 Nguyễn Văn An 0912345678.csv")
    dropped("BaoCao_05.06.2026 Nguyễn Văn Ba 0912345678.csv", minutes=1)
    deliveries = extract.pull_all(_contract(contracts), DAY, settings, work)
    for delivery in deliveries:
        shown = f"{delivery.file_name} {delivery.source_uri} {delivery.file}"
        assert "Nguyễn" not in shown
        assert "0912345678" not in shown
    first, second = (delivery.file_name for delivery in deliveries)
    assert first.startswith("BaoCao_05.06.2026 xxxxxx xxx xx 9999999999~")
    assert first != second


def test_every_name_that_no_contract_takes_is_told(
    contracts: dict[str, Contract], settings: Settings, dropped: Dropped
) -> None:
    tomorrow = calendar.today() + timedelta(days=1)
    taken = [
        "BaoCao_05.06.2026.csv",
        "BaoCao_5.6.2026 (1).csv",
        "ThongKe 6-2026.xlsx",
        f"BaoCao_{calendar.today():%d.%m.%Y}.csv",
    ]
    for name in [*taken, "~$BaoCao_05.06.2026.csv", "Thumbs.db", ".DS_Store", "BaoCao_05.06.2026.csv.part"]:
        dropped(name)
    strays = {
        "BaoCao_31.02.2026.csv": "BaoCao_31.02.2026.csv",
        "BaoCoa_05.06.2026.csv": "xxxxxx_05.06.2026.csv",
        f"BaoCao_{tomorrow:%d.%m.%Y}.csv": f"BaoCao_{tomorrow:%d.%m.%Y}.csv",
        "BaoCao_05.06.1926.csv": "BaoCao_05.06.1926.csv",
        "BaoCao_05.06.2026\u202e.csv": "BaoCao_05.06.2026.csv",
        "Trần Thị B.docx": "xxxx xxx x.xxxx",
    }
    for name in strays:
        dropped(name)
    monthly = contracts["officer_forms"].model_copy(
        update={"source": DropFolder(kind="drop_folder", connection="officer", name_pattern="ThongKe {month}-{year}*")}
    )
    found = extract.strays([_contract(contracts), monthly], settings)
    assert sorted(stray.told_name for stray in found) == sorted(strays.values())
    assert all("tên tệp" in stray.vi and stray.en for stray in found)
    why = {stray.told_name: stray.en for stray in found}
    assert "one before 2020" in why["BaoCao_05.06.1926.csv"]
    assert "a day that does not exist" in why["BaoCao_31.02.2026.csv"]
    assert {key: len(files) for key, files in extract.dropped(_contract(contracts), settings).items()} == {
        "2026-06-05": 2
    }


def test_a_link_that_leads_nowhere_hides_no_file_and_no_error_tells_its_name(
    contracts: dict[str, Contract], settings: Settings, dropped: Dropped, work: Path, tmp_path: Path
) -> None:
    dropped("BaoCao_05.06.2026.csv")
    link = tmp_path / "drop" / "BaoCao_05.06.2026 Nguyễn Văn An.csv"
    link.symlink_to(tmp_path / "drop" / "gone.csv")
    assert _bodies(extract.pull_all(_contract(contracts), DAY, settings, work)) == [b"x"]
    assert list(extract.dropped(_contract(contracts), settings)) == [DAY.key]
    assert extract.strays([_contract(contracts)], settings) == []
    link.unlink()
    makes: list[Callable[[], None]] = [lambda: link.symlink_to("/etc/hostname"), lambda: os.mkfifo(link)]
    for make in makes:
        make()
        with pytest.raises(PermanentError, match=r"leads out|not a file") as refused:
            extract.pull_all(_contract(contracts), DAY, settings, work)
        assert "Nguyễn" not in str(refused.value)
        link.unlink()


def test_an_absent_file_says_that_a_name_may_be_mistyped(
    contracts: dict[str, Contract], settings: Settings, dropped: Dropped, work: Path
) -> None:
    dropped("BaoCao_05.16.2026.csv")
    with pytest.raises(NotThereError, match="1 files have names that this contract does not read") as absent:
        extract.pull_all(_contract(contracts), DAY, settings, work)
    assert "khotinh doctor" in str(absent.value)


def test_a_file_without_its_mark_is_not_there_yet(
    contracts: dict[str, Contract], settings: Settings, dropped: Dropped, work: Path
) -> None:
    contract = _contract(contracts, done_marker="{name}.done")
    dropped("BaoCao_05.06.2026.csv", minutes=1)
    with pytest.raises(NotThereError, match=r"without its mark \{name\}\.done"):
        extract.pull_all(contract, DAY, settings, work)
    assert extract.dropped(contract, settings) == {}
    dropped("BaoCao_05.06.2026.csv.done", b"", minutes=0)
    with pytest.raises(NotThereError):
        extract.pull_all(contract, DAY, settings, work)
    dropped("BaoCao_05.06.2026.csv.done", b"", minutes=2)
    assert _bodies(extract.pull_all(contract, DAY, settings, work)) == [b"x"]
    assert extract.strays([contract], settings) == []


@pytest.mark.parametrize("marker", ["_SUCCESS", "{name}.ok"])
@pytest.mark.parametrize("path", ["*.csv", "a.csv"])
def test_marks_hold_for_plain_files_too(
    contracts: dict[str, Contract], settings: Settings, dropped: Dropped, work: Path, marker: str, path: str
) -> None:
    contract = contracts["officer_forms"]
    source = contract.source.model_copy(update={"path": path, "done_marker": marker})
    contract = contract.model_copy(update={"source": source})
    month = Partition.parse("2026-06")
    dropped("a.csv", b"body")
    with pytest.raises(NotThereError, match="not whole yet"):
        extract.pull(contract, month, settings, work)
    dropped(marker.replace("{name}", "a.csv"), b"")
    assert extract.pull(contract, month, settings, work).file.stat().st_size >= len(b"body")


@pytest.mark.parametrize("marker", ["", "{name}", "a/b", "*.done", ".done", "{day}", "..\\x"])
def test_a_mark_that_marks_nothing_is_refused(marker: str) -> None:
    with pytest.raises(ValidationError):
        DropFolder(kind="drop_folder", connection="officer", name_pattern=PATTERN, done_marker=marker)


class _SlowCopy:
    """Somebody's copy over a slow line: a thread that writes on whenever the pull pauses to look again."""

    def __init__(self, file: Path, parts: Sequence[bytes]) -> None:
        self.file = file
        self.pauses: list[float] = []
        self._turn, self._wrote = threading.Event(), threading.Event()
        self._parts = parts
        file.write_bytes(b"")
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def _write(self) -> None:
        with self.file.open("ab", buffering=0) as file:
            for part in self._parts:
                self._turn.wait(10)
                self._turn.clear()
                file.write(part)
                self._wrote.set()

    def pause(self, seconds: float) -> None:
        """Stands for the pull's pause: the copy goes on by a part, as long as there is one."""
        self.pauses.append(seconds)
        if self._thread.is_alive():
            self._turn.set()
            self._wrote.wait(10)
            self._wrote.clear()
            if len(self.pauses) == len(self._parts):
                self._thread.join(10)


def test_a_file_that_is_being_copied_is_taken_when_it_is_whole(
    contracts: dict[str, Contract], plain_settings: MakeSettings, tmp_path: Path, work: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    (tmp_path / "drop").mkdir()
    settings = plain_settings(
        officer_url=(tmp_path / "drop").as_uri(), pseudonym_key="khoa-thu-nghiem-16", retry_attempts=6
    )
    copy = _SlowCopy(tmp_path / "drop" / "BaoCao_05.06.2026.csv", [b"one;", b"two;", b"three"])
    monkeypatch.setattr(time, "sleep", copy.pause)
    (delivery,) = extract.pull_all(_contract(contracts), DAY, settings, work)
    assert delivery.file.read_bytes() == b"one;two;three"
    # Two tries saw it change while they looked; between them it grew on.
    assert copy.pauses.count(drops.SETTLE_SECONDS) == 3


def test_a_file_whose_copy_never_ends_is_never_taken(
    contracts: dict[str, Contract], settings: Settings, tmp_path: Path, work: Path, dropped: Dropped,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    copy = _SlowCopy(tmp_path / "drop" / "BaoCao_05.06.2026.csv", [b"a;"] * 50)
    monkeypatch.setattr(time, "sleep", copy.pause)
    with pytest.raises(TransientError, match="still being written"):
        extract.pull_all(_contract(contracts), DAY, settings, work)
    assert list(work.iterdir()) == []
