"""Find objects that are not part of a run; readers that list the store would use them as data."""

from __future__ import annotations

from collections.abc import Iterator

from vrdata.bounded.closing import Closing
from vrdata.bounded.sorting import RUN_LINES, SortedLines
from vrdata.dataset import layout
from vrdata.dataset.checks.problems import Problem, ProblemLog, problem
from vrdata.dataset.formats.registry import format_of
from vrdata.dataset.manifest import SampleRecord, ShardManifest
from vrdata.plan.planned import Plan, Shard
from vrdata.store.keys import key_problem
from vrdata.store.port import ObjectInfo, ObjectStore


def stray_problems(store: ObjectStore, plan: Plan) -> tuple[set[Shard], ProblemLog]:
    """The plan's shards that have a marker, and objects beside its markers and archives.

    Two listings; one in format files, where `SampleFiles` finds stray objects. Memory grows with
    shards, not with samples.

    Raises:
        StorageError: the store cannot be used.
    """
    committed: set[Shard] = set()
    log = ProblemLog()
    shards = {planned.name: planned.shards for planned in plan.generators}
    for info in store.list_after(layout.COMMITS):
        try:
            shard = layout.parse_commit_key(info.key)
        except ValueError:
            shard = Shard("", 0)
        planned = shard.number < shards.get(shard.generator, 0)
        if planned and info.key == layout.commit_key(*shard):
            committed.add(shard)
        else:
            log.extend([problem("ExtraMarker", info.key, "the plan has no such shard")])
    if format_of(plan.output.format).is_archive:
        known = _known_archives(plan)
        log.extend(_stray(info.key) for info in _data(store) if info.key not in known)
    return committed, log


class SampleFiles(Closing):
    """Finds objects that are no sample's file in a run in format files; a context manager.

    Keys of the markers and of the listing are merged in order, so memory is bounded. In another
    format it finds nothing. Threads may add samples concurrently.

    Args:
        plan: the run's plan.
        run_lines: keys kept in memory (see vrdata.bounded.sorting).
    """

    def __init__(self, plan: Plan, run_lines: int = RUN_LINES) -> None:
        self._path = format_of(plan.output.format).path
        self._wanted = not format_of(plan.output.format).is_archive
        self._planned = {planned.name: planned for planned in plan.generators}
        self._known = SortedLines(run_lines)
        self._shards: set[Shard] = set()

    def close(self) -> None:
        """See `Closing.close`."""
        self._known.close()

    def add(self, manifest: ShardManifest, sample: SampleRecord) -> None:
        """Add a sample's files. Raises OSError when the disk is full."""
        for file in sample.files if self._wanted else ():
            key = self._path(manifest.generator, sample, file.name)
            if not key_problem(key):  # no object can have another key
                self._known.add(f"{key}\n".encode())

    def add_shard(self, manifest: ShardManifest) -> None:
        """Add a shard all of whose samples were added."""
        self._shards.add(Shard(manifest.generator, manifest.shard))

    def strays(self, store: ObjectStore) -> Iterator[Problem]:
        """Objects that no marker lists; of shards that were not added, objects outside the shard.

        One listing. A shard that is not committed may have files of an interrupted attempt.

        Raises:
            OSError: the disk is full.
            StorageError: the store cannot be used.
        """
        known = iter(self._known)
        line = next(known, None)
        for info in _data(store) if self._wanted else ():
            key = f"{info.key}\n".encode()
            while line is not None and line < key:
                line = next(known, None)
            if line != key and not self._is_of_open_shard(info.key):
                yield _stray(info.key)

    def _is_of_open_shard(self, key: str) -> bool:
        try:
            name, index = layout.parse_file_key(key)
        except ValueError:
            return False
        generator = self._planned.get(name)
        if generator is None or not generator.start <= index < generator.stop:
            return False
        return Shard(name, generator.shard_of(index)) not in self._shards


def _data(store: ObjectStore) -> Iterator[ObjectInfo]:
    for folder in layout.DATA:
        yield from store.list_after(folder)


def _stray(key: str) -> Problem:
    return problem("ExtraObject", key, "neither the plan nor a commit marker lists it")


def _known_archives(plan: Plan) -> frozenset[str]:
    ranges = (planned.shard(at) for planned in plan.generators for at in range(planned.shards))
    output = format_of(plan.output.format)
    return frozenset(key for shard in ranges for key in output.keys(shard, ()))
