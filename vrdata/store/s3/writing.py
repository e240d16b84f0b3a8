"""Write objects create-only: one PutObject, with the optional headers that the server understands.

A server without If-None-Match gets plain writes: the writer checks before it that the key is free,
and after it that its own bytes are stored. Two writers can still overwrite each other between
these requests, so such a store is used in `detect` mode.
"""

from __future__ import annotations

import base64
import hashlib
import random
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from vrdata.errors import InvalidInputError
from vrdata.store.limits import CONDITION, METADATA
from vrdata.store.port import DigestMismatchError, StorageError
from vrdata.store.s3.connection import Connection
from vrdata.store.s3.content_types import content_type_of
from vrdata.store.s3.dialect import Dialect, alternatives, is_refusal
from vrdata.store.s3.errors import error_code, error_text, http_status, short_answer
from vrdata.store.s3.reading import Reader
from vrdata.store.streaming import sha256_file

MAX_PUT_BYTES = 5 * 1024**3
"""S3's limit of one PutObject."""

CONFLICT_ATTEMPTS = 6
_EXISTS = {304, 412}  # 304 is the answer of servers that treat a PUT as a GET


class Writer:
    """PutObject requests of one bucket.

    Attributes:
        limits: the headers that the server refused, or whose effect it lacks, with its answer.
    """

    def __init__(self, connection: Connection, reader: Reader) -> None:
        self._connection = connection
        self._reader = reader
        self._dialect = Dialect(checksum=connection.sends_checksums)
        self._proven = Dialect(condition=False, checksum=False)  # what the server has accepted
        self.limits: dict[str, str] = {}

    def put_new(
        self, key: str, name: str, body: bytes | Path, sha256: str, content_type: str
    ) -> bool:
        """Create an object if its key is free; see `ObjectStore.put_new`.

        Args:
            key: the whole key in the bucket.
            name: the key as the user knows it.
            body: the bytes, or the path of a local file.
            sha256: hex digest of the bytes.
            content_type: MIME type; "" = from the name.
        """
        request = _request(key, name, body, sha256, content_type)
        dialect, doing = self._dialect, f"look up {name}"
        try:
            created = self._put(request, name, body, sha256, dialect)
            if created or not dialect.condition or self._reader.head(key, doing) is not None:
                return created
            return self._put_at_free_key(request, name, body, sha256, dialect)
        except ClientError as error:
            if not is_refusal(http_status(error), error_code(error)):
                raise self._connection.error(error, f"write {name}") from error
            _require_digest(name, body, sha256)
            return self._put_with_less(request, name, body, sha256, error)

    def _put_at_free_key(
        self,
        request: dict[str, Any],
        name: str,
        body: bytes | Path,
        sha256: str,
        dialect: Dialect,
    ) -> bool:
        """Write after a conflict at a key that is free: it was deleted, or the answer is wrong."""
        key = str(request["Key"])
        if self._put(request, name, body, sha256, dialect):
            return True
        if self._proven.condition or self._reader.head(key, f"look up {name}") is not None:
            return False  # an object that HEAD does not find yet must not be overwritten
        plain = replace(dialect, condition=False)
        created = self._put(request, name, body, sha256, plain)
        self._dialect = plain
        self.limits[CONDITION] = "412 at a free key"
        return created

    def _put_with_less(
        self,
        request: dict[str, Any],
        name: str,
        body: bytes | Path,
        sha256: str,
        first: ClientError,
    ) -> bool:
        """Find the refused header. If the server refuses every write, report its last answer."""
        refused, last = self._dialect, first
        # The same request once more: its bytes can have changed on the way, for example.
        others = alternatives(refused, error_text(first))
        for dialect in (refused, *(other for other in others if other.keeps(self._proven))):
            try:
                created = self._put(request, name, body, sha256, dialect)
            except ClientError as error:
                last = error
                continue
            self._dialect = dialect
            self.limits |= dict.fromkeys(dialect.dropped(refused), short_answer(first))
            return created
        raise self._connection.error(last, f"write {name}") from last

    def _put(
        self,
        request: dict[str, Any],
        name: str,
        body: bytes | Path,
        sha256: str,
        dialect: Dialect,
    ) -> bool:
        """One write. Raises ClientError for the server's answers except 409 and 412."""
        key = str(request["Key"])
        if not dialect.condition and self._reader.head(key, f"look up {name}") is not None:
            return False
        headers: dict[str, Any] = {"IfNoneMatch": "*"} if dialect.condition else {}
        if dialect.checksum:
            # Without the algorithm, some servers accept the value and do not check it.
            headers["ChecksumAlgorithm"] = "SHA256"
            headers["ChecksumSHA256"] = base64.b64encode(bytes.fromhex(sha256)).decode()
        if not self._send(request | headers, name, body):
            return False
        self._proven = self._proven.with_all_of(dialect)
        return dialect.condition or self._holds(key, name, sha256)

    def _send(self, request: dict[str, Any], name: str, body: bytes | Path) -> bool:
        for attempt in range(CONFLICT_ATTEMPTS):
            try:
                with ExitStack() as stack:
                    stream = (
                        body if isinstance(body, bytes) else stack.enter_context(body.open("rb"))
                    )
                    self._connection.call("put_object", Body=stream, **request)
            except ClientError as error:
                if http_status(error) in _EXISTS:
                    return False
                if http_status(error) != 409 or attempt == CONFLICT_ATTEMPTS - 1:
                    raise
                # Another write of this key is in progress: S3 asks to try again.
                time.sleep(0.05 * 2**attempt * (1 + random.random()))  # noqa: S311 - jitter
            except BotoCoreError as error:
                raise self._connection.error(error, f"write {name}") from error
            except OSError as error:
                raise _local_error(error, name) from error
            else:
                return True
        raise AssertionError("the last attempt returns or raises")

    def _holds(self, key: str, name: str, sha256: str) -> bool:
        """Whether the object is this writer's: a concurrent writer may have replaced it."""
        info = self._reader.head(key, f"look up {name}")
        if info is not None and info.sha256 is None:
            self.limits[METADATA] = "not kept"
        return info is None or info.sha256 in {None, sha256}


def _request(
    key: str, name: str, body: bytes | Path, sha256: str, content_type: str
) -> dict[str, Any]:
    try:
        size = len(body) if isinstance(body, bytes) else body.stat().st_size
    except OSError as error:
        raise _local_error(error, name) from error
    if size > MAX_PUT_BYTES:
        raise InvalidInputError(
            f"{name} has {size} bytes, more than S3's limit for one write (5 GiB)",
            fix="use smaller shards (shardSize), or split the file",
        )
    return {
        "Key": key,
        "ContentType": content_type or content_type_of(name),
        "Metadata": {"sha256": sha256},
    }


def _require_digest(name: str, body: bytes | Path, sha256: str) -> None:
    """Tell a refused header from bytes that changed: those are never sent without a checksum."""
    try:
        found = hashlib.sha256(body).hexdigest() if isinstance(body, bytes) else sha256_file(body)
    except OSError as error:
        raise _local_error(error, name) from error
    if found != sha256:
        raise DigestMismatchError(
            f"cannot write {name}",
            why="the bytes to write do not match their digest",
            fix="the file changed after it was read: run the same command again",
        )


def _local_error(error: OSError, name: str) -> StorageError:
    return StorageError(f"cannot read the local file for {name}", why=str(error))
