"""A pipeline whose sources are in memory, and its plan."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.memorystore import MemoryStore
from support.sources.fake import FakeSource, files_as_items
from vrdata.dataset import layout
from vrdata.model import Model
from vrdata.plan.planned import PlannedGenerator
from vrdata.plan.sources import PlannedPlace
from vrdata.sources.parts import write_parts
from vrdata.sources.port import Part
from vrdata_worker.staging.whole.places import ShardPlaces, StagedPlaces
from vrdata_worker.staging.whole.shared import SharedTrees

PIPELINE = "M-scans"
FILES = {"labels.csv": b"a,1\n", "images/a.png": b"picture a", "images/deep/b.png": b"picture b"}


def store_place(
    store: MemoryStore, number: int, place: str, parts: Sequence[Part], **fields: Any
) -> PlannedPlace:
    """Store the list of files of a place; returns the pinned place."""
    body = io.BytesIO()
    items, count, digest = write_parts(parts, body)
    store.objects[layout.place_key(PIPELINE, number)] = body.getvalue()
    size = sum(part.bytes for part in parts)
    return PlannedPlace(
        **{
            "url": f"data/{place}",
            "place": place,
            "items": items,
            "parts": count,
            "digest": digest,
            "bytes": size,
        }
        | fields
    )


def planned_pipeline(*places: PlannedPlace) -> PlannedGenerator:
    """The pipeline, with one shard of two blocks."""
    return PlannedGenerator(
        name=PIPELINE,
        generator_class="M",
        digest="sha256:" + "0" * 64,
        samples=8,
        block_size=4,
        shard_blocks=1000,
        places=places,
    )


@dataclass
class Bench:
    """A pipeline with one place, whose source is in memory.

    Attributes:
        shared: folder that workers share.
        scratch: folder of a worker.
    """

    shared: Path
    scratch: Path
    source: FakeSource = field(default_factory=lambda: FakeSource(dict(FILES)))
    store: MemoryStore = field(default_factory=MemoryStore)
    limit: int = 2**30
    told: list[Model] = field(default_factory=list)
    opened: list[StagedPlaces] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)

    def worker(self) -> StagedPlaces:
        """What one worker stages."""
        parts = files_as_items(self.source.files)
        place = store_place(self.store, 0, "raw", parts, **self.fields)
        return self.stages(place)

    def stages(self, *places: PlannedPlace) -> StagedPlaces:
        """The same for given places."""
        staged = StagedPlaces(
            self.store,
            planned_pipeline(*places),
            SharedTrees(self.shared, self.limit),
            self.scratch,
            limit=self.limit,
            tell=self.told.append,
            open_source=self.source.open,
        )
        self.opened.append(staged)
        return staged

    def close(self) -> None:
        """End all workers."""
        for staged in self.opened:
            staged.close()


def begin(staged: StagedPlaces) -> ShardPlaces:
    """The only shard."""
    return staged.of(staged.planned.shard(0))
