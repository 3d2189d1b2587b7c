"""A bucket that speaks S3, Amazon's or another's, entered with keys of its own connection. Read only.

Nothing of the account that runs this is used: no AWS_* variable, no profile, no role of the machine. Botocore's own
calls and not s3fs: its fallbacks make a missing prefix, a folder's placeholder and a forbidden bucket look alike.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, ParamValidationError, SSLError
from pydantic import SecretStr

from pipelines.connections import FileConnection
from pipelines.errors import SettingError, TransientError
from pipelines.extract.delivery import without_credentials
from pipelines.extract.folders.folder import Failures, Folder, write_blocks
from pipelines.settings import Settings

_COPIES_AT_ONCE = 8
_BLOCK = 1024 * 1024
# Services of one's own mostly take any region; Amazon's says itself where a bucket is.
_REGION = "us-east-1"
_FAILURES = Failures(broken=(OSError, BotoCoreError, ClientError, HTTPClientError))
_ABSENT = {"404", "NoSuchKey"}
_DENIED = {"403", "AccessDenied", "AllAccessDisabled", "InvalidObjectState"}
_WRONG_KEYS = {"InvalidAccessKeyId": "access_key", "SignatureDoesNotMatch": "secret_key"}


@contextmanager
def open_s3(connection: FileConnection, settings: Settings) -> Iterator[Folder]:
    """The connection's bucket and prefix.

    Raises:
        SettingError: The address names no bucket, the bucket is not there, or the service does not know the keys or is
            not trusted.
        TransientError: The service does not answer.
    """
    address = urlsplit(connection.url)
    if not address.netloc or "@" in address.netloc or ":" in address.netloc:
        raise SettingError(
            connection.setting,
            "is not of the form s3://bucket/prefix.",
            f"Correct it; keys belong into {connection.beside('access_key')} and {connection.beside('secret_key')}.",
        )
    root = posixpath.normpath("/" + unquote(address.path).strip("/"))
    client = _client(connection, settings)
    try:
        bucket = S3Files(client, address.netloc, root)
        _enter(bucket, connection)
        yield Folder(bucket, root, connection, _FAILURES)
    finally:
        client.close()


class S3Files:
    """A bucket as folders: `/` parts them, and a folder is what has objects below it.

    Args:
        client: Botocore's.
        bucket: The bucket's name.
        root: The connection's prefix, with a `/` before it. It is a folder also while nothing is in it: a prefix that
            is still empty cannot be told from one that is misspelt.
    """

    def __init__(self, client: Any, bucket: str, root: str) -> None:  # noqa: ANN401 -- botocore makes it as it runs
        self._client = client
        self._bucket = bucket
        self._root = root

    def info(self, path: str) -> Mapping[str, Any]:
        """The object of that name, or the folder."""
        with _translated(path):
            if path != self._root:
                try:
                    found = self._client.head_object(Bucket=self._bucket, Key=path[1:])
                    return _described(path, found, found["ContentLength"])
                except ClientError as error:
                    if _code(error) not in _ABSENT:
                        raise
            if not self.has_objects(path) and path != self._root:
                raise FileNotFoundError(path)
        return {"name": path, "type": "directory", "size": 0}

    def has_objects(self, path: str) -> bool:
        """Whether anything is below a prefix."""
        answer = self._client.list_objects_v2(Bucket=self._bucket, Prefix=_prefix(path), MaxKeys=1)
        return bool(answer.get("KeyCount"))

    def ls(self, path: str, *, detail: bool) -> list[Mapping[str, Any]]:  # noqa: ARG002 -- fsspec's name
        """The objects right below a prefix, however many pages they are, and no folder."""
        pages = self._client.get_paginator("list_objects_v2")
        with _translated(path):
            return [
                _described(f"/{found['Key']}", found, found["Size"])
                for page in pages.paginate(Bucket=self._bucket, Prefix=_prefix(path), Delimiter="/")
                for found in page.get("Contents", [])
                # Consoles keep a folder by an empty object of its name with a `/`.
                if not found["Key"].endswith("/")
            ]

    def get(self, sources: list[str], targets: list[str]) -> None:
        """Copies objects, several at once."""
        with ThreadPoolExecutor(_COPIES_AT_ONCE, thread_name_prefix="s3") as pool:
            list(pool.map(self._copy, sources, targets))

    def _copy(self, source: str, target: str) -> None:
        with _translated(source):
            answer = self._client.get_object(Bucket=self._bucket, Key=source[1:])
            write_blocks(answer["Body"].iter_chunks(_BLOCK), target)


def _client(connection: FileConnection, settings: Settings) -> Any:  # noqa: ANN401 -- botocore makes it as it runs
    nowhere = (None, None, os.devnull, None)
    session = botocore.session.Session(
        {"profile": (None, None, None, None), "config_file": nowhere, "credentials_file": nowhere}
    )
    keys = {name: key.get_secret_value() for name, key in _keys(connection).items()}
    try:
        return session.create_client(
            "s3",
            region_name=_REGION,
            endpoint_url=connection.endpoint_url,
            aws_access_key_id=keys["access_key"],
            aws_secret_access_key=keys["secret_key"],
            verify=str(connection.ca_file) if connection.ca_file else True,
            config=Config(
                connect_timeout=settings.http_timeout_seconds,
                read_timeout=settings.http_timeout_seconds,
                # Trying again is `patience`'s business.
                retries={"total_max_attempts": 1},
                max_pool_connections=_COPIES_AT_ONCE,
                ignore_configured_endpoint_urls=True,
                s3={"addressing_style": "path" if connection.endpoint_url else "auto"},
            ),
        )
    except ValueError:
        raise SettingError(
            connection.beside("endpoint_url"), "is not an http or https address.", "Correct it."
        ) from None


def _keys(connection: FileConnection) -> dict[str, SecretStr]:
    return {
        "access_key": connection.access_key or SecretStr(""),
        "secret_key": connection.secret_key or SecretStr(""),
    }


def _enter(bucket: S3Files, connection: FileConnection) -> None:
    """Asks once: only the answer to a listing says why one is not let in."""
    shown = f"{connection.endpoint_url or 's3.amazonaws.com'}: {without_credentials(connection.url)}"
    try:
        bucket.has_objects(urlsplit(connection.url).path)
    except SSLError:
        raise SettingError(
            connection.beside("ca_file"),
            f"the certificate of {connection.endpoint_url} is not trusted.",
            "Set it to the file of the authority that made the certificate; ask the service's owner for it.",
        ) from None
    except ParamValidationError:
        raise SettingError(connection.setting, "names no possible bucket.", "Write it s3://bucket/prefix.") from None
    except ClientError as error:
        code = _code(error)
        if code in _WRONG_KEYS:
            setting = connection.beside(_WRONG_KEYS[code])
            raise SettingError(setting, f"{shown} does not let the account in with it.", "Correct it.") from None
        if code == "NoSuchBucket":
            raise SettingError(connection.setting, f"{shown}: there is no such bucket.", "Correct the name.") from None
        # Whoever may not list may still read what is named: that is seen where it is read.
        if code not in _DENIED:
            raise TransientError(f"{shown} answered {code}.", "It may work later; run again.") from error
    except (BotoCoreError, HTTPClientError) as error:
        raise TransientError(
            f"{shown} does not answer ({type(error).__name__}).", "It may work later; run again."
        ) from error


@contextmanager
def _translated(path: str) -> Iterator[None]:
    """Botocore's errors by number as the two that a folder asks about."""
    try:
        yield
    except ClientError as error:
        if _code(error) in _ABSENT:
            raise FileNotFoundError(path) from error
        if _code(error) in _DENIED:
            raise PermissionError(path) from error
        raise


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _prefix(path: str) -> str:
    return f"{path.strip('/')}/" if path.strip("/") else ""


def _described(path: str, found: Mapping[str, Any], size: int) -> Mapping[str, Any]:
    return {"name": path, "type": "file", "size": size, "LastModified": found["LastModified"], "ETag": found["ETag"]}
