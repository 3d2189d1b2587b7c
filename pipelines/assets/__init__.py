"""Dagster's view of the steps: an asset a dataset, dbt's models as assets, the published file.

Thin on purpose: partitions, checks and retries are said here, no rule about data is.
"""
