"""Committed shards whose data objects are missing or damaged: one listing against the markers.

By size: commit markers are read only of generators whose bytes in the listing are not those that
are known. By time: an object that was written after its commit marker was replaced, and is read.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from vrdata.bounded.parallel import in_order
from vrdata.dataset import layout
from vrdata.dataset.commits import iter_records, read_head
from vrdata.dataset.formats.base import Format
from vrdata.dataset.formats.registry import format_of
from vrdata.dataset.manifest import SampleRecord, ShardManifest
from vrdata.plan.planned import Plan, PlannedGenerator, Shard
from vrdata.store.port import ObjectInfo, ObjectNotFoundError, ObjectStore
from vrdata.store.streaming import sha256_object

CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class DamagedShard:
    """A committed shard that must be generated again.

    Attributes:
        what: what is wrong with its first missing or damaged object.
    """

    shard: Shard
    what: str


@dataclass(slots=True)
class _Stored:
    """Objects of one shard in the listing: how many, how many bytes, when the last was written."""

    objects: int = 0
    bytes: int = 0
    modified: float = 0.0


class DataListing:
    """One listing of a run's data objects. Objects that belong to no shard are ignored.

    Args:
        store: the run's store.
        plan: the run's plan.
    """

    def __init__(self, store: ObjectStore, plan: Plan) -> None:
        self._store = store
        self._plan = plan
        self._format = format_of(plan.output.format)
        self._shard_of = _Locator(plan, self._format)
        self._stored: defaultdict[Shard, _Stored] = defaultdict(_Stored)
        self._rest = store.list_after(_folder(plan, self._format))

    def read(self, deadline: float = float("inf")) -> bool:
        """Continue the listing until it ends or until the deadline.

        Args:
            deadline: as `time.monotonic` counts.

        Returns:
            Whether the listing has ended.

        Raises:
            StorageError, StoreAccessError: the store cannot be used; begin a new listing.
        """
        for info in self._rest:
            shard = self._shard_of(info)
            if shard is not None:
                stored = self._stored[shard]
                stored.objects += 1
                stored.bytes += info.size
                stored.modified = max(stored.modified, info.modified or 0.0)
            if time.monotonic() >= deadline:
                return False
        return True

    def damaged(
        self, committed: AbstractSet[Shard], known: Mapping[str, int]
    ) -> Iterator[DamagedShard]:
        """The committed shards with missing objects or objects of another size, in plan order.

        Args:
            committed: the shards that have a commit marker.
            known: bytes of each generator's data in these shards, as far as known; commit markers
                are not read of a generator with objects of each shard and this number of bytes.

        Raises:
            DamagedMarkerError: a commit marker that is read is damaged.
            StorageError, StoreAccessError: the store cannot be used.
        """
        for planned in self._plan.generators:
            shards = [shard for shard in _shards(planned) if shard in committed]
            if self._is_whole(shards, known.get(planned.name)):
                continue
            suspects = [head for head in self._heads(shards) if self._differs(head)]
            yield from self._described(planned, suspects)

    def modified(self, shard: Shard) -> float:
        """When the shard's last object was written, as `ObjectInfo.modified`; 0 = not known."""
        return self._stored[shard].modified

    def late(self, written: Mapping[Shard, float | None], read: float = 0.0) -> list[Shard]:
        """Shards with an object that was written after its commit marker; see `replaced`."""
        return [
            shard
            for shard, at in written.items()
            if at and self._stored[shard].modified > max(at, read)
        ]

    def replaced(
        self, written: Mapping[Shard, float | None], read: float = 0.0
    ) -> Iterator[DamagedShard]:
        """Shards with an object that was written after its commit marker and has other bytes.

        The commit marker is always written last, so such an object was replaced, or restored. It
        is read.

        Args:
            written: when the marker of each committed shard was written, as listings say.
            read: objects that were written until then have been read.

        Raises:
            As `damaged`.
        """
        for head in self._heads(self.late(written, read)):
            since = max(written[_shard(head)] or 0.0, read)
            what = next(self._other_bytes(head, since), None)
            if what is not None:
                yield DamagedShard(_shard(head), what)

    def _heads(self, shards: Iterable[Shard]) -> Iterator[ShardManifest]:
        heads = in_order(shards, lambda shard: _head(self._store, shard), CONNECTIONS)
        return (head for head in heads if head is not None)

    def _is_whole(self, shards: list[Shard], known: int | None) -> bool:
        """Whether there are objects of each of these shards, and the known number of bytes."""
        found = [self._stored[shard] for shard in shards if shard in self._stored]
        return len(found) == len(shards) and sum(one.bytes for one in found) == known

    def _differs(self, head: ShardManifest) -> bool:
        objects = head.files.objects if head.files is not None else 1
        stored = self._stored[_shard(head)]
        return (stored.objects, stored.bytes) != (objects, head.bytes)

    def _described(
        self, planned: PlannedGenerator, suspects: list[ShardManifest]
    ) -> Iterator[DamagedShard]:
        if not suspects:
            return
        if not self._format.is_archive:
            yield from _damaged_files(self._store, self._format, planned, suspects)
            return
        for head in suspects:
            shard, found = _shard(head), self._stored[_shard(head)]
            key = _archive_key(self._format, planned, head.shard)
            instead = f"has {found.bytes} bytes instead of {head.bytes}"
            yield DamagedShard(shard, f"{key} {instead if found.objects else 'is missing'}")

    def _other_bytes(self, head: ShardManifest, since: float) -> Iterator[str]:
        """What is wrong with the shard's objects that were written after this time."""
        for key, size, sha256 in _objects(self._store, self._format, head):
            info = next(self._store.list_after(key), None)
            if info is None or info.key != key:
                yield f"{key} is missing"
            elif info.size != size:
                yield f"{key} has {info.size} bytes instead of {size}"
            elif (info.modified or 0.0) > since and sha256_object(self._store, key, size) != sha256:
                yield f"{key} has other bytes than its commit marker records"


class _Locator:
    """Finds the shard of a data object by its key."""

    def __init__(self, plan: Plan, output: Format) -> None:
        self._generators = {planned.name: planned for planned in plan.generators}
        self._archives = (
            {
                _archive_key(output, planned, shard.number): shard
                for planned in plan.generators
                for shard in _shards(planned)
            }
            if output.is_archive
            else None
        )

    def __call__(self, info: ObjectInfo) -> Shard | None:
        """The shard, or None when the key belongs to none."""
        if self._archives is not None:
            return self._archives.get(info.key)
        try:
            name, sample = layout.parse_file_key(info.key)
            return Shard(name, self._generators[name].shard_of(sample))
        except (ValueError, KeyError, IndexError):
            return None


def _head(store: ObjectStore, shard: Shard) -> ShardManifest | None:
    try:
        return read_head(store, *shard)
    except ObjectNotFoundError:  # removed since it was listed: missing, not damaged
        return None


def _damaged_files(
    store: ObjectStore, output: Format, planned: PlannedGenerator, suspects: list[ShardManifest]
) -> Iterator[DamagedShard]:
    """Shards of format files, compared file by file: an extra file is no damage."""
    numbers = {head.shard for head in suspects}
    sizes = {
        info.key: info.size
        for info in store.list_after(f"{layout.QUESTIONS}{planned.name}/")
        if _number(planned, info.key) in numbers
    }
    for head in suspects:
        what = next(_wrong_files(store, output, head, sizes), None)
        if what is not None:
            yield DamagedShard(_shard(head), what)


def _wrong_files(
    store: ObjectStore, output: Format, head: ShardManifest, sizes: dict[str, int]
) -> Iterator[str]:
    for key, size, _ in _objects(store, output, head):
        if key not in sizes:
            yield f"{key} is missing"
        elif sizes[key] != size:
            yield f"{key} has {sizes[key]} bytes instead of {size}"


def _objects(
    store: ObjectStore, output: Format, head: ShardManifest
) -> Iterator[tuple[str, int, str]]:
    """Key, size and sha256 of each data object of a shard."""
    for item in head.data:
        yield item.key, item.size, item.sha256
    for record in iter_records(store, head) if head.archive is None else ():
        if isinstance(record, SampleRecord):
            for file in record.files:
                yield output.path(head.generator, record, file.name), file.size, file.sha256


def _number(planned: PlannedGenerator, key: str) -> int | None:
    try:
        return planned.shard_of(layout.parse_file_key(key)[1])
    except (ValueError, IndexError):
        return None


def _folder(plan: Plan, output: Format) -> str:
    """The folder with all data objects of a run."""
    if not output.is_archive:
        return layout.QUESTIONS
    return _archive_key(output, plan.generators[0], 0).partition("/")[0] + "/"


def _archive_key(output: Format, planned: PlannedGenerator, number: int) -> str:
    return next(iter(output.keys(planned.shard(number), ())))


def _shards(planned: PlannedGenerator) -> Iterable[Shard]:
    return (Shard(planned.name, number) for number in range(planned.shards))


def _shard(head: ShardManifest) -> Shard:
    return Shard(head.generator, head.shard)
