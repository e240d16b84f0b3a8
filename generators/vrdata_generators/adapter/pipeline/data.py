"""The sources of a pipeline on trial: staged once, as a worker does it, for all trials."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from vrdata.contract.messages import StoreWait
from vrdata.errors import VrdataError
from vrdata.model import Model
from vrdata.plan.pipelines import Pipeline, PipelineSource
from vrdata.plan.planned import PlannedGenerator
from vrdata.plan.sources import PlannedPlace
from vrdata.sources.lists import put_list, resolve_list, temporary
from vrdata.sources.places import listed_place, pinned_place
from vrdata.sources.port import ignore_reads
from vrdata.store.file.store import FileStore
from vrdata.store.port import ObjectStore
from vrdata_child.pipeline.walk import ITEMS
from vrdata_generators.adapter.pipeline.seen import Seen, read_seen
from vrdata_worker.failures import ShardFailedError
from vrdata_worker.scratch import default_root, scratch_folder
from vrdata_worker.staging.whole.places import StagedPlaces
from vrdata_worker.staging.whole.shared import SharedTrees
from vrdata_worker.untrusted.folders import tail_of

STAGE_SECONDS = 3600.0
POLL_SECONDS = 0.1
_DIGITS = 9


class PipelineData:
    """Sources in a folder of their own; a context manager that stops what it has begun.

    Args:
        name: of the pipeline.
        sources: of the pipeline.
        folder: an existing private folder.
        say: receives progress messages, one line each.

    Attributes:
        folder: the pipeline can read it.
        sources: the same, with digests, revisions and licences.
        seen: what the last block has seen.
        items: of its walk; 0 = it did not come to its end.

    Raises:
        VrdataError: a source cannot be listed or fetched.
    """

    def __init__(
        self,
        name: str,
        sources: Sequence[PipelineSource],
        folder: Path,
        say: Callable[[str], None],
    ) -> None:
        store = FileStore(folder / "lists")
        ordered = sorted(sources, key=lambda source: source.place)
        places = [_pinned(name, number, one, store) for number, one in enumerate(ordered)]
        self.sources = tuple(map(_known, ordered, places))
        self.seen = Seen()
        self.items = 0
        planned = PlannedGenerator(
            name=name,
            generator_class="M",
            digest="",
            samples=1,
            block_size=1,
            shard_blocks=1,
            places=tuple(places),
        )
        chunks = folder / "chunks"
        chunks.mkdir()
        trees = SharedTrees((folder / "staged").resolve(), 0)
        self._staged = StagedPlaces(
            store, planned, trees, chunks, limit=0, tell=lambda one: _tell(one, say)
        )
        self.folder = self._staged.folder
        self._shard = self._staged.of(planned.shard(0))
        try:
            self._wait()
        except BaseException:
            self.close()
            raise

    def begin(self, folder: Path) -> None:
        """Write the list of sources to the folder of a block."""
        self._shard.write(0, folder.resolve())

    def end(self, folder: Path) -> None:
        """Read what the block has seen."""
        self.seen = read_seen(folder)
        items = tail_of(folder / ITEMS, _DIGITS)
        self.items = int(items) if items.isdigit() else 0

    def close(self) -> None:
        """Stop what is under way."""
        self._shard.close()
        self._staged.close()

    def _wait(self) -> None:
        deadline = time.monotonic() + STAGE_SECONDS
        try:
            while not self._shard.is_ready(0):
                if time.monotonic() > deadline:
                    raise VrdataError(
                        f"the sources were not staged within {STAGE_SECONDS:.0f} s",
                        fix="add the pipeline with a smaller or closer source",
                    )
                time.sleep(POLL_SECONDS)
        except ShardFailedError as error:
            raise VrdataError(
                "a source cannot be staged",
                why=error.failure.message,
                fix="correct this, then add it again",
            ) from None


@contextmanager
def staged(
    name: str, pipeline: Pipeline, say: Callable[[str], None] = lambda _: None
) -> Iterator[PipelineData]:
    """The sources of a pipeline, staged for its trials.

    Args:
        name: of the pipeline.
        pipeline: its sources.
        say: receives progress messages, one line each.

    Raises:
        VrdataError: a source cannot be listed or fetched.
        StorageError: the scratch folder cannot be used.
    """
    with (
        scratch_folder(default_root()) as folder,
        closing(PipelineData(name, pipeline.sources, folder, say)) as data,
    ):
        yield data


def _pinned(name: str, number: int, source: PipelineSource, store: ObjectStore) -> PlannedPlace:
    with temporary() as file:
        listed = listed_place(name, number, source, source.revision)
        found = resolve_list(listed, file, ignore_reads)
        put_list(found, store)
        return pinned_place(name, source, found).source


def _known(source: PipelineSource, place: PlannedPlace) -> PipelineSource:
    return source.model_copy(update={"digest": place.digest, "licence": place.licence})


def _tell(message: Model, say: Callable[[str], None]) -> None:
    if isinstance(message, StoreWait):
        say(f"waiting for a source: {message.why}")
