"""The folder of the catalogue: what lies in it under which name."""

from __future__ import annotations

from pathlib import Path

from pipelines.catalogue.contents import read_contents
from pipelines.catalogue.dbt_docs import write_dbt_docs
from pipelines.catalogue.page import write_page
from pipelines.catalogue.workbook import write_workbook

WORKBOOK, DBT_DOCS = "data-dictionary.xlsx", "dbt"


def write_catalogue(published: Path, dbt_target: Path, folder: Path) -> None:
    """Writes `index.html` with its style and script, `data-dictionary.xlsx` and `dbt/index.html`.

    Args:
        published: A finished published file; opened read-only.
        dbt_target: Dbt's target folder; its `manifest.json` is read.
        folder: Must not exist yet.

    Raises:
        PermanentError: The file does not tell its version, or dbt's docs cannot be made.
    """
    manifest = dbt_target / "manifest.json"
    contents = read_contents(published, manifest)
    folder.mkdir(parents=True)
    write_workbook(folder / WORKBOOK, contents)
    write_page(folder, contents, WORKBOOK, f"{DBT_DOCS}/index.html")
    write_dbt_docs(folder / DBT_DOCS, manifest, contents)
