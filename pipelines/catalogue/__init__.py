"""The catalogue of one version: what every published table and column means, as a workbook, as a page, as dbt docs.

Made from a published file and dbt's manifest, for people; a tool finds the same in `meta.dictionary`. It tells names and
meanings, never a row of data but those of the registers of indicators and datasets.
"""

from pipelines.catalogue.catalogue import write_catalogue

__all__ = ["write_catalogue"]
