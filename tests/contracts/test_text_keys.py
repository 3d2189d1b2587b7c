"""Keys of a text layout: what is declared must exist, and must mean something for the layout."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from pipelines.contracts import Format


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ({"kind": "csv", "encoding": "viscii"}, "windows-1258"),
        ({"kind": "csv", "delimiter": "::"}, "';'"),
        ({"kind": "csv", "quote": "«"}, "Input should be"),
        ({"kind": "json", "delimiter": ";"}, "`delimiter` means nothing for json"),
        ({"kind": "html", "quote": ""}, "`quote` means nothing for html"),
        ({"kind": "csv", "group_column": "x"}, "`group_column` means nothing for csv"),
        ({"kind": "csv", "header_rows": 2}, "`header_rows` means nothing for csv"),
        ({"kind": "xlsx", "encoding": "tcvn3"}, "`encoding` means nothing for xlsx"),
    ],
)
def test_a_key_that_does_nothing_is_an_error(declared: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Format.model_validate(declared)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "windows-1258", "tcvn3", "vni"])
def test_every_encoding_may_be_declared_of_a_text(encoding: str) -> None:
    assert Format.model_validate({"kind": "csv", "encoding": encoding}).encoding == encoding
