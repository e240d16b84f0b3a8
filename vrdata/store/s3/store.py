"""A bucket and prefix as an object store: single conditional PUTs, never overwritten.

One `PutObject` with `If-None-Match: *` is atomic and leaves no parts behind, up to S3's 5 GiB.
vrdata.store.probe detects servers that ignore the header.
"""

from __future__ import annotations

import base64
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from vrdata.errors import InvalidInputError
from vrdata.store.keys import check_key
from vrdata.store.port import ObjectInfo, ObjectNotFoundError, StorageError
from vrdata.store.s3.client import S3Settings, make_client
from vrdata.store.s3.content_types import content_type_of
from vrdata.store.s3.errors import http_status, is_no_permission, s3_error

MAX_PUT_BYTES = 5 * 1024**3
"""S3's limit of one PutObject."""

CONFLICT_ATTEMPTS = 6
READ_ATTEMPTS = 3


class S3Store:
    """Objects of one bucket below a prefix. Threads may share a store; processes may not.

    Raises:
        UsageError: the endpoint is not a URL, or contains a password.
        StoreAccessError: the profile does not exist.
    """

    def __init__(self, settings: S3Settings) -> None:
        self._settings = settings
        self._bucket = settings.bucket
        self._base = f"{settings.prefix}/" if settings.prefix else ""
        self._client = make_client(settings)
        calculation = self._client.meta.config.request_checksum_calculation
        self._sends_checksums = str(calculation).lower() != "when_required"
        self._bucket_seen = False

    @property
    def url(self) -> str:
        """`s3://bucket/prefix`."""
        return self._settings.url

    def put_new(self, key: str, body: bytes | Path, *, sha256: str, content_type: str = "") -> bool:
        """Create an object if its key is free; see `ObjectStore.put_new`.

        boto3 repeats a request whose answer was lost, so False can mean that this same call wrote
        the object: compare `head(key).sha256`.
        """
        request = self._put_request(check_key(key), body, sha256, content_type)
        for attempt in range(CONFLICT_ATTEMPTS):
            try:
                with ExitStack() as stack:
                    stream = (
                        body if isinstance(body, bytes) else stack.enter_context(body.open("rb"))
                    )
                    self._client.put_object(Body=stream, **request)
            except ClientError as error:
                if http_status(error) == 412:
                    return False
                if http_status(error) != 409 or attempt == CONFLICT_ATTEMPTS - 1:
                    raise self._error(error, f"write {key}") from error
                # Another write of this key is in progress: S3 asks to try again.
                time.sleep(0.05 * 2**attempt * (1 + random.random()))  # noqa: S311 - jitter
            except BotoCoreError as error:
                raise self._error(error, f"write {key}") from error
            except OSError as error:
                raise _local_error(error, key) from error
            else:
                return True
        raise AssertionError("the last attempt returns or raises")

    def get(self, key: str) -> bytes:
        """The whole object; see `ObjectStore.get`."""
        return self._read(key)

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """A part of the object, one request; see `ObjectStore.get_range`."""
        if start < 0 or length < 0:
            raise ValueError(f"start {start} and length {length} must not be negative")
        if length == 0:
            return b""
        return self._read(key, Range=f"bytes={start}-{start + length - 1}")

    def head(self, key: str) -> ObjectInfo | None:
        """Size and recorded sha256, one request; see `ObjectStore.head`.

        The sha256 is the one in the object's metadata, or else the server's own checksum of the
        whole object; None if neither is stored.
        """
        try:
            answer = self._client.head_object(
                Bucket=self._bucket, Key=self._base + key, ChecksumMode="ENABLED"
            )
        except ClientError as error:
            if http_status(error) != 404:
                raise self._error(error, f"look up {key}") from error
            self._require_bucket()
            return None
        except BotoCoreError as error:
            raise self._error(error, f"look up {key}") from error
        return ObjectInfo(key, int(answer["ContentLength"]), _recorded_sha256(answer))

    def list_after(self, prefix: str, after: str = "") -> Iterator[ObjectInfo]:
        """Objects in key order, 1000 per request; see `ObjectStore.list_after`."""
        request = {"Bucket": self._bucket, "Prefix": self._base + prefix}
        if after:
            request["StartAfter"] = self._base + after
        try:
            for page in self._client.get_paginator("list_objects_v2").paginate(**request):
                for item in page.get("Contents", ()):
                    key = str(item["Key"])[len(self._base) :]
                    # Some servers repeat the start key; the key "" marks the prefix as a folder.
                    if key > after:
                        yield ObjectInfo(key, int(item["Size"]))
        except (ClientError, BotoCoreError) as error:
            raise self._error(error, "list objects") from error

    def delete(self, key: str) -> None:
        """Remove an object; see `ObjectStore.delete`."""
        try:
            self._client.delete_object(Bucket=self._bucket, Key=self._base + check_key(key))
        except (ClientError, BotoCoreError) as error:
            found = self._error(error, f"delete {key}")
            if not isinstance(found, ObjectNotFoundError):
                raise found from error

    def _put_request(
        self, key: str, body: bytes | Path, sha256: str, content_type: str
    ) -> dict[str, Any]:
        try:
            size = len(body) if isinstance(body, bytes) else body.stat().st_size
        except OSError as error:
            raise _local_error(error, key) from error
        if size > MAX_PUT_BYTES:
            raise InvalidInputError(
                f"{key} has {size} bytes, more than S3's limit for one write (5 GiB)",
                fix="use smaller shards (shardSize), or split the file",
            )
        request: dict[str, Any] = {
            "Bucket": self._bucket,
            "Key": self._base + key,
            "IfNoneMatch": "*",
            "ContentType": content_type or content_type_of(key),
            "Metadata": {"sha256": sha256},
        }
        if self._sends_checksums:
            # Without the algorithm, some servers accept the value and do not check it.
            request["ChecksumAlgorithm"] = "SHA256"
            request["ChecksumSHA256"] = base64.b64encode(bytes.fromhex(sha256)).decode()
        return request

    def _read(self, key: str, **extra: str) -> bytes:
        """GET an object; a truncated body is requested again, up to READ_ATTEMPTS times."""
        last: Exception | None = None
        for _ in range(READ_ATTEMPTS):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=self._base + key, **extra)
            except ClientError as error:
                if http_status(error) == 416:  # the range begins after the object's end
                    return b""
                raise self._error(error, f"read {key}") from error
            except BotoCoreError as error:
                raise self._error(error, f"read {key}") from error
            try:
                return bytes(answer["Body"].read())
            except (BotoCoreError, OSError) as error:
                last = error
        raise self._error(last or OSError("the body was truncated"), f"read {key}") from last

    def _require_bucket(self) -> None:
        """Check once that the bucket exists: a 404 of a head request can mean key or bucket."""
        if self._bucket_seen:
            return
        try:
            self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._base, MaxKeys=1)
        except (ClientError, BotoCoreError) as error:
            # The bucket exists if the server only forbids listing it.
            if not is_no_permission(error):
                raise self._error(error, "access objects") from error
        self._bucket_seen = True

    def _error(self, error: Exception, doing: str) -> Exception:
        return s3_error(error, doing, self.url, self._bucket)


def _local_error(error: OSError, key: str) -> StorageError:
    return StorageError(f"cannot read the local file for {key}", why=str(error))


def _recorded_sha256(answer: dict[str, Any]) -> str | None:
    recorded = answer.get("Metadata", {}).get("sha256")
    if recorded:
        return str(recorded)
    value = answer.get("ChecksumSHA256", "")
    if not value or "-" in value:  # "-N" ends the checksum of checksums of a multipart upload
        return None
    return base64.b64decode(value).hex()
