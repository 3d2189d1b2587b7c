"""Numbers as Vietnamese write them, for messages; those of the page have a module of their own."""

from __future__ import annotations


def thousands(number: int) -> str:
    """A whole number: 12.345."""
    return f"{number:,}".replace(",", ".")
