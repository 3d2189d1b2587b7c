"""kill -9 in the middle of a publish: the pointer always leads to a complete version, and the next publish goes through."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic

import duckdb
import pytest

from pipelines.publish.files import sha256_of
from pipelines.publish.publish import POINTER, current_version, publish, read_versions
from pipelines.publish.roles import ROLES
from pipelines.settings import PROJECT, Settings
from tests.publish.publish_help import (
    HIDDEN,
    assert_complete,
    assert_marts_complete,
    build_warehouse,
    settings_in,
    told_whole,
)

FOREVER = """
import sys
from pathlib import Path
from pipelines.publish.publish import publish
from pipelines.settings import PROJECT, Settings
from tests.publish.publish_help import build_more
settings = Settings(_env_file=None, home=Path(sys.argv[1]), lock_seconds=30)
print("ready", flush=True)
while True:
    # As each morning: from the version before, not from nothing.
    build_more(settings, "core.fct_dossier", "UPDATE core.fct_dossier SET load_sequence = load_sequence + 1000 WHERE load_sequence % 50 = 3")
    print(publish(settings, Path(sys.argv[2]), ["dossier_key", "account_key"]).version, flush=True)
"""
KILLS = 6
MANY_KILLS = 200


def test_a_kill_at_any_moment_leaves_the_pointers_at_complete_versions(tmp_path: Path) -> None:
    _kill_and_look(settings_in(tmp_path), KILLS)


@pytest.mark.long
def test_two_hundred_kills_leave_the_pointers_at_complete_versions(tmp_path: Path) -> None:
    assert _kill_and_look(settings_in(tmp_path), MANY_KILLS) > MANY_KILLS // 2


def _kill_and_look(settings: Settings, kills: int) -> int:
    """Kills so many publishes; tells after how many of them readers had a version that was made from another one."""
    manifest = build_warehouse(settings)
    told_whole(settings, "core.fct_dossier")
    first = publish(settings, manifest, HIDDEN)
    folder = settings.published_folder
    moments = random.Random(20260602)  # noqa: S311
    announced, by_difference = first.version, 0
    longest = 2 * _seconds_of_a_publish(settings, manifest)
    for _ in range(kills):
        process = _publishing(settings, manifest)
        try:
            process.wait(moments.uniform(0.01, longest))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        rest, _ = process.communicate()
        announced = max([announced, *rest.split()])
        pointed = current_version(folder)
        assert pointed is not None
        assert pointed >= announced  # what was said to be published is published
        assert process.returncode == -signal.SIGKILL
        assert_complete(folder / POINTER)
        assert_marts_complete(folder / "figures.duckdb")
        versions = {version.version: version for version in read_versions(folder)}
        assert pointed in versions
        assert first.version in versions
        for file in versions[pointed].files:
            assert sha256_of(folder / file.name) == file.sha256
        by_difference += versions[pointed].made_from is not None
    after = publish(settings, manifest, HIDDEN)
    assert after.made_from is not None
    assert current_version(folder) == after.version
    _assert_nothing_half_done(folder)
    return by_difference


def _publishing(settings: Settings, manifest: Path) -> subprocess.Popen[str]:
    """A process that publishes for ever, from the moment on at which its first publish begins."""
    process = subprocess.Popen(
        [sys.executable, "-c", FOREVER, str(settings.home), str(manifest)],
        cwd=PROJECT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def _seconds_of_a_publish(settings: Settings, manifest: Path) -> float:
    """On this machine, as busy as it is: moments are chosen within it."""
    process = _publishing(settings, manifest)
    assert process.stdout is not None
    started = monotonic()
    assert process.stdout.readline()
    seconds = monotonic() - started
    process.kill()
    process.communicate()
    return seconds


STOPPED = """
import os, signal, sys
from pathlib import Path
from pipelines.load.warehouse import open_warehouse
from pipelines.publish.publish import publish
from pipelines.settings import Settings
settings = Settings(_env_file=None, home=Path(sys.argv[1]), lock_seconds=30)
def kill_at(stop):
    steps = [0]
    def kill(event, arguments):
        changes = event in ("os.rename", "os.chmod", "os.symlink", "os.remove") or (event == "open" and "w" in str(arguments[1]))
        if changes and "published" in f"{arguments[0]} {arguments[1]}" and ".py" not in str(arguments[0]):
            steps[0] += 1
            if steps[0] == stop:
                os.kill(os.getpid(), signal.SIGKILL)
    return kill
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        with open_warehouse(settings) as connection:
            connection.execute('UPDATE marts.indicator_daily SET "value" = "value" + 1')
        sys.addaudithook(kill_at(int(line)))
        publish(settings, Path(sys.argv[2]), ["dossier_key", "account_key"])
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def test_a_kill_before_each_step_on_the_published_folder_costs_a_rerun(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    manifest = build_warehouse(settings)
    publish(settings, manifest, HIDDEN)
    folder = settings.published_folder
    command = [sys.executable, "-c", STOPPED, str(settings.home), str(manifest)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as stopper:
        assert stopper.stdin is not None
        assert stopper.stdout is not None
        ended = -signal.SIGKILL
        stops = 0
        while ended == -signal.SIGKILL:
            stops += 1
            stopper.stdin.write(f"{stops}\n")
            stopper.stdin.flush()
            ended = int(stopper.stdout.readline())
            assert_complete(folder / POINTER)
            assert_marts_complete(folder / "figures.duckdb")
            assert current_version(folder) in [version.version for version in read_versions(folder)][-2:]
        stopper.stdin.close()
    assert ended == 0
    assert 10 < stops < 40
    _assert_nothing_half_done(folder)
    _assert_history_tells_only_what_was_readable(settings)


def _assert_nothing_half_done(folder: Path) -> None:
    """Both pointers lead to the newest version, and every file in the folder is of a version that has all of its own."""
    versions = read_versions(folder)
    current = current_version(folder)
    assert str((folder / "figures.duckdb").readlink()) == f"figures-{current}.duckdb"
    expected = {pointer for role in ROLES for pointer in role.pointers}
    for version in versions:
        assert_complete(folder / version.file_name)
        expected |= {f"manifest-{version.version}.json", *version.pointers.values()}
    assert {file.name for file in folder.iterdir()} == expected


def _assert_history_tells_only_what_was_readable(settings: Settings) -> None:
    """Each publish had another figure: those that could be read stand in the history, each with its value."""
    with duckdb.connect(str(settings.published_folder / POINTER), read_only=True) as connection:
        told = connection.execute(
            """
            SELECT version_from, "value" FROM marts.indicator_history WHERE grain = 'daily' ORDER BY version_from
            """
        ).fetchall()
    readable = []
    for version in read_versions(settings.published_folder):
        with duckdb.connect(str(settings.published_folder / version.file_name), read_only=True) as connection:
            readable += connection.execute('SELECT ?, "value" FROM marts.indicator_daily', [version.version]).fetchall()
    assert told == readable
    assert len(told) > 2
