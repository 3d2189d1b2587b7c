"""The contract of a dataset: what its owner exports, where it lies, how each column is read, who may see it.

One YAML file in `sources/<platform>/` is one contract; an unknown key is an error. From it come the parser, the
warehouse table, the dbt source and the data dictionary. What the rows must satisfy together stands in
`expectations/`; how to pull and read is code in `extract` and `parse` that no contract needs to know.
"""

from pipelines.contracts.column import LARGEST_NUMBER, MOMENTS, NUMBERS, SQL_TYPES, Column, ColumnType, PersonalClass
from pipelines.contracts.contract import (
    Completeness,
    Contract,
    Drift,
    Due,
    Volume,
    read_contract,
    read_contracts,
)
from pipelines.contracts.declared import Text
from pipelines.contracts.layout import Encoding, Format
from pipelines.contracts.login import Basic, Bearer, ClientCredentials, Login, LoginForm, NoLogin, Password
from pipelines.contracts.paging import Cursors, Links, Offsets, PageNumbers, Paging
from pipelines.contracts.source import DropFolder, EndpointPoll, Files, HttpDownload, HttpPages, Source

__all__ = [
    "LARGEST_NUMBER", "MOMENTS", "NUMBERS", "SQL_TYPES", "Basic", "Bearer", "ClientCredentials", "Column", "ColumnType", "Completeness",
    "Contract", "Cursors", "Drift", "DropFolder", "Due", "Encoding", "EndpointPoll", "Files", "Format", "HttpDownload", "HttpPages", "Links",
    "Login", "LoginForm", "NoLogin", "Offsets", "PageNumbers", "Paging", "Password", "PersonalClass", "Source", "Text",
    "Volume", "read_contract", "read_contracts",
]  # fmt: skip
