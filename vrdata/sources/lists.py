"""The stored list of a source: resolve it to a file, store it, and write it again if it is lost."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple, cast

import pyarrow as pa

from vrdata.api.source import SourceSpec
from vrdata.sources.opening import open_source
from vrdata.sources.parts import PartList, list_digest, write_parts
from vrdata.sources.port import OnRead, SourceChangedError
from vrdata.sources.room import Needs
from vrdata.store.port import ObjectStore
from vrdata.store.streaming import StoredFile, sha256_file


@dataclass(frozen=True, slots=True)
class ListedSource:
    """A source whose list is stored.

    Attributes:
        key: of the list in the store of the run.
        spec: the source.
        whole: as `open_source`.
        block_size: items of a block; 0 = it is not known.
    """

    key: str
    spec: SourceSpec
    whole: bool = False
    block_size: int = 0


class SourceList(NamedTuple):
    """A source that was resolved, and the file with its list.

    Attributes:
        key: of the list in the store of the run.
        needs: what its parts need.
    """

    key: str
    file: Path
    revision: str
    licence: str
    parts: PartList
    needs: Needs


def temporary() -> IO[bytes]:
    """A file for a list, which is deleted when it is closed."""
    return tempfile.NamedTemporaryFile(prefix="vrdata-items-")


def resolve_list(source: ListedSource, file: IO[bytes], on_read: OnRead) -> SourceList:
    """Resolve a source, and write its list to a file.

    Raises:
        InvalidInputError: it cannot be used, or a table of it is damaged.
        SourceNotFoundError, SourceAccessError, SourceUnavailableError: it cannot be listed.
    """
    spec = source.spec
    resolved = open_source(spec, whole=source.whole).resolve(spec.limit, on_read)
    needs = Needs(source.block_size)
    listed = write_parts(needs.measured(resolved.parts), file)
    file.flush()
    return SourceList(
        key=source.key,
        file=Path(file.name),
        revision=resolved.revision,
        licence=resolved.licence,
        parts=listed,
        needs=needs,
    )


def restore_list(source: ListedSource, digest: str, store: ObjectStore, on_read: OnRead) -> None:
    """Write a list again that is missing, or that another pin has written.

    Args:
        source: with the pinned revision.
        digest: of the list that was pinned.
        store: the run's.
        on_read: called after each read of the source.

    Raises:
        SourceChangedError: the source has changed.
    """
    if _stored_digest(source.key, store) == digest:
        return
    with temporary() as file:
        again = resolve_list(source, file, on_read)
        if again.parts.digest != digest:
            raise SourceChangedError(
                f"{source.spec.url} has changed since the run began",
                why=f"{source.key} is missing, and cannot be written again as it was",
                fix="restore the source, or begin a new run (metadata.name) or import (--output)",
            )
        put_list(again, store)


def put_list(found: SourceList, store: ObjectStore) -> None:
    """Store a list, instead of one with another digest."""
    sha256 = sha256_file(found.file)
    if store.put_new(found.key, found.file, sha256=sha256):
        return
    if _stored_digest(found.key, store) != found.parts.digest:
        store.delete(found.key)
        store.put_new(found.key, found.file, sha256=sha256)


def _stored_digest(key: str, store: ObjectStore) -> str:
    """The digest of the stored list; "" if there is none, or it is damaged."""
    info = store.head(key)
    if info is None:
        return ""
    try:
        return list_digest(cast("BinaryIO", StoredFile(store, key, info.size)))
    except (pa.ArrowException, OSError):
        return ""
