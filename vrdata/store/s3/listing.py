"""List a bucket in pages, completely, on servers with only a part of the listing requests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from vrdata.store.port import ObjectInfo, StorageError
from vrdata.store.s3.connection import Connection
from vrdata.store.s3.errors import http_status
from vrdata.store.s3.reading import etag, modified

_UNSUPPORTED = {400, 405, 501}


class Lister:
    """Lists keys with ListObjectsV2, or with ListObjects if the server does not know that."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._version = 2

    def list_after(self, prefix: str, after: str) -> Iterator[ObjectInfo]:
        """The objects whose whole key starts with `prefix` and sorts after `after`.

        Args:
            prefix: start of the whole key.
            after: a whole key, or "".

        Raises:
            VrdataError: as `s3_error`; StorageError if the listing does not advance.
        """
        token = ""
        last = after
        while True:
            page = self._page(prefix, last, token)
            begin = last
            for item in page.get("Contents", ()):
                key = str(item["Key"])
                if key > after and key != begin:  # some servers repeat the start key
                    yield ObjectInfo(
                        key, int(item["Size"]), modified=modified(item), etag=etag(item)
                    )
                last = max(last, key)
            if not page.get("IsTruncated"):
                return
            token = str(page.get("NextContinuationToken") or "")
            if last == begin:
                raise StorageError(
                    f"cannot list all objects in {self._connection.settings.url}",
                    why="the server repeats a page of its listing",
                    fix="report it to the server's administrator, or use another server",
                )

    def _page(self, prefix: str, after: str, token: str) -> dict[str, Any]:
        """One page. Without a token it starts after a key, which old servers understand, too."""
        try:
            if self._version == 2:
                try:
                    return self._list_v2(prefix, after, token)
                except ClientError as error:
                    if http_status(error) not in _UNSUPPORTED or token:
                        raise
                    page = self._list_v1(prefix, after)
                self._version = 1
                return page
            return self._list_v1(prefix, after)
        except (ClientError, BotoCoreError) as error:
            raise self._connection.error(error, "list objects") from error

    def _list_v2(self, prefix: str, after: str, token: str) -> dict[str, Any]:
        request = {"Prefix": prefix}
        if token:
            request["ContinuationToken"] = token
        elif after:
            request["StartAfter"] = after
        page: dict[str, Any] = self._connection.call("list_objects_v2", **request)
        if page.get("IsTruncated") and not page.get("NextContinuationToken"):
            # The answer of ListObjects: such a server does not know `start-after` either.
            self._version = 1
            return self._list_v1(prefix, after)
        return page

    def _list_v1(self, prefix: str, after: str) -> dict[str, Any]:
        marker = {"Marker": after} if after else {}
        page: dict[str, Any] = self._connection.call("list_objects", Prefix=prefix, **marker)
        return page
