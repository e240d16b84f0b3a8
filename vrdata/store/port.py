"""The interface of an object store: create-only writes, reads, listing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from vrdata.errors import ExitCode, NotFoundError, VrdataError


class StorageError(VrdataError):
    """The store cannot be used now: unreachable, full, read-only or faulty."""

    exit_code = ExitCode.STORAGE


class StoreUnreachableError(StorageError):
    """The store does not answer, is overloaded or has failed: a later request can succeed."""


class StoreAccessError(NotFoundError):
    """The bucket or root does not exist, or the credentials do not allow its use."""


class PermissionRefusedError(StoreAccessError):
    """The credentials are valid and do not allow this request; others they may."""


class ObjectNotFoundError(NotFoundError):
    """No object has this key."""


class DigestMismatchError(StorageError):
    """An object's bytes do not have the expected size or sha256."""


class KeyConflictError(StorageError):
    """This key cannot be used in this store; other keys can."""


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """The facts that a listing or a head request returns of an object.

    Attributes:
        key: key below the store's root, no leading slash.
        size: bytes.
        sha256: hex digest recorded by the writer; None if the request does not return it
            (listings never do).
        modified: when it was written, in seconds since the epoch, by the store's own clock; None if
            the server does not say. S3 servers count whole seconds.
        etag: the server's name for these bytes: another one after each write of other bytes; ""
            if there is none.
    """

    key: str
    size: int
    sha256: str | None = None
    modified: float | None = field(default=None, compare=False)
    etag: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class NewObject:
    """An object to create; see `ObjectStore.put_new`."""

    key: str
    body: bytes | Path
    sha256: str
    content_type: str = ""


class ObjectStore(Protocol):
    """A flat space of immutable objects below one root (a folder, or a bucket and prefix)."""

    @property
    def url(self) -> str:
        """The root, as a user would write it, without credentials."""
        ...

    @property
    def limits(self) -> Mapping[str, str]:
        """What the server was found to lack so far: a header, and the server's answer to it.

        With `If-None-Match` in it, writes are not atomic: each one checks that its key is free.
        """
        ...

    def put_new(self, key: str, body: bytes | Path, *, sha256: str, content_type: str = "") -> bool:
        """Create an object atomically and durably, only if the key is free.

        Args:
            key: key below the root.
            body: the bytes, or the path of a local file that holds them.
            sha256: hex digest of the bytes; stored with the object and checked by the server.
            content_type: MIME type; derived from the key's extension if empty.

        Returns:
            True if this call created the object, False if the key existed (the existing object
            is unchanged; the caller compares `head(key).sha256`).

        Raises:
            InvalidInputError: the key is invalid (see vrdata.store.keys).
            DigestMismatchError: the bytes do not have this sha256.
            StorageError: the store cannot be used.
            StoreAccessError: no such bucket or no permission.
        """
        ...

    def get(self, key: str) -> bytes:
        """The whole object (for small objects). Raises ObjectNotFoundError, StorageError."""
        ...

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """`length` bytes from byte `start`; fewer at the object's end. Raises as `get`."""
        ...

    def head(self, key: str) -> ObjectInfo | None:
        """Size and recorded sha256, or None if the object does not exist."""
        ...

    def list_after(self, prefix: str, after: str = "") -> Iterator[ObjectInfo]:
        """Objects whose key starts with `prefix` and sorts after `after`, in key order."""
        ...

    def delete(self, key: str) -> None:
        """Delete an object; deleting a missing one is not an error."""
        ...


@runtime_checkable
class JoinedWrites(Protocol):
    """A store that may create several objects with less work than one after the other."""

    def put_together(self, objects: Sequence[NewObject]) -> list[bool] | None:
        """Create objects; each one appears as a whole, durably, only if its key is free.

        Args:
            objects: some dozens.

        Returns:
            For each, what `put_new` returns; None = nothing was done, because this store gains
            nothing by it.

        Raises:
            As `put_new`; then any of them may exist.
        """
        ...


def put_together(store: ObjectStore, objects: Sequence[NewObject]) -> list[bool] | None:
    """`JoinedWrites.put_together` of a store; None if it has no such request."""
    return store.put_together(objects) if isinstance(store, JoinedWrites) else None
