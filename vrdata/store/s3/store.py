"""A bucket and prefix as an object store: single conditional PUTs, never overwritten.

One `PutObject` with `If-None-Match: *` is atomic and leaves no parts behind, up to S3's 5 GiB.
vrdata.store.probe detects servers that ignore the header; see `writing` for those that refuse it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from vrdata.store.keys import check_key
from vrdata.store.port import ObjectInfo, ObjectNotFoundError, StoreAccessError
from vrdata.store.s3.client import S3Settings
from vrdata.store.s3.connection import Connection
from vrdata.store.s3.errors import is_no_permission
from vrdata.store.s3.listing import Lister
from vrdata.store.s3.reading import Reader
from vrdata.store.s3.writing import Writer


class S3Store:
    """Objects of one bucket below a prefix. Threads may share a store; processes may not.

    Raises:
        UsageError: the endpoint is not a URL, or contains a password.
        StoreAccessError: the profile does not exist.
    """

    def __init__(self, settings: S3Settings) -> None:
        self._settings = settings
        self._base = f"{settings.prefix}/" if settings.prefix else ""
        self._connection = Connection(settings)
        self._reader = Reader(self._connection)
        self._writer = Writer(self._connection, self._reader)
        self._lister = Lister(self._connection)
        self._bucket_seen = False

    @property
    def url(self) -> str:
        """`s3://bucket/prefix`."""
        return self._settings.url

    @property
    def limits(self) -> Mapping[str, str]:
        """See `ObjectStore.limits`."""
        return dict(self._writer.limits)

    def put_new(self, key: str, body: bytes | Path, *, sha256: str, content_type: str = "") -> bool:
        """Create an object if its key is free; see `ObjectStore.put_new`.

        boto3 repeats a request whose answer was lost, so False can mean that this same call wrote
        the object: compare `head(key).sha256`.
        """
        whole = self._base + check_key(key)
        return self._writer.put_new(whole, key, body, sha256, content_type)

    def get(self, key: str) -> bytes:
        """The whole object; see `ObjectStore.get`."""
        return self._reader.get(self._base + key, f"read {key}")

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """A part of the object, usually one request; see `ObjectStore.get_range`."""
        if start < 0 or length < 0:
            raise ValueError(f"start {start} and length {length} must not be negative")
        return self._reader.get_range(self._base + key, start, length, f"read {key}")

    def head(self, key: str) -> ObjectInfo | None:
        """Size and recorded sha256, one request; see `ObjectStore.head`.

        The sha256 is the one in the object's metadata, or else the server's own checksum of the
        whole object; None if neither is stored.
        """
        info = self._reader.head(self._base + key, f"look up {key}")
        if info is None:
            self._require_bucket()
            return None
        return replace(info, key=key)

    def list_after(self, prefix: str, after: str = "") -> Iterator[ObjectInfo]:
        """Objects in key order, 1000 per request; see `ObjectStore.list_after`."""
        start = self._base + after if after else ""
        for info in self._lister.list_after(self._base + prefix, start):
            if key := info.key[len(self._base) :]:  # the key "" marks the prefix as a folder
                yield replace(info, key=key)

    def delete(self, key: str) -> None:
        """Remove an object; see `ObjectStore.delete`."""
        try:
            self._connection.call("delete_object", Key=self._base + check_key(key))
        except (ClientError, BotoCoreError) as error:
            found = self._connection.error(error, f"delete {key}")
            if not isinstance(found, ObjectNotFoundError):
                raise found from error

    def _require_bucket(self) -> None:
        """Check once that the bucket exists: a 404 of a head request can mean key or bucket."""
        if self._bucket_seen:
            return
        try:
            self._connection.call("list_objects_v2", Prefix=self._base, MaxKeys=1)
        except (ClientError, BotoCoreError) as error:
            found = self._connection.error(error, "access objects")
            # The bucket exists if the server only forbids listing it, or cannot list this way.
            if isinstance(found, StoreAccessError) and not is_no_permission(error):
                raise found from error
        self._bucket_seen = True
