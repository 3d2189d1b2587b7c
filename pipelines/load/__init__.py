"""From a verdict to the warehouse: rows, checks, quarantine and the ledger row in one transaction.

`warehouse` opens the build file, one process at a time; `ledger` reads and writes the schema `ops`; `load` puts a
judged file in. What the rows mean is dbt's matter.
"""
