"""Read objects and their facts, also from servers that lack HEAD, ranges or whole answers."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from vrdata.store.port import ObjectInfo, StorageError
from vrdata.store.s3.connection import Connection
from vrdata.store.s3.dialect import is_refusal
from vrdata.store.s3.errors import error_code, http_status

ATTEMPTS = 3
SKIP_CHUNK = 1024 * 1024
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


class Reader:
    """GET and HEAD requests. Keys are whole keys in the bucket."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._asks_checksum = True
        self._uses_head = True

    def get(self, key: str, doing: str) -> bytes:
        """The whole object; boto3 compares it with the server's checksum if there is one.

        Raises:
            VrdataError: as `s3_error`.
        """
        mode = {"ChecksumMode": "ENABLED"} if self._asks_checksum else {}
        body: bytes = self._read(
            doing, lambda answer: bytes(answer["Body"].read()), Key=key, **mode
        )
        return body

    def get_range(self, key: str, start: int, length: int, doing: str) -> bytes:
        """`length` bytes from byte `start`; fewer only at the object's end. Raises as `get`.

        A server can answer with fewer bytes than requested, or ignore the range.
        """
        parts: list[bytes] = []
        position, end = start, start + length
        while position < end:
            wanted = f"bytes={position}-{end - 1}"

            def take(answer: dict[str, Any], begin: int = position) -> tuple[bytes, bool]:
                return _part_of(answer, begin, end - begin)

            body, last = self._read(doing, take, Key=key, Range=wanted)
            parts.append(body)
            position += len(body)
            if last or not body:
                break
        return b"".join(parts)

    def head(self, key: str, doing: str) -> ObjectInfo | None:
        """Size and recorded sha256 under `key`, or None if there is no object; raises as `get`.

        A refused HEAD has no body and so no reason: a GET of the first byte finds the facts or the
        reason.
        """
        if self._uses_head:
            try:
                return self._head(key)
            except ClientError as error:
                if http_status(error) == 404:
                    return None
                refused = error
            except BotoCoreError as error:
                raise self._connection.error(error, doing) from error
            info = self._facts_by_get(key, doing)
            self._uses_head = http_status(refused) not in {405, 501}
            return info
        return self._facts_by_get(key, doing)

    def _head(self, key: str) -> ObjectInfo:
        if self._asks_checksum:
            try:
                answer = self._connection.call("head_object", Key=key, ChecksumMode="ENABLED")
                return _info(key, int(answer["ContentLength"]), answer)
            except ClientError as error:
                if not is_refusal(http_status(error), error_code(error)):
                    raise
            answer = self._connection.call("head_object", Key=key)
            self._asks_checksum = False
        else:
            answer = self._connection.call("head_object", Key=key)
        return _info(key, int(answer["ContentLength"]), answer)

    def _facts_by_get(self, key: str, doing: str) -> ObjectInfo | None:
        try:
            answer = self._connection.call("get_object", Key=key, Range="bytes=0-0")
        except ClientError as error:
            if http_status(error) == 416:
                return ObjectInfo(key, 0, hashlib.sha256(b"").hexdigest())
            if http_status(error) == 404:
                return None
            raise self._connection.error(error, doing) from error
        except BotoCoreError as error:
            raise self._connection.error(error, doing) from error
        answer["Body"].close()
        found = _RANGE.fullmatch(str(answer.get("ContentRange", "")))
        size = int(found[3]) if found and found[3] != "*" else int(answer["ContentLength"])
        return _info(key, size, answer)

    def _read(self, doing: str, take: Any, **request: Any) -> Any:
        """GET an object and `take` its bytes; a truncated body is requested again."""
        last: Exception | None = None
        for _ in range(ATTEMPTS):
            try:
                answer = self._connection.call("get_object", **request)
            except ClientError as error:
                if (
                    http_status(error) == 416 and "Range" in request
                ):  # begins after the object's end
                    return b"", True
                refusal = is_refusal(http_status(error), error_code(error))
                if request.pop("ChecksumMode", "") and refusal:
                    self._asks_checksum = False
                    continue
                raise self._connection.error(error, doing) from error
            except BotoCoreError as error:
                raise self._connection.error(error, doing) from error
            try:
                return take(answer)
            except (BotoCoreError, OSError) as error:
                last = error
        raise self._connection.error(last or OSError("the body was truncated"), doing) from last


def _part_of(answer: dict[str, Any], start: int, length: int) -> tuple[bytes, bool]:
    """Bytes from `start`, and whether they end the object, of an answer to a range request."""
    body = answer["Body"]
    found = _RANGE.fullmatch(str(answer.get("ContentRange", "")))
    if found:
        if int(found[1]) != start:
            raise StorageError(
                "the server answered with another range than requested",
                why=f"requested from byte {start}, received {found[0]}",
                fix="report it to the server's administrator, or use another server",
            )
        data = bytes(body.read())[:length]
        return data, found[3] != "*" and start + len(data) >= int(found[3])
    if answer.get("ResponseMetadata", {}).get("HTTPStatusCode") == 206:
        return bytes(body.read())[:length], True
    # A 200: the server, or a proxy, ignores ranges and sends the whole object.
    size = int(answer["ContentLength"])
    left = start
    while left and (skipped := body.read(min(left, SKIP_CHUNK))):
        left -= len(skipped)
    data = bytes(body.read(length)) if not left else b""
    body.close()
    if len(data) < min(length, max(0, size - start)):
        raise OSError("the body was truncated")
    return data, start + len(data) >= size


def _info(key: str, size: int, answer: dict[str, Any]) -> ObjectInfo:
    return ObjectInfo(key, size, recorded_sha256(answer), modified(answer), etag(answer))


def etag(answer: dict[str, Any]) -> str:
    """An object's ETag without its quotes; "" if the server gives none."""
    return str(answer.get("ETag") or "").removeprefix("W/").strip('"')


def modified(answer: dict[str, Any]) -> float | None:
    """When an object was written, in seconds since the epoch; None if the server does not say."""
    found = answer.get("LastModified")
    return found.timestamp() if isinstance(found, datetime) else None


def recorded_sha256(answer: dict[str, Any]) -> str | None:
    """The sha256 that the writer or the server recorded with an object, in hex."""
    recorded = answer.get("Metadata", {}).get("sha256")
    if recorded:
        return str(recorded)
    value = answer.get("ChecksumSHA256", "")
    if not value or "-" in value:  # "-N" ends the checksum of checksums of a multipart upload
        return None
    return base64.b64decode(value).hex()
