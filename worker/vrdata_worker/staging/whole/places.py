"""Stage the complete sources of a pipeline before its blocks run, once for all its shards."""

from __future__ import annotations

import tempfile
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
from vrdata.sources.staged import staged_path
from vrdata.store.keys import TEMPORARY
from vrdata.store.patient import is_stopping
from vrdata.store.port import ObjectStore
from vrdata.text import count, human_bytes
from vrdata_worker.failures import ShardFailedError
from vrdata_worker.staging.ahead import END_SECONDS, open_planned
from vrdata_worker.staging.cache import PartCache
from vrdata_worker.staging.fetch import Fetcher, close_part
from vrdata_worker.staging.lists import PartList
from vrdata_worker.staging.whole import trees
from vrdata_worker.staging.whole.blocks import ShardPlaces, Staged, release
from vrdata_worker.staging.whole.ranges.chunks import CHUNKS_BYTES, RangeReader
from vrdata_worker.staging.whole.shared import SharedTrees, Tree, Use
from vrdata_worker.staging.whole.unpacking import close, unpack
from vrdata_worker.untrusted.folders import remove

FETCHES = 8  # at the same time: many sources are small files behind a slow server
LISTED = 1000  # parts that are read at the same time
_CLUSTER = 4096  # bytes: a smaller file takes as much space


class StagedPlaces:
    """The sources of one pipeline, for its shards one after another.

    Args:
        store: the run's store.
        planned: the pipeline.
        shared: keeps staged folders.
        scratch: an existing private folder, for chunks of files that are read by ranges.
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
        scratch: Path,
        *,
        limit: int,
        tell: Callable[[Model], None],
        open_source: Callable[[PlannedSource], Source] | None = None,
    ) -> None:
        self.folder = shared.folder_of(planned.name)
        self.planned = planned
        self._store = store
        self._shared = shared
        self._scratch = scratch
        self._limit = limit
        self._tell = tell
        self._open = open_source or open_planned
        self._stager = ThreadPoolExecutor(1, thread_name_prefix="staging")
        self._fetches = ThreadPoolExecutor(FETCHES, thread_name_prefix="fetching")
        self._closed = threading.Event()
        self._stages: set[Future[Staged]] = set()
        self._readers: dict[int, RangeReader] = {}
        self._chunks: Path | None = None
        self._cache: PartCache | None = None

    def of(self, shard: ShardRange) -> ShardPlaces:  # noqa: ARG002 - all shards need all files
        """The sources for the blocks of a shard; staging begins now."""
        stopped = threading.Event()
        return ShardPlaces(self.planned, self.submit(stopped.is_set), stopped)

    def submit(self, stopped: Callable[[], bool]) -> Future[Staged]:
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
        for number, reader in self._readers.items():
            place = self.planned.places[number]
            self._notice(
                f"fetched {human_bytes(reader.fetched)} of {human_bytes(place.bytes)} "
                f"of {place.place}, by ranges"
            )
        if self._chunks is not None:
            remove(self._chunks)

    def _ends(self) -> bool:
        return self._closed.is_set() or is_stopping()

    def _stage(self, stopped: Callable[[], bool]) -> Staged:
        places = self.planned.places
        self._require_room(places)
        found: list[Use | RangeReader] = []
        try:
            for number, place in enumerate(places):
                if place.ranges:
                    found.append(self._reader(number, place))
                else:
                    found.append(self._use(number, place, stopped))
        except BaseException:
            release(tuple(found))
            raise
        return tuple(found)

    def _require_room(self, places: tuple[PlannedPlace, ...]) -> None:
        sizes = {place.place: _needed(place) for place in places if not place.ranges}
        if 0 < self._limit < sum(sizes.values()):
            each = ", ".join(f"{place} {human_bytes(size)}" for place, size in sizes.items())
            raise ShardFailedError(
                FailureReason.TOO_LARGE,
                f"the sources of {self.planned.name} need {human_bytes(sum(sizes.values()))} "
                f"({each}), more than the {human_bytes(self._limit)} of scratch space for them; "
                "fix: raise classes.M.ephemeralStorage of the profile",
            )

    def _reader(self, number: int, place: PlannedPlace) -> RangeReader:
        if self._cache is None:
            self._chunks = Path(tempfile.mkdtemp(prefix="r", dir=self._scratch)).resolve()
            self._cache = PartCache(self._chunks, min(CHUNKS_BYTES, self._limit or CHUNKS_BYTES))
        if number not in self._readers:
            parts = self._parts(number, place)
            self._readers[number] = RangeReader(number, parts, self._fetcher(place), self._cache)
        return self._readers[number]

    def _use(self, number: int, place: PlannedPlace, stopped: Callable[[], bool]) -> Use:
        def waits() -> None:
            self._notice(f"another worker of this machine stages {place.place}; this one waits")

        began = time.monotonic()
        parts = self._parts(number, place)
        tree = Tree(self.planned.name, _name(place), _needed(place))
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
        fetching = partial(self._fetcher, place)
        if not place.unpack:
            trees.fill(folder, parts, fetching, self._fetches, stopped)
            return _needed(place)
        fetched = folder / TEMPORARY  # nothing in an archive has this name
        fetched.mkdir()
        trees.fill(fetched, parts, fetching, self._fetches, stopped)
        archive = staged_path(fetched, parts[0].files[0].name)
        what = f"{archive.name} of {place.url}"
        unpack(archive, folder, what, self._rest(place), stopped)
        remove(fetched)
        return close(folder, what)

    def _rest(self, unpacked: PlannedPlace) -> int:
        """Bytes for the files of an archive that is staged."""
        if not self._limit:
            return self._shared.free
        others = [one for one in self.planned.places if not one.ranges and one != unpacked]
        return max(0, self._limit - sum(map(_needed, others)) - unpacked.bytes)

    def _fetcher(
        self, place: PlannedPlace, keep: Callable[[Part, Path], None] = close_part
    ) -> Fetcher:
        return Fetcher(self.planned.name, place, self._open, self._tell, keep)

    def _notice(self, text: str) -> None:
        self._tell(WorkerNotice(message=f"{self.planned.name}: {text}"))


def _name(place: PlannedPlace) -> str:
    """The name of a staged folder: sources with the same files share it."""
    return place.digest.partition(":")[2] + ("-unpacked" if place.unpack else "")


def _needed(place: PlannedPlace) -> int:
    """Bytes on the disk while a place is staged; an archive and its files need at least twice."""
    size = place.bytes + _CLUSTER * place.items
    return 2 * size if place.unpack else size
