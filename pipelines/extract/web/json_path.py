"""The value at a path of keys joined by dots, as contracts write it."""

from __future__ import annotations


def at(document: object, path: str) -> object:
    """The value there, None where there is none; an empty path is the document itself."""
    for key in filter(None, path.split(".")):
        document = document.get(key) if isinstance(document, dict) else None
    return document
