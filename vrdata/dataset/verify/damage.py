"""Committed shards whose data objects are missing or have another size.

One listing of the data objects, of keys and sizes only. A finished run's dataset.json says how
many bytes each generator has, so commit markers are read only of generators whose bytes differ.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from vrdata.bounded.parallel import in_order
from vrdata.dataset import layout
from vrdata.dataset.commits import iter_records, read_head
from vrdata.dataset.finish.summary import load_summary
from vrdata.dataset.formats.base import Format
from vrdata.dataset.formats.registry import format_of
from vrdata.dataset.manifest import SampleRecord, ShardManifest
from vrdata.errors import InvalidInputError
from vrdata.plan.planned import Plan, PlannedGenerator, Shard
from vrdata.store.port import ObjectInfo, ObjectNotFoundError, ObjectStore

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
    """Objects of one shard in the listing: how many, and how many bytes."""

    objects: int = 0
    bytes: int = 0


def damaged_shards(
    store: ObjectStore, plan: Plan, committed: AbstractSet[Shard]
) -> Iterator[DamagedShard]:
    """The committed shards with missing or damaged data objects, in plan order.

    Objects with the right size and other bytes are not found; `vrdata verify` reads them. Objects
    that belong to no shard are ignored.

    Args:
        store: the run's store.
        plan: the run's plan.
        committed: the shards that have a commit marker.

    Raises:
        DamagedMarkerError: a commit marker that is read is damaged.
        StorageError, StoreAccessError: the store cannot be used.
    """
    output = format_of(plan.output.format)
    stored = _listed(store, plan, output)
    known = _known_bytes(store)
    for planned in plan.generators:
        if _is_whole(planned, stored, known.get(planned.name)):
            continue
        shards = [shard for shard in _shards(planned) if shard in committed]
        heads = in_order(shards, lambda shard: _head(store, shard), CONNECTIONS)
        suspects = [
            head for head in heads if head is not None and _differs(head, stored[_shard(head)])
        ]
        yield from _described(store, output, planned, suspects, stored)


def _known_bytes(store: ObjectStore) -> dict[str, int]:
    """Bytes of each generator's data in a finished run."""
    try:
        summary = load_summary(store)
    except InvalidInputError:  # dataset.json is damaged
        summary = None
    return {} if summary is None else {one.name: one.bytes for one in summary.generators}


def _listed(store: ObjectStore, plan: Plan, output: Format) -> defaultdict[Shard, _Stored]:
    stored: defaultdict[Shard, _Stored] = defaultdict(_Stored)
    shard_of = _Locator(plan, output)
    for info in store.list_after(_folder(plan, output)):
        shard = shard_of(info)
        if shard is not None:
            stored[shard].objects += 1
            stored[shard].bytes += info.size
    return stored


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


def _is_whole(
    planned: PlannedGenerator, stored: defaultdict[Shard, _Stored], known: int | None
) -> bool:
    """Whether a generator has objects of each shard and the known number of bytes."""
    found = [stored[shard] for shard in _shards(planned) if shard in stored]
    return len(found) == planned.shards and sum(one.bytes for one in found) == known


def _head(store: ObjectStore, shard: Shard) -> ShardManifest | None:
    try:
        return read_head(store, *shard)
    except ObjectNotFoundError:  # removed since it was listed: missing, not damaged
        return None


def _differs(head: ShardManifest, stored: _Stored) -> bool:
    objects = head.files.objects if head.files is not None else 1
    return (stored.objects, stored.bytes) != (objects, head.bytes)


def _described(
    store: ObjectStore,
    output: Format,
    planned: PlannedGenerator,
    suspects: list[ShardManifest],
    stored: defaultdict[Shard, _Stored],
) -> Iterator[DamagedShard]:
    if not suspects:
        return
    if not output.is_archive:
        yield from _damaged_files(store, output, planned, suspects)
        return
    for head in suspects:
        shard, found = _shard(head), stored[_shard(head)]
        key = _archive_key(output, planned, head.shard)
        what = f"has {found.bytes} bytes instead of {head.bytes}" if found.objects else "is missing"
        yield DamagedShard(shard, f"{key} {what}")


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
    for record in iter_records(store, head):
        if not isinstance(record, SampleRecord):
            continue
        for file in record.files:
            key = output.path(head.generator, record, file.name)
            if key not in sizes:
                yield f"{key} is missing"
            elif sizes[key] != file.size:
                yield f"{key} has {sizes[key]} bytes instead of {file.size}"


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
