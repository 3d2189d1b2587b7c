"""Looks at a file as a load would, and loads nothing: what it is, whose it is, how it reads, what verdict it would get.

`signature` (in `parse`) says what the file is, `guess` whose it is, `columns` how its cells read, `inspection` puts it
together. Nothing is written and no setting is needed; how it is shown belongs to `cli`.
"""

from pipelines.inspection.inspection import Inspection, inspect_file

__all__ = ["Inspection", "inspect_file"]
