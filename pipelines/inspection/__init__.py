"""Looks at a file as a load would, and loads nothing: what it is, whose it is, how it reads, what verdict it would get.

`signature` (in `parse`) says what the file is, `guess` whose it is, `columns` how its cells read, `inspection` puts it
together. Of a file that no contract fits, `draft` makes the contract that would: `layouts` finds where its rows lie,
`column_types` what its columns hold, `record_keys` what tells its records apart, and `skeleton` writes it as YAML.
Nothing is written and no setting is needed; how it is shown belongs to `cli`.
"""

from pipelines.inspection.draft import Draft
from pipelines.inspection.inspection import Inspection, draft_of, inspect_file

__all__ = ["Draft", "Inspection", "draft_of", "inspect_file"]
