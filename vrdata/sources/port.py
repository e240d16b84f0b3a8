"""The interface of a source: pin it, list its parts, fetch one part."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from vrdata.errors import InvalidInputError, NotFoundError
from vrdata.store.port import StorageError

_CLUSTER = 4096  # bytes: a smaller file takes as much space
PartFormat = Literal["files", "parquet", "rows", "arrow", "jsonl", "csv"]
WHOLE = frozenset({"files", "rows"})
"""Formats whose items are not one row of a table: a converter reads their files."""

IN_PLACE = frozenset({"parquet", "rows"})
"""Formats whose staged files keep their size, with each range at its offset."""


class SourceNotFoundError(NotFoundError):
    """There is no such set, configuration, split, revision or file; the error lists what exists."""


class SourceAccessError(NotFoundError):
    """The token or keys do not allow it; the error names the variable or Secret to set."""


class SourceUnavailableError(StorageError):
    """It does not answer, is overloaded or has failed: a later request can succeed.

    Attributes:
        retry_after: seconds that the server asks to wait; None = it does not say.
    """

    retry_after: float | None = None


class SourceChangedError(InvalidInputError):
    """A file is no longer the one that was pinned."""


@dataclass(frozen=True, slots=True)
class PartFile:
    """A file of a part.

    Attributes:
        name: path below the source, with `/`, without `..` (see vrdata.store.keys).
        size: bytes of the whole file.
        digest: `sha256:…`, `etag:…` or `git:…` (sha1 of a git blob) of the whole file, or
            `ranges:…`, the sha256 of the bytes of its ranges; "" = none.
        ranges: the bytes `[start, stop)` that the part needs, ascending; empty = all. A Parquet
            file keeps its size when it is staged: see `IN_PLACE`. In the other
            formats, the ranges one after the other are a table of their own: the header and some
            rows of a CSV file, the schema and one record batch of an Arrow file.
    """

    name: str
    size: int
    digest: str = ""
    ranges: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """What is fetched together: a row group of a table, or a file with its companions.

    Attributes:
        first: index of its first item.
        items: number of its items; 1 for format `files`.
        files: the first one gives the key; the others are its companions, sorted by name.
        format: of the first file; `files` = the files are the item; `rows` = an item is all rows
            of one item of a run, in a Parquet file.
        group: number of the row group in a Parquet file; None = the staged file is the part.
        row: number of its first item in the whole table, or in the run, from 0.
    """

    first: int
    items: int
    files: tuple[PartFile, ...]
    format: PartFormat = "files"
    group: int | None = None
    row: int = 0

    @property
    def bytes(self) -> int:
        """Bytes to fetch."""
        return sum(
            sum(stop - start for start, stop in file.ranges) if file.ranges else file.size
            for file in self.files
        )

    @property
    def disk_bytes(self) -> int:
        """Bytes that it takes on a file system."""
        single = self.bytes + _CLUSTER * len(self.files)
        return -(-single // _CLUSTER) * _CLUSTER

    def key(self, item: int) -> str:
        """The key of one of its items: the name of its file, and `#ROW` of the table or `#ITEM`.

        Args:
            item: its index in the source.
        """
        name = self.files[0].name
        return name if self.format == "files" else f"{name}#{self.row + item - self.first}"


@dataclass(frozen=True, slots=True)
class Resolved:
    """A pinned source.

    Attributes:
        revision: the commit of a Hub dataset; "" for others.
        licence: as the source declares it, or "".
        parts: in the order of their items; read once.
    """

    revision: str
    licence: str
    parts: Iterator[Part]


OnRead = Callable[[str, int], None]
"""Called with the name of a file and the number of bytes that were just read."""


def ignore_reads(name: str, size: int) -> None:
    """Report nothing."""


class Source(Protocol):
    """Existing data at one URL."""

    def resolve(self, limit: int | None, on_read: OnRead = ignore_reads) -> Resolved:
        """Pin it and list its parts; the order is the same each time.

        Args:
            limit: the most items; no more of the source is read than they need.
            on_read: called after each read.

        Raises:
            SourceNotFoundError, SourceAccessError, SourceUnavailableError: it cannot be listed.
            InvalidInputError: a table is damaged.
        """
        ...

    def stage(self, part: Part, folder: Path) -> None:
        """Fetch the files of a part to `folder/{name}`.

        Args:
            part: of the pinned list.
            folder: an existing empty folder.

        Raises:
            SourceChangedError: a file is another one, or missing.
            SourceAccessError, SourceUnavailableError: it cannot be fetched; `folder` may have part
                of it.
            OSError: `folder` cannot be written.
        """
        ...
