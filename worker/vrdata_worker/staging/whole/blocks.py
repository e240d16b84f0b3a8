"""The staged sources for the blocks of one shard."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from pathlib import Path

from vrdata.plan.planned import PlannedGenerator
from vrdata_worker.failures import ShardFailedError
from vrdata_worker.staging.whole import entries
from vrdata_worker.staging.whole.ranges.chunks import RangeReader
from vrdata_worker.staging.whole.ranges.server import RangeServer
from vrdata_worker.staging.whole.shared import Use

Staged = tuple[Use | RangeReader, ...]
"""The staged folders of all places, in order, and what reads the others by ranges."""


class ShardPlaces:
    """Tells the blocks of a shard where their sources are.

    Args:
        planned: the pipeline.
        stage: stages the sources.
        stopped: is set when they are no longer needed.
    """

    def __init__(
        self, planned: PlannedGenerator, stage: Future[Staged], stopped: threading.Event
    ) -> None:
        self._planned = planned
        self._stage = stage
        self._stopped = stopped
        self._servers: dict[int, RangeServer] = {}  # by the block
        self._failure: ShardFailedError | None = None

    def size_of(self, block: int) -> int:  # noqa: ARG002 - all blocks are equal
        """Samples of a block."""
        return self._planned.block_size

    def is_ready(self, block: int) -> bool:  # noqa: ARG002 - all blocks need all files
        """Whether the sources are staged.

        Raises:
            ShardFailedError: they cannot be staged.
            StorageError, StoreAccessError: the run's store cannot be used.
            OSError: the scratch folder cannot be written.
        """
        return self._stage.done() and self._stage.result() is not None

    def check(self) -> None:
        """Raise the ShardFailedError of a range that a block could not be given."""
        if self._failure is not None:
            raise self._failure

    def write(self, block: int, folder: Path) -> None:
        """Write sources.json for a block that is ready, and answer its range requests.

        Args:
            block: its number.
            folder: of its process; empty.

        Raises:
            OSError: it cannot be written.
        """
        self.release(block)  # its process before this one has ended
        staged = self._stage.result()
        readers = {n: one for n, one in enumerate(staged) if isinstance(one, RangeReader)}
        if readers:
            self._servers[block] = RangeServer(folder, readers, self._fail)
        entries.write(folder, self._planned.places, staged)

    def release(self, block: int) -> None:
        """A block has ended."""
        server = self._servers.pop(block, None)
        if server is not None:
            server.close()

    def close(self) -> None:
        """The shard has ended: the sources are no longer used."""
        self._stopped.set()
        for block in list(self._servers):
            self.release(block)
        self._stage.cancel()
        self._stage.add_done_callback(_release)

    def _fail(self, error: ShardFailedError) -> None:
        self._failure = self._failure or error


def release(staged: Staged) -> None:
    """End the use of staged folders."""
    for one in staged:
        if isinstance(one, Use):
            one.close()


def _release(stage: Future[Staged]) -> None:
    if not stage.cancelled() and stage.exception() is None:
        release(stage.result())
