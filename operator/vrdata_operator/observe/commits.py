"""Which shards of one run are committed: first lines of markers, each read once.

Blocking: called in a thread of `Stores`. Work is cut into slices that end at a deadline.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from itertools import islice

from vrdata.contract.groups import FailureGroups
from vrdata.dataset.checks.dropped import dropped_groups
from vrdata.dataset.commits import iter_commits, read_head
from vrdata.dataset.manifest import ShardManifest
from vrdata.errors import OutputConflictError
from vrdata.plan.planned import Plan, Shard
from vrdata.store.port import ObjectNotFoundError, ObjectStore
from vrdata_operator.state.facts import LAST_SHARDS, Reading, Totals
from vrdata_operator.state.shard_sets import ShardSet

BATCH = 16  # markers that one thread reads before it serves another run
LAST_AFTER = (0.5, 10.0)  # seconds after another marker, in which the last ones are read
BATCHES = 16  # of one run in the queue of the threads

Head = tuple[Shard, ShardManifest | None]


class Commits:
    """The commit markers of one run.

    Args:
        store: the run's store.
        plan: its plan.
        plan_hash: the plan's hash.
        readers: threads that read markers, shared by all runs.
        found: called once with the class and the manifest of each committed shard.

    Attributes:
        totals: sums over the committed shards, by class.
        dropped: their failed samples, by generator and reason.
        all_listed: the last full listing contained every shard of the plan.
        recounting: markers were removed, and those that are left are not all read again yet.
    """

    def __init__(
        self,
        store: ObjectStore,
        plan: Plan,
        plan_hash: str,
        readers: Executor,
        found: Callable[[str, ShardManifest], None],
    ) -> None:
        self._store = store
        self._remote = store.url.startswith("s3://")
        self._plan_hash = plan_hash
        self._planned = ShardSet.of_plan(plan)
        self._classes = {item.name: item.generator_class for item in plan.generators}
        self._readers = readers
        self._found = found
        self._reported = ShardSet()
        self._bitmaps: dict[str, int] = {}
        self._shards: ShardSet | None = None
        self._keys: Iterator[Shard] | None = None
        self._before, self._unread = ShardSet(), ShardSet()
        self._listed: dict[str, int] = {}
        self._found_new = 0
        self._found_at = 0.0
        self.totals: dict[str, Totals] = {}
        self.dropped = FailureGroups()
        self.all_listed = False
        self.recounting = False

    @property
    def shards(self) -> ShardSet:
        """The committed shards."""
        if self._shards is None:
            self._shards = ShardSet(self._bitmaps)
        return self._shards

    @property
    def missing(self) -> ShardSet:
        """The plan's other shards, as far as single markers tell."""
        return self._planned - self.shards

    @property
    def all_known(self) -> bool:
        """Whether every shard of the plan is committed, as far as single markers tell."""
        return not self.missing

    @property
    def listing(self) -> Reading | None:
        """How far the full listing is; None when none is in progress."""
        if self._keys is not None:
            return Reading(0, len(self._planned))
        if self._unread:
            return Reading(self._found_new - len(self._unread), self._found_new)
        return None

    def list_all(self) -> None:
        """Begin a full listing of markers; `advance` does the work."""
        self._before, self._listed = self.shards, {}
        self._keys = iter_commits(self._store)

    def advance(self, deadline: float) -> None:
        """Continue the full listing, if there is one, until it ends or until the deadline.

        Args:
            deadline: as `time.monotonic` counts.

        Raises:
            OutputConflictError: a marker belongs to another plan.
            VrdataError: the store cannot be used, or a marker is damaged. The next call
                continues.
        """
        if self._keys is None:
            self._read_last(deadline)
        if self._keys is not None and self._list(self._keys, deadline):
            self._keys = None
            self._compare(ShardSet(self._listed))
        if self._keys is None and self._unread:
            self._unread -= self.shards  # read before an error ended the last call
            self._unread -= self.read(self._unread, deadline)
        self.recounting = self.recounting and self.listing is not None

    def _read_last(self, deadline: float) -> None:
        """Read the last markers soon after others: their Job reports them seconds later."""
        soonest, latest = LAST_AFTER
        since = time.monotonic() - self._found_at
        if soonest <= since <= latest and len(self.missing) <= LAST_SHARDS:
            self.read(self.missing, deadline)

    def read(self, shards: Iterable[Shard], deadline: float) -> ShardSet:
        """Read the markers of these shards, in order, until the deadline.

        A shard without a marker is not committed.

        Returns:
            The shards whose markers were read or are missing; at least one batch.

        Raises:
            As `advance`.
        """
        source = iter(shards)
        waiting: deque[Future[list[Head]]] = deque()
        read: list[Shard] = []
        try:
            while True:
                if read and time.monotonic() >= deadline:
                    while waiting and waiting[-1].cancel():  # what has begun is used
                        waiting.pop()
                else:
                    self._submit(source, waiting)
                if not waiting:
                    return ShardSet.of(read)
                for shard, manifest in waiting.popleft().result():
                    self._add(shard, manifest)
                    read.append(shard)
        finally:
            for future in waiting:
                future.cancel()

    def _list(self, keys: Iterator[Shard], deadline: float) -> bool:
        """Take keys until the deadline; whether there are no more."""
        try:
            for generator, number in keys:
                self._listed[generator] = self._listed.get(generator, 0) | 1 << number
                if time.monotonic() >= deadline:
                    return False
        except BaseException:
            self.list_all()
            raise
        return True

    def _compare(self, listed: ShardSet) -> None:
        self.all_listed = not self._planned - listed
        if self._before - listed:  # markers were removed: their counts are unknown
            self._reported |= self.shards
            self._bitmaps, self._shards, self.totals = {}, None, {}
            self.dropped = FailureGroups()
            self.recounting = True
        self._unread = listed - self.shards
        self._found_new = len(self._unread)

    def _submit(self, source: Iterator[Shard], waiting: deque[Future[list[Head]]]) -> None:
        """Start reading; in a folder by this thread alone: more only wait for each other's GIL."""
        wanted = BATCHES if self._remote else 1
        while len(waiting) < wanted and (batch := list(islice(source, BATCH))):
            if self._remote:
                waiting.append(self._readers.submit(self._read_batch, batch))
            else:
                waiting.append(Future())
                waiting[-1].set_result(self._read_batch(batch))

    def _read_batch(self, shards: list[Shard]) -> list[Head]:
        return [(shard, self._head(shard)) for shard in shards]

    def _head(self, shard: Shard) -> ShardManifest | None:
        try:
            return read_head(self._store, *shard)
        except ObjectNotFoundError:
            return None

    def _add(self, shard: Shard, manifest: ShardManifest | None) -> None:
        if manifest is None or self._bitmaps.get(shard.generator, 0) >> shard.number & 1:
            return
        if manifest.plan != self._plan_hash or manifest.generator not in self._classes:
            raise OutputConflictError(
                f"shard {manifest.shard} of {manifest.generator} belongs to another plan",
                why=f"its marker names {manifest.plan[:19]}, the run's plan is "
                f"{self._plan_hash[:19]}",
                fix="use another name or prefix",
            )
        name = self._classes[shard.generator]
        old = self.totals.get(name, Totals())
        self.totals[name] = Totals(
            shards=old.shards + 1,
            samples=old.samples + manifest.samples,
            failed_samples=old.failed_samples + manifest.failed_samples,
            bytes=old.bytes + manifest.bytes,
            cpu_seconds=old.cpu_seconds + manifest.attempt.cpu_seconds,
        )
        self.dropped.merge(dropped_groups(manifest))
        self._bitmaps[shard.generator] = self._bitmaps.get(shard.generator, 0) | 1 << shard.number
        self._shards, self._found_at = None, time.monotonic()
        if shard not in self._reported:
            self._found(name, manifest)
