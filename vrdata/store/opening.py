"""Open a store from what a user writes: a folder, `file:///folder` or `s3://bucket/prefix`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from vrdata.contract.worker import StoreSettings
from vrdata.errors import UsageError, VrdataError, install
from vrdata.privacy.texts import without_url_credentials
from vrdata.store.file.store import FileStore
from vrdata.store.keys import MAX_KEY_BYTES
from vrdata.store.port import NewObject, ObjectInfo, ObjectStore, put_together

if TYPE_CHECKING:
    from vrdata.store.s3.client import S3Settings

_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*):/+")
_EXAMPLES = "a folder, file:///folder, or s3://bucket/prefix"
_LIKE_S3 = {"s3a", "s3n", "gs", "r2", "minio", "oss"}


MAX_ROOT_BYTES = 256
"""Bytes of the prefix below which runs are stored: the keys of a run have at most 760 more."""


def open_settings(settings: StoreSettings, *, repeats: bool = True) -> ObjectStore:
    """The store of these settings, below whose root runs are stored.

    Args:
        settings: where and what it is.
        repeats: send a request that fails a few times, within seconds; False = the caller does.

    Raises:
        UsageError: the prefix is so long that a key of a run could exceed S3's limit; or as
            `open_store`.
        StoreAccessError: as `open_store`.
    """
    if settings.url.startswith("s3://"):
        prefix = settings.url.removeprefix("s3://").partition("/")[2].strip("/")
        if len(prefix.encode()) > MAX_ROOT_BYTES:
            raise UsageError(
                f"the prefix of the s3:// URL has {len(prefix.encode())} bytes",
                why=f"a key has at most {MAX_KEY_BYTES} bytes, of which a run needs the rest",
                fix=f"use a prefix of at most {MAX_ROOT_BYTES} bytes",
            )
    return open_store(
        settings.url,
        endpoint=settings.endpoint,
        region=settings.region,
        profile=settings.aws_profile,
        checksums=settings.checksums,
        repeats=repeats,
    )


def open_store(  # noqa: PLR0913 - one setting each
    url: str,
    *,
    endpoint: str = "",
    region: str = "",
    profile: str = "",
    checksums: str = "auto",
    repeats: bool = True,
) -> ObjectStore:
    """The store at `url`. Opening sends no request; errors appear on first use.

    Args:
        url: a folder, `file:///folder`, or `s3://bucket/prefix`.
        endpoint: URL of an S3-compatible server; "" means boto3's own choice (the variables
            AWS_ENDPOINT_URL_S3 and AWS_ENDPOINT_URL, the AWS profile, or AWS).
        region: region of the bucket; "" means boto3's own choice.
        profile: named profile of the AWS configuration files.
        checksums: `auto`, or `when_required` for servers that refuse checksum headers.
        repeats: see `open_settings`.

    Raises:
        UsageError: the URL is invalid, or contains a user name or password.
        VrdataError: boto3 is not installed.
        StoreAccessError: the AWS profile does not exist.
    """
    match = _SCHEME.match(url)
    if not match:
        if not url:
            raise UsageError("the location of the data is empty", fix=f"name {_EXAMPLES}")
        return FileStore(Path(url))
    scheme = match[1]
    if scheme == "file":
        return FileStore(_file_path(url))
    if scheme == "s3" and url.startswith("s3://"):
        return _open_s3(url, endpoint, region, profile, checksums, repeats=repeats)
    raise UsageError(f"{scheme}: is not a supported kind of store", fix=_suggest(scheme))


def _open_s3(  # noqa: PLR0913 - one setting each
    url: str, endpoint: str, region: str, profile: str, checksums: str, *, repeats: bool
) -> ObjectStore:
    if checksums not in {"auto", "when_required"}:
        raise UsageError(f"checksums cannot be {checksums!r}", fix="use auto or when_required")
    settings = bucket_settings(url, endpoint=endpoint, region=region, profile=profile)
    from vrdata.store.s3.store import S3Store  # noqa: PLC0415 - boto3 is slow to import

    return S3Store(
        replace(
            settings,
            checksums="auto" if checksums == "auto" else "when_required",
            attempts=settings.attempts if repeats else 1,
        )
    )


def bucket_settings(url: str, *, endpoint: str, region: str, profile: str) -> S3Settings:
    """The settings of the bucket at `s3://bucket/prefix`; the arguments are those of `open_store`.

    Raises:
        UsageError: the URL is invalid, or contains a user name or password.
        VrdataError: boto3 is not installed.
    """
    if not url.startswith("s3://"):
        raise UsageError(
            f"{without_url_credentials(url)!r} is not a bucket",
            fix="write s3://bucket; folders need no preparation",
        )
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    if "@" in bucket:
        raise UsageError(
            "the s3:// URL contains a user name or password",
            fix="remove it from the URL; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        )
    if not bucket or ":" in bucket:  # what follows a colon can be a secret
        raise UsageError("the s3:// URL names no bucket", fix="write s3://bucket/prefix")
    try:
        from vrdata.store.s3.client import S3Settings  # noqa: PLC0415 - boto3 is slow to import
    except ModuleNotFoundError as error:
        raise VrdataError("s3:// needs boto3, which is not installed", fix=install("s3")) from error
    return S3Settings(
        bucket=bucket,
        prefix=prefix.strip("/"),
        endpoint=endpoint,
        region=region,
        profile=profile,
    )


def _file_path(url: str) -> Path:
    host, slash, path = url.removeprefix("file:").removeprefix("//").partition("/")
    if host not in {"", "localhost"} or not slash:
        raise UsageError(
            f"{without_url_credentials(url)} does not name a folder on this machine",
            fix="use three slashes: file:///folder",
        )
    return Path("/" + unquote(path))


def _suggest(scheme: str) -> str:
    if scheme.lower() in _LIKE_S3 or difflib.get_close_matches(scheme.lower(), ["s3"], cutoff=0.5):
        return "write s3://bucket/prefix, with --endpoint URL for a server that is not AWS"
    if difflib.get_close_matches(scheme.lower(), ["file"], cutoff=0.6):
        return "write file:///folder"
    return f"name {_EXAMPLES}"


class PrefixedStore:
    """The part of a store below a prefix, seen as a store of its own.

    Args:
        store: the store.
        prefix: e.g. `namespace/run/`; a closing slash is added if missing; "" is the whole store.
    """

    def __init__(self, store: ObjectStore, prefix: str) -> None:
        self._store = store
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""

    @property
    def url(self) -> str:
        """The URL of the part, with a closing slash."""
        return f"{self._store.url.rstrip('/')}/{self._prefix}"

    @property
    def limits(self) -> Mapping[str, str]:
        """See `ObjectStore.limits`."""
        return self._store.limits

    def put_new(self, key: str, body: bytes | Path, *, sha256: str, content_type: str = "") -> bool:
        """See `ObjectStore.put_new`."""
        return self._store.put_new(
            self._prefix + key, body, sha256=sha256, content_type=content_type
        )

    def put_together(self, objects: Sequence[NewObject]) -> list[bool] | None:
        """See `JoinedWrites.put_together`."""
        return put_together(
            self._store, [replace(one, key=self._prefix + one.key) for one in objects]
        )

    def get(self, key: str) -> bytes:
        """See `ObjectStore.get`."""
        return self._store.get(self._prefix + key)

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """See `ObjectStore.get_range`."""
        return self._store.get_range(self._prefix + key, start, length)

    def head(self, key: str) -> ObjectInfo | None:
        """See `ObjectStore.head`."""
        info = self._store.head(self._prefix + key)
        return None if info is None else self._inside(info)

    def list_after(self, prefix: str, after: str = "") -> Iterator[ObjectInfo]:
        """See `ObjectStore.list_after`."""
        start = self._prefix + after if after else ""
        for info in self._store.list_after(self._prefix + prefix, start):
            if info.key != self._prefix:
                yield self._inside(info)

    def delete(self, key: str) -> None:
        """See `ObjectStore.delete`."""
        self._store.delete(self._prefix + key)

    def _inside(self, info: ObjectInfo) -> ObjectInfo:
        return replace(info, key=info.key[len(self._prefix) :])
