"""The marts over the wire: an optional copy of a published version in a schema of its own on a PostgreSQL server.

For tools that cannot open a file. What is read stays the published file: the copy follows it, is never read back, and a
server that is down costs its readers a stale version and nobody else anything.
"""
