"""Connections of one process that spill at once do not spill into the same files."""

from __future__ import annotations

from pathlib import Path

from pipelines.in_memory import in_memory


def test_each_connection_spills_into_a_folder_of_its_own_that_is_gone_afterwards() -> None:
    with in_memory() as one, in_memory() as other:
        folders = [
            Path(connection.execute("SELECT current_setting('temp_directory')").fetchall()[0][0])
            for connection in (one, other)
        ]
        assert folders[0] != folders[1]
        assert all(folder.is_dir() for folder in folders)
    assert not any(folder.exists() for folder in folders)
