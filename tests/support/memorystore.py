"""An object store in memory, for tests of code that uses a store."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from vrdata.store.keys import check_key
from vrdata.store.port import DigestMismatchError, ObjectInfo, ObjectNotFoundError


class Objects(dict[str, bytes]):
    """Bodies by key; each change of one has a later time than the one before.

    Attributes:
        modified: time of the last change of a key.
    """

    def __init__(self) -> None:
        super().__init__()
        self.modified: dict[str, float] = {}
        self._now = 0.0

    def __setitem__(self, key: str, body: bytes) -> None:
        self._now += 1
        self.modified[key] = self._now
        super().__setitem__(key, body)


class MemoryStore:
    """Objects in a dictionary, which tests may change; requests are counted by name."""

    def __init__(self) -> None:
        self.objects = Objects()
        self.requests: Counter[str] = Counter()

    @property
    def url(self) -> str:
        return "memory://run/"

    @property
    def limits(self) -> Mapping[str, str]:
        return {}

    def put_new(
        self,
        key: str,
        body: bytes | Path,
        *,
        sha256: str,
        content_type: str = "",  # noqa: ARG002 - nothing asks for it
    ) -> bool:
        self.requests["put_new"] += 1
        content = body if isinstance(body, bytes) else body.read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise DigestMismatchError(key)
        if check_key(key) in self.objects:
            return False
        self.objects[key] = content
        return True

    def get(self, key: str) -> bytes:
        self.requests["get"] += 1
        if key not in self.objects:
            raise ObjectNotFoundError(key)
        return self.objects[key]

    def get_range(self, key: str, start: int, length: int) -> bytes:
        self.requests["get_range"] += 1
        if key not in self.objects:
            raise ObjectNotFoundError(key)
        return self.objects[key][start : start + length]

    def head(self, key: str) -> ObjectInfo | None:
        self.requests["head"] += 1
        body = self.objects.get(key)
        if body is None:
            return None
        digest = hashlib.sha256(body).hexdigest()
        return ObjectInfo(key, len(body), digest, self.objects.modified[key])

    def list_after(self, prefix: str, after: str = "") -> Iterator[ObjectInfo]:
        self.requests["list"] += 1
        for key in sorted(self.objects, key=str.encode):
            if key.startswith(prefix) and key.encode() > after.encode():
                modified = self.objects.modified[key]
                yield ObjectInfo(key, len(self.objects[key]), modified=modified)

    def delete(self, key: str) -> None:
        self.objects.pop(key, None)


class ClaimingStore(MemoryStore):
    """A server that records a digest with each write, and does not see that the bytes change."""

    def __init__(self) -> None:
        super().__init__()
        self.recorded: dict[str, str] = {}

    def put_new(self, key: str, body: bytes | Path, *, sha256: str, content_type: str = "") -> bool:
        created = super().put_new(key, body, sha256=sha256, content_type=content_type)
        if created:
            self.recorded[key] = sha256
        return created

    def head(self, key: str) -> ObjectInfo | None:
        info = super().head(key)
        return None if info is None else ObjectInfo(info.key, info.size, self.recorded[key])


class ForgetfulStore(MemoryStore):
    """A server that keeps no digest with an object."""

    def head(self, key: str) -> ObjectInfo | None:
        info = super().head(key)
        return None if info is None else ObjectInfo(info.key, info.size)
