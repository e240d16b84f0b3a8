"""Stage the items of a converter's blocks in threads, one block ahead of those that run."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from vrdata.contract.messages import StoreWait
from vrdata.dataset import layout
from vrdata.plan.planned import PlannedGenerator, ShardRange
from vrdata.plan.sources import PlannedSource
from vrdata.sources.port import Part, Source
from vrdata.store.patient import is_stopping
from vrdata.store.port import ObjectStore
from vrdata_worker.staging import entries
from vrdata_worker.staging.cache import PartCache
from vrdata_worker.staging.fetch import Fetcher, require_wanted
from vrdata_worker.staging.lists import PartList
from vrdata_worker.untrusted.folders import remove

FETCHES = 4  # at the same time: small files wait mostly for the server
AHEAD = 1  # blocks
END_SECONDS = 2.0  # for a request that is under way

Parts = tuple[Part, ...]


def open_planned(source: PlannedSource) -> Source:
    """See `vrdata.sources.opening.open_planned`; a run without converters does not import it."""
    from vrdata.sources import opening  # noqa: PLC0415 - adapters import pyarrow and more

    return opening.open_planned(source)


class StagedSource:
    """The items of one converter, for its shards one after another.

    Args:
        store: the run's store.
        planned: the converter.
        source: what it reads.
        scratch: an existing private folder.
        limit: bytes of staged items; 0 = what is free.
        tell: receives waits for the source, from any thread.
        open_source: opens it, if not `open_planned`.

    Attributes:
        folder: the staged parts; the generator can read it.
    """

    def __init__(  # noqa: PLR0913 - one collaborator each
        self,
        store: ObjectStore,
        planned: PlannedGenerator,
        source: PlannedSource,
        scratch: Path,
        *,
        limit: int,
        tell: Callable[[StoreWait], None],
        open_source: Callable[[PlannedSource], Source] | None = None,
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="i", dir=scratch)).resolve()
        self.planned = planned
        self.source = source
        self._store = store
        self._cache = PartCache(self.folder, limit)
        self._fetcher = Fetcher(planned.name, source, open_source or open_planned, tell)
        self._planner = ThreadPoolExecutor(1, thread_name_prefix="staging")
        self._fetches = ThreadPoolExecutor(FETCHES, thread_name_prefix="fetching")
        self._closed = threading.Event()
        self._stages: set[Future[Parts]] = set()

    def of(self, shard: ShardRange) -> ShardItems:
        """The items of a shard's blocks; those of the first blocks are requested now."""
        key = layout.items_key(self.planned.name)
        parts = PartList(self._store, key, self.source, shard.start, shard.stop)
        return ShardItems(self, parts, shard)

    def submit(self, parts: PartList, needed: range, stopped: Callable[[], bool]) -> Future[Parts]:
        """Stage the parts of a block, after those that were submitted before.

        Args:
            parts: of the shard.
            needed: the items.
            stopped: whether they are no longer needed.
        """
        stage = self._planner.submit(self._stage, parts, needed, lambda: self._ends() or stopped())
        self._stages.add(stage)
        stage.add_done_callback(self._stages.discard)
        return stage

    def folder_of(self, part: Part) -> Path:
        """Where a part is staged."""
        return self._cache.folder_of(part)

    def release(self, parts: Parts) -> None:
        """End the use of the parts of a block."""
        self._cache.release(parts)

    def close(self) -> None:
        """Stop fetching, and remove what is staged; a request that is under way ends later."""
        self._closed.set()
        for pool in (self._planner, self._fetches):
            pool.shutdown(wait=False)  # what is requested ends by itself
        wait(set(self._stages), END_SECONDS)
        remove(self.folder)

    def _ends(self) -> bool:
        return self._closed.is_set() or is_stopping()

    def _stage(self, parts: PartList, needed: range, stopped: Callable[[], bool]) -> Parts:
        require_wanted(stopped)
        found = parts.of(needed.start, needed.stop)
        missing = self._cache.hold(found, stopped)
        failed = threading.Event()

        def fetch(part: Part) -> None:
            try:
                self._fetcher.fetch(
                    part, self.folder_of(part), lambda: failed.is_set() or stopped()
                )
            except BaseException as error:  # noqa: BLE001 - raised below; the others are not needed
                causes.append(error)
                failed.set()
            else:
                self._cache.staged(part)

        causes: list[BaseException] = []
        wait([self._fetches.submit(fetch, part) for part in missing])
        if causes:
            self._cache.release(found)
            raise causes[0]
        return found


@dataclass(frozen=True, slots=True)
class _Block:
    items: range
    needed: range
    stage: Future[Parts]


class ShardItems:
    """The staged items of the blocks of one shard.

    Args:
        source: fetches them.
        parts: of the shard.
        shard: its blocks.
    """

    def __init__(self, source: StagedSource, parts: PartList, shard: ShardRange) -> None:
        self._source = source
        self._parts = parts
        self._shard = shard
        self._blocks: dict[int, _Block] = {}
        self._next = shard.first_block
        self._stopped = threading.Event()
        self._request_until(shard.first_block + AHEAD)

    def size_of(self, block: int) -> int:
        """Items of a block; the last block of a source has fewer."""
        return len(self._items(block))

    def is_ready(self, block: int) -> bool:
        """Whether a block's items are staged; requests them, and those of the next block.

        Blocks are asked for in order.

        Raises:
            ShardFailedError: they cannot be staged.
            StorageError, StoreAccessError: the run's store cannot be used.
        """
        self._request_until(block + AHEAD)
        stage = self._blocks[block].stage
        return stage.done() and stage.result() is not None

    def check(self) -> None:
        """Nothing is fetched for a block that runs."""

    def write(self, block: int, folder: Path) -> None:
        """Write items.json for a block that is ready.

        Args:
            block: its number.
            folder: of its process; empty.

        Raises:
            OSError: it cannot be written.
        """
        known = self._blocks[block]
        found = entries.entries(
            known.stage.result(), self._source.folder_of, known.items, known.needed
        )
        entries.write(folder, found)

    def release(self, block: int) -> None:
        """A block has ended: its items are no longer needed."""
        stage = self._blocks.pop(block).stage
        stage.cancel()
        stage.add_done_callback(self._release)

    def close(self) -> None:
        """The shard has ended: nothing more is needed."""
        self._stopped.set()
        for block in list(self._blocks):
            self.release(block)

    def _items(self, block: int) -> range:
        size, items = self._source.planned.block_size, self._source.source.items
        return range(block * size, min((block + 1) * size, items))

    def _request_until(self, block: int) -> None:
        while self._next <= min(block, self._shard.last_block - 1):
            self._request(self._next)
            self._next += 1

    def _request(self, block: int) -> None:
        items, shard = self._items(block), self._shard
        needed = range(max(items.start, shard.start), min(items.stop, shard.stop))
        stage = self._source.submit(self._parts, needed, self._stopped.is_set)
        self._blocks[block] = _Block(items, needed, stage)

    def _release(self, stage: Future[Parts]) -> None:
        if not stage.cancelled() and stage.exception() is None:
            self._source.release(stage.result())
