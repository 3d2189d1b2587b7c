"""The data dictionary as one page that needs neither a server nor the internet; without its script it still shows all."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.catalogue.contents import SCHEMAS, Contents
from pipelines.catalogue.workbook import shown
from pipelines.described_tables import Words

_TEMPLATES = Path(__file__).parent / "templates"
_ASSETS = ("catalogue.css", "catalogue.js")


def write_page(folder: Path, contents: Contents, workbook: str, dbt_docs: str) -> None:
    """Writes `index.html` and what it loads.

    Args:
        folder: Exists.
        contents: What to tell.
        workbook: Where the page finds the workbook, from the folder.
        dbt_docs: Where it finds dbt's docs.
    """
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )  # fmt: skip
    environment.filters["shown"] = shown
    schemas = [
        (schema, SCHEMAS.get(schema, Words("", "")), list(tables))
        for schema, tables in groupby(contents.tables, key=lambda table: table.schema)
    ]
    text = environment.get_template("index.html").render(
        contents=contents, schemas=schemas, workbook=workbook, dbt_docs=dbt_docs
    )
    (folder / "index.html").write_text(text, encoding="utf-8")
    for asset in _ASSETS:
        (folder / asset).write_bytes((_TEMPLATES / asset).read_bytes())
