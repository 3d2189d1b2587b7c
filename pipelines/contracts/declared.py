"""What every part of a contract has in common: it is declared, an unknown key is an error, and nothing changes it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Declared(BaseModel):
    """A part of a contract."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(Declared):
    """A label in both languages."""

    vi: str
    en: str
