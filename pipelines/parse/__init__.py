"""From a raw file and its contract to typed rows and rejected rows, each with every reason.

Reading (`tables`, `grids`, `records`) brings any layout to one table of texts; `headings` maps its headings to columns;
`typed_frame` turns texts into values, `rejects` keeps what could not be read, `parse` puts them together. What rows
must satisfy together is `validate`'s matter; nothing here opens the warehouse.
"""

from pipelines.parse.parse import Parsed, parse

__all__ = ["Parsed", "parse"]
