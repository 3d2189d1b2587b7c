"""Data Docs: pages of what Great Expectations judged, for the team that looks after the pipeline.

They are made from the ledger alone, so any of them can be made again, after a crash too; nothing reads them, and no
load and no publication hangs on them. They open from a folder without any network and hold no value of a cell.
"""

from pipelines.data_docs.site import bring_up_to_date

__all__ = ["bring_up_to_date"]
