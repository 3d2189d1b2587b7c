"""Where copies of one built warehouse are changed and built again."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest

from pipelines.build import dbt_environment
from pipelines.settings import Settings


@dataclass(frozen=True)
class Yard:
    """A place where copies of one built warehouse are changed and built again, by dbt in this process."""

    folder: Path
    manifest: Manifest

    @property
    def built(self) -> Path:
        """The usual week, built once by the models as they are; never changed."""
        return self.folder / "built" / "warehouse.duckdb"

    def dbt(self, file: Path, *arguments: str) -> bool:
        """Runs dbt on a warehouse; says whether all of it succeeded."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in dbt_environment(Settings(home=file.parent)).items():
                patch.setenv(name, value)
            patch.setenv("DBT_TARGET_PATH", str(self.folder / "target"))
            done = dbtRunner(manifest=self.manifest).invoke([*arguments, "--quiet", "--no-write-json"])
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
        assert done.exception is None, done.exception
        return done.success

    def copy(self, folder: Path, source: Path | None = None) -> Path:
        """A copy of a warehouse; a view knows its file by name, so the name stays."""
        folder.mkdir()
        shutil.copy(source or self.built, folder / "warehouse.duckdb")
        return folder / "warehouse.duckdb"


def yard_in(folder: Path, warehouse: Path) -> Yard:
    """A yard with a copy of this warehouse, the project read once."""
    (folder / "built").mkdir()
    file = shutil.copy(warehouse, folder / "built" / "warehouse.duckdb")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in dbt_environment(Settings(home=Path(file).parent)).items():
            patch.setenv(name, value)
        manifest = dbtRunner().invoke(["parse", "--quiet"]).result
    assert isinstance(manifest, Manifest)
    return Yard(folder, manifest)
