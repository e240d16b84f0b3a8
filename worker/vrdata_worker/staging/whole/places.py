"""Stage the complete sources of a pipeline before its blocks run, once for all its shards."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path

from vrdata.contract.messages import WorkerNotice
from vrdata.contract.reasons import FailureReason
from vrdata.dataset import layout
from vrdata.model import Model
from vrdata.plan.planned import PlannedGenerator, ShardRange
from vrdata.plan.sources import PlannedPlace, PlannedSource
from vrdata.sources.port import Part, Source
from vrdata.store.patient import is_stopping
from vrdata.store.port import ObjectStore
from vrdata.text import count, human_bytes
from vrdata_worker.failures import ShardFailedError
from vrdata_worker.staging.ahead import END_SECONDS, open_planned
from vrdata_worker.staging.fetch import Fetcher
from vrdata_worker.staging.lists import PartList
from vrdata_worker.staging.whole import entries, trees
from vrdata_worker.staging.whole.shared import SharedTrees, Tree, Use

FETCHES = 8  # at the same time: many sources are small files behind a slow server
LISTED = 1000  # parts that are read at the same time

Uses = tuple[Use | None, ...]
"""The staged folders of all places, in order; None = it is read by ranges."""


class StagedPlaces:
    """The sources of one pipeline, for its shards one after another.

    Args:
        store: the run's store.
        planned: the pipeline.
        shared: keeps staged folders.
        limit: bytes of all its sources; 0 = what is free.
        tell: receives waits and notices, from any thread.
        open_source: opens a source, if not `open_planned`.

    Attributes:
        folder: the staged folders; the generator can read it.
    """

    def __init__(  # noqa: PLR0913 - one collaborator each
        self,
        store: ObjectStore,
        planned: PlannedGenerator,
        shared: SharedTrees,
        *,
        limit: int,
        tell: Callable[[Model], None],
        open_source: Callable[[PlannedSource], Source] | None = None,
    ) -> None:
        self.folder = shared.folder_of(planned.name)
        self.planned = planned
        self._store = store
        self._shared = shared
        self._limit = limit
        self._tell = tell
        self._open = open_source or open_planned
        self._stager = ThreadPoolExecutor(1, thread_name_prefix="staging")
        self._fetches = ThreadPoolExecutor(FETCHES, thread_name_prefix="fetching")
        self._closed = threading.Event()
        self._stages: set[Future[Uses]] = set()

    def of(self, shard: ShardRange) -> ShardPlaces:  # noqa: ARG002 - all shards need all files
        """The sources for the blocks of a shard; staging begins now."""
        return ShardPlaces(self)

    def submit(self, stopped: Callable[[], bool]) -> Future[Uses]:
        """Stage all places.

        Args:
            stopped: whether they are no longer needed.
        """
        stage = self._stager.submit(self._stage, lambda: self._ends() or stopped())
        self._stages.add(stage)
        stage.add_done_callback(self._stages.discard)
        return stage

    def close(self) -> None:
        """Stop fetching; what is staged stays for other workers of the run."""
        self._closed.set()
        for pool in (self._stager, self._fetches):
            pool.shutdown(wait=False)  # what is requested ends by itself
        wait(set(self._stages), END_SECONDS)

    def _ends(self) -> bool:
        return self._closed.is_set() or is_stopping()

    def _stage(self, stopped: Callable[[], bool]) -> Uses:
        places = self.planned.places
        self._require_room(places)
        uses: list[Use | None] = []
        try:
            for number, place in enumerate(places):
                use = None if place.ranges else self._use(number, place, stopped)
                uses.append(use)
        except BaseException:
            release(tuple(uses))
            raise
        return tuple(uses)

    def _require_room(self, places: tuple[PlannedPlace, ...]) -> None:
        sizes = {place.place: place.bytes for place in places if not place.ranges}
        if 0 < self._limit < sum(sizes.values()):
            each = ", ".join(f"{place} {human_bytes(size)}" for place, size in sizes.items())
            raise ShardFailedError(
                FailureReason.TOO_LARGE,
                f"the sources of {self.planned.name} need {human_bytes(sum(sizes.values()))} "
                f"({each}), more than the {human_bytes(self._limit)} of scratch space for them; "
                "fix: raise classes.M.ephemeralStorage of the profile",
            )

    def _use(self, number: int, place: PlannedPlace, stopped: Callable[[], bool]) -> Use:
        def waits() -> None:
            self._notice(f"another worker of this machine stages {place.place}; this one waits")

        began = time.monotonic()
        parts = self._parts(number, place)
        tree = Tree(self.planned.name, _name(place), sum(part.disk_bytes for part in parts))
        use = self._shared.use(
            tree, lambda folder: self._fill(folder, place, parts, stopped), stopped, waits
        )
        if use.filled:
            self._notice(
                f"staged {place.place}: {count(place.items, 'file')}, {human_bytes(place.bytes)} "
                f"in {time.monotonic() - began:.1f} s"
            )
        return use

    def _parts(self, number: int, place: PlannedPlace) -> list[Part]:
        key = layout.place_key(self.planned.name, number)
        listed = PartList(self._store, key, place, 0, place.items)
        return [
            part
            for start in range(0, place.items, LISTED)
            for part in listed.of(start, min(start + LISTED, place.items))
        ]

    def _fill(
        self, folder: Path, place: PlannedPlace, parts: list[Part], stopped: Callable[[], bool]
    ) -> int:
        fetching = partial(Fetcher, self.planned.name, place, self._open, self._tell)
        trees.fill(folder, parts, fetching, self._fetches, stopped)
        return sum(part.disk_bytes for part in parts)

    def _notice(self, text: str) -> None:
        self._tell(WorkerNotice(message=f"{self.planned.name}: {text}"))


class ShardPlaces:
    """The staged sources for the blocks of one shard.

    Args:
        places: stages them.
    """

    def __init__(self, places: StagedPlaces) -> None:
        self._places = places
        self._stopped = threading.Event()
        self._stage = places.submit(self._stopped.is_set)

    def size_of(self, block: int) -> int:  # noqa: ARG002 - all blocks are equal
        """Samples of a block."""
        return self._places.planned.block_size

    def is_ready(self, block: int) -> bool:  # noqa: ARG002 - all blocks need all files
        """Whether the sources are staged.

        Raises:
            ShardFailedError: they cannot be staged.
            StorageError, StoreAccessError: the run's store cannot be used.
            OSError: the scratch folder cannot be written.
        """
        return self._stage.done() and self._stage.result() is not None

    def check(self) -> None:
        """Nothing is fetched while a block runs."""

    def write(self, block: int, folder: Path) -> None:  # noqa: ARG002 - all blocks are equal
        """Write sources.json for a block that is ready.

        Args:
            block: its number.
            folder: of its process; empty.

        Raises:
            OSError: it cannot be written.
        """
        entries.write(folder, self._places.planned.places, self._stage.result())

    def release(self, block: int) -> None:
        """A block has ended."""

    def close(self) -> None:
        """The shard has ended: the sources are no longer used."""
        self._stopped.set()
        self._stage.cancel()
        self._stage.add_done_callback(_release)


def release(uses: Uses) -> None:
    """End the use of staged folders."""
    for use in uses:
        if use is not None:
            use.close()


def _release(stage: Future[Uses]) -> None:
    if not stage.cancelled() and stage.exception() is None:
        release(stage.result())


def _name(place: PlannedPlace) -> str:
    """The name of a staged folder: sources with the same files share it."""
    return place.digest.partition(":")[2]
