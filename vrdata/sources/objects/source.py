"""A folder or a bucket as a source."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from vrdata.dataset import layout
from vrdata.sources.objects.errors import as_source_errors
from vrdata.sources.objects.grouping import Group, grouped, is_data
from vrdata.sources.objects.listing import Listed
from vrdata.sources.objects.runs import run_parts
from vrdata.sources.parts import cut_parts
from vrdata.sources.port import (
    OnRead,
    Part,
    PartFile,
    Resolved,
    SourceNotFoundError,
    ignore_reads,
)
from vrdata.sources.staged import RANGES, SHA256, changed, write_staged
from vrdata.sources.tables.companions import METADATA, Find
from vrdata.sources.tables.formats import table_format
from vrdata.sources.tables.parts import parts_of_table
from vrdata.store.port import ObjectStore
from vrdata.store.streaming import CHUNK, StoredFile

NAMED = 5  # files that an error names
DIGESTS = 1000
"""Files whose digest is cached: many rows can name the same file."""

_ETAG = "etag:"


class Root(NamedTuple):
    """Where files are.

    Attributes:
        store: reads them.
        names: lists them in the order of their names' bytes.
        find: finds a file that a row of a table names; None = only the table is part of the source.
    """

    store: ObjectStore
    names: Callable[[], Iterator[Listed]]
    find: Find | None = None


class _ReportingFile(StoredFile):
    """A stored file that reports what is read."""

    def __init__(self, store: ObjectStore, key: str, size: int, on_read: OnRead) -> None:
        super().__init__(store, key, size)
        self._on_read = on_read

    def read_range(self, start: int, size: int) -> bytes:
        body = super().read_range(start, size)
        self._on_read(self.key, len(body))
        return body


class ObjectsSource:
    """Files below one root; see `Source`.

    Args:
        root: finds the root, when it is needed first; raises SourceNotFoundError,
            SourceAccessError or what a store raises.
        url: as the user wrote it.
        include: see `included`.
    """

    def __init__(self, root: Callable[[], Root], url: str, include: tuple[str, ...]) -> None:
        self._root, self._url, self._include = lru_cache(1)(root), url, include
        self._on_read: OnRead = ignore_reads

    def resolve(self, limit: int | None, on_read: OnRead = ignore_reads) -> Resolved:
        """List the parts; see `Source.resolve`. Files without an ETag are read for their digest."""
        self._on_read = on_read
        return Resolved("", "", self._resolved(limit))

    def stage(self, part: Part, folder: Path) -> None:
        """Fetch a part's files; see `Source.stage`."""
        for file in part.files:
            with as_source_errors(self._url, file):
                md5 = hashlib.md5(usedforsecurity=False)
                write_staged(file, part.format, folder, partial(self._fetch, file, md5.update))
                self._check_etag(file, "" if file.ranges else md5.hexdigest())

    def _resolved(self, limit: int | None) -> Iterator[Part]:
        seen: list[str] = []
        with as_source_errors(self._url):
            items, with_digest = 0, lru_cache(DIGESTS)(self._with_digest)
            for part in cut_parts(self._parts(limit, seen), limit):
                yield replace(part, files=tuple(map(with_digest, part.files)))
                items += part.items
            if not items:
                raise self._empty(seen)

    def _parts(self, limit: int | None, seen: list[str]) -> Iterator[Part]:
        if self._is_run():
            seen.append(layout.TABLES)
            yield from run_parts(self._root().store)
            return
        first = 0
        for group in grouped(self._listed(seen), self._include or self._metadata()):
            for part in self._parts_of(group, first, None if limit is None else limit - first):
                yield part
                first += part.items

    def _is_run(self) -> bool:
        """Whether the root is the folder of a run, and no files of it are named."""
        find = self._root().find
        return not self._include and find is not None and find(layout.PLAN) is not None

    def _parts_of(self, group: Group, first: int, limit: int | None) -> Iterator[Part]:
        form = table_format(group.files[0].name)
        if form is None or not group.is_table:
            yield Part(first, 1, tuple(PartFile(*one) for one in group.files))
            return
        name, size, digest = group.files[0]
        file = cast("BinaryIO", _ReportingFile(self._root().store, name, size, self._on_read))
        yield from parts_of_table(file, name, size, digest, form, first, limit, self._root().find)

    def _metadata(self) -> tuple[str, ...]:
        """A glob for the metadata table at the root, whose rows name the other files; () = none."""
        find = self._root().find
        found = tuple(f"/{name}" for name in METADATA if find is not None and find(name))
        if found and all(table_format(one.name) for one in self._root().names() if is_data(one)):
            return ()
        return found

    def _listed(self, seen: list[str]) -> Iterator[Listed]:
        for one in self._root().names():
            if len(seen) <= NAMED:
                seen.append(one.name)
            yield one

    def _with_digest(self, file: PartFile) -> PartFile:
        if file.digest:
            return file
        digest = hashlib.sha256()
        for start, stop in file.ranges or ((0, file.size),):
            for piece in self._pieces(file.name, start, stop):
                digest.update(piece)
                self._on_read(file.name, len(piece))
        return replace(file, digest=(RANGES if file.ranges else SHA256) + digest.hexdigest())

    def _fetch(
        self, file: PartFile, hashed: Callable[[bytes], None], start: int, stop: int
    ) -> Iterator[bytes]:
        for piece in self._pieces(file.name, start, stop):
            if file.digest.startswith(_ETAG):
                hashed(piece)
            yield piece

    def _pieces(self, name: str, start: int, stop: int) -> Iterator[bytes]:
        for at in range(start, stop, CHUNK):
            yield self._root().store.get_range(name, at, min(CHUNK, stop - at))

    def _check_etag(self, file: PartFile, md5: str) -> None:
        """Compare the ETag of an object that was read, unless it is the MD5 of these bytes."""
        if not file.digest.startswith(_ETAG) or file.digest == _ETAG + md5:
            return
        info = self._root().store.head(file.name)
        if info is None or _ETAG + info.etag != file.digest:
            raise changed(file, "its ETag is different" if info else "it no longer exists")

    def _empty(self, seen: list[str]) -> SourceNotFoundError:
        names = ", ".join(islice(seen, NAMED)) + (", ..." if len(seen) > NAMED else "")
        globs = " or ".join(self._include)
        if not seen:
            why = "it has no files, or hidden ones only"
        elif globs:
            why = f"no file matches {globs}, or the tables have no rows; it has {names}"
        else:
            why = f"its tables have no rows; it has {names}"
        fix = "check the URL or path" + (" and source.include" if globs else "")
        return SourceNotFoundError(f"{self._url} has no items", why=why, fix=fix)
