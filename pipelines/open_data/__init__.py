"""The figures as files for any tool: parquet and CSV with a Frictionless data package; what may be public, with DCAT.

A finished DuckDB file goes in, a folder comes out, the same file the same bytes. What may be public stands in
`open_files.OPEN_TABLES` and nowhere else. Which version is served, and from where, is publishing's matter.
"""

from pipelines.open_data.mart_files import write_mart_files
from pipelines.open_data.open_files import write_open_data

__all__ = ["write_mart_files", "write_open_data"]
