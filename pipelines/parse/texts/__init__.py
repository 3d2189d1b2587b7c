"""Texts: declared encodings, marks of damage, delimited rows."""
