"""Where a table and its media are: a local folder, or a bucket."""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

from vrdata.errors import NotFoundError
from vrdata.store.opening import open_store
from vrdata.store.port import ObjectStore
from vrdata.store.streaming import StoredFile

_READ_AHEAD = 4 * 2**20
"""Bytes of a request: the columns of a row group lie next to each other."""


@dataclass(frozen=True, slots=True)
class Access:
    """How a bucket is reached; the arguments of `vrdata.store.opening.open_store`."""

    endpoint: str = ""
    region: str = ""
    profile: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """One file.

    Attributes:
        folder: a local folder, or `s3://bucket/prefix`.
        name: below it, with `/`.
        access: of a bucket.
    """

    folder: str
    name: str
    access: Access = Access()

    def __str__(self) -> str:
        return f"{self.folder.rstrip('/')}/{self.name}" if self.stored else str(self.path)

    @property
    def stored(self) -> bool:
        """Whether it is an object of a bucket."""
        return "://" in self.folder

    @property
    def path(self) -> Path:
        """The path of a local file."""
        return Path(self.folder, self.name)

    def beside(self, relative: str) -> Place:
        """A file that is named relative to the folder of this one."""
        return Place(self.folder, str(PurePosixPath(self.name).parent / relative), self.access)

    def size(self) -> int:
        """Its bytes. Raises NotFoundError, StorageError."""
        if self.stored:
            info = _store(self.folder, self.access).head(self.name)
            if info is None:
                raise _missing(self)
            return info.size
        try:
            return self.path.stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            raise _missing(self) from None

    def open(self) -> BinaryIO:
        """A file to read and seek in. Raises NotFoundError, StorageError, OSError."""
        if not self.stored:
            try:
                return self.path.open("rb")
            except (FileNotFoundError, NotADirectoryError):
                raise _missing(self) from None
        raw = StoredFile(_store(self.folder, self.access), self.name, self.size())
        return cast("BinaryIO", io.BufferedReader(raw, _READ_AHEAD))

    def parquet(self) -> Any:
        """What `vrdata.parquet.open_parquet` reads: a local path is faster than a Python file."""
        return self.open() if self.stored else str(self.path)


def place_of(file: str | Path, access: Access) -> Place:
    """The place that a user names: a path, or `s3://bucket/key`."""
    text = str(file)
    if "://" in text:
        folder, _, name = text.rpartition("/")
        return Place(folder, name, access)
    path = Path(file).absolute()
    return Place(str(path.parent), path.name, access)


def read_small(place: Place) -> bytes | None:
    """A small file; None = there is none. Raises StorageError, OSError."""
    try:
        with place.open() as stream:
            return stream.read()
    except NotFoundError:
        return None


def write_small(place: Place, body: bytes) -> None:
    """Create a small file, whole or not at all. Raises StorageError, StoreAccessError, OSError."""
    if place.stored:
        digest = hashlib.sha256(body).hexdigest()
        _store(place.folder, place.access).put_new(place.name, body, sha256=digest)
        return
    new = place.path.with_name(f".{place.path.name}.{os.getpid()}.part")
    try:
        new.write_bytes(body)
        new.replace(place.path)
    finally:
        new.unlink(missing_ok=True)


_stores: dict[tuple[int, str, Access], ObjectStore] = {}


def _store(folder: str, access: Access) -> ObjectStore:
    """The store of this process: the connections of a parent must not be used."""
    key = (os.getpid(), folder, access)
    if key not in _stores:
        _stores[key] = open_store(
            folder, endpoint=access.endpoint, region=access.region, profile=access.profile
        )
    return _stores[key]


def _missing(place: Place) -> NotFoundError:
    return NotFoundError(f"{place} does not exist", fix="check the name")
