"""What stands in quarantine now, how an officer mends it, and the workbook that says so.

`held` asks the ledger, `sentences` holds the words, `mending` chooses them for a row, `workbook` writes one file a unit.
Judging rows again is `pipelines.replay`'s matter. Rows come here as they were set apart, personal cells masked.
"""
