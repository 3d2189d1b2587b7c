"""What is made of a version beside its files, and published with it: for whoever opens no database.

Which products there are, of which role's file, and for whom; what is in them is said where they are made.
"""

from __future__ import annotations

from pathlib import Path

from pipelines.catalogue import write_catalogue
from pipelines.open_data import write_mart_files, write_open_data
from pipelines.page import write_page
from pipelines.publish.roles import ANALYSTS, LEADERS, PUBLIC, Product


def products_of(manifest: Path) -> tuple[Product, ...]:
    """The folders of a version: `page`, `marts`, `open` and `catalogue`.

    Args:
        manifest: dbt's manifest of the build, for what tables and columns mean.
    """
    return (
        # Of the analysts' file, for it tells of endpoints and loads; what it shows are counts.
        Product("page", ANALYSTS, lambda published, folder, _: write_page(published, folder)),
        Product(
            "marts", LEADERS, lambda published, folder, earlier: write_mart_files(published, manifest, folder, earlier)
        ),
        Product("open", PUBLIC, lambda published, folder, _: write_open_data(published, manifest, folder)),
        Product(
            "catalogue", ANALYSTS, lambda published, folder, _: write_catalogue(published, manifest.parent, folder)
        ),
    )
