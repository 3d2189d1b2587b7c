"""Nested records: JSON and XML, row by row."""
