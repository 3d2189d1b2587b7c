"""Folders at places outside: which files are taken, and how each kind of place is entered."""
