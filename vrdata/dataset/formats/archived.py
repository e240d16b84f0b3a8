"""What the archive formats share: one object a shard, read from start to end."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, Protocol

from vrdata.dataset.formats.archive import Archive, DamagedArchiveError, Member
from vrdata.dataset.formats.base import Format, ShardPlace
from vrdata.dataset.manifest import DataObject, FileRecord, SampleRecord
from vrdata.store.port import ObjectStore


class StoredArchive(Protocol):
    """An archive that is read once; errors as those of `Archive`."""

    def members(self) -> Iterator[Member]:
        """Each file in turn, in the order of the samples; memory holds few of them."""

    def sha256(self) -> str:
        """Hex digest of the whole object; reads to its end."""


class ArchiveFormat(Format):
    """A format with one archive for each shard."""

    is_archive: ClassVar[bool] = True

    @abstractmethod
    def archive_key(self, shard: ShardPlace) -> str:
        """Key of a shard's archive."""

    def open_archive(self, store: ObjectStore, key: str, size: int) -> StoredArchive:
        """A stored archive, to be read once from start to end.

        Args:
            store: the store that holds it.
            key: its key.
            size: its size in bytes.
        """
        return Archive(store, key, size)

    def keys(self, shard: ShardPlace, samples: Iterable[SampleRecord]) -> Iterator[str]:
        """See Format."""
        del samples
        yield self.archive_key(shard)

    def container(self, shard: ShardPlace, sample: SampleRecord) -> str:
        """See Format."""
        del sample
        return self.archive_key(shard)

    def stored_files(
        self, store: ObjectStore, data: Sequence[DataObject]
    ) -> Iterator[tuple[int, FileRecord]]:
        """See Format."""
        for member in self._members(store, data):
            index, name = self.locate(member.name)
            yield (
                index,
                FileRecord(
                    name=name,
                    size=len(member.body),
                    sha256=hashlib.sha256(member.body).hexdigest(),
                    offset=member.offset,
                ),
            )

    def read_samples(
        self,
        store: ObjectStore,
        generator: str,
        samples: Iterable[SampleRecord],
        data: Sequence[DataObject],
    ) -> Iterator[tuple[SampleRecord, dict[str, bytes]]]:
        """See Format; one pass over the archive."""
        members = self._members(store, data)
        for sample in samples:
            paths = {file.name: self.path(generator, sample, file.name) for file in sample.files}
            yield sample, {name: _next(members, path, data) for name, path in paths.items()}

    def read_file(
        self,
        store: ObjectStore,
        generator: str,
        sample: SampleRecord,
        record: FileRecord,
        data: Sequence[DataObject],
    ) -> bytes:
        """See Format; one request for a range where the offset is known."""
        if record.offset is not None:
            return store.get_range(data[0].key, record.offset, record.size)
        path = self.path(generator, sample, record.name)
        members = self._members(store, data)
        return next((member.body for member in members if member.name == path), b"")

    def _members(self, store: ObjectStore, data: Sequence[DataObject]) -> Iterator[Member]:
        return self.open_archive(store, data[0].key, data[0].size).members()


def _next(members: Iterator[Member], path: str, data: Sequence[DataObject]) -> bytes:
    member = next(members, None)
    if member is None or member.name != path:
        raise DamagedArchiveError(
            f"{path} is not in {data[0].key} where it should be",
            why="the archive ends before it" if member is None else f"{member.name!r} is there",
        )
    return member.body
