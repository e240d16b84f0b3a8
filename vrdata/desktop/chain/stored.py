"""The rows of a finished run, one recording after the other, compared with their digests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

import orjson
import pyarrow as pa

from vrdata.dataset.commits import iter_records, read_head
from vrdata.dataset.finish.summary import DatasetSummary, require_finished
from vrdata.dataset.formats.archive import DamagedArchiveError
from vrdata.dataset.formats.parquet.canonical import RowsDigest
from vrdata.dataset.formats.parquet.stored import item_slices, refused
from vrdata.dataset.manifest import SampleRecord, ShardManifest
from vrdata.dataset.plans import load_plan
from vrdata.dataset.reader import damaged
from vrdata.desktop.chain.columns import BINS_OF_RUN, EVENTS_OF_RUN, FACTS, SEQUENCES_OF_RUN
from vrdata.errors import InvalidInputError
from vrdata.parquet import open_parquet, read_group
from vrdata.plan.planned import Plan, PlannedGenerator
from vrdata.store.port import ObjectStore
from vrdata.store.streaming import StoredFile

STAGES = {"events": EVENTS_OF_RUN, "bins": BINS_OF_RUN, "sequences": SEQUENCES_OF_RUN}
"""The columns of the rows of each stage."""

_INDEX = "index"
Batches = Iterator[pa.RecordBatch]


@dataclass(frozen=True)
class StageRun:
    """A finished run of one of the three converters.

    Attributes:
        store: the run's own.
        planned: its converter.
        summary: counts and hash.
        stage: a name of `STAGES`.
    """

    store: ObjectStore
    planned: PlannedGenerator
    summary: DatasetSummary
    stage: str

    @property
    def columns(self) -> list[str]:
        """Of the rows, with the facts."""
        return list(STAGES[self.stage].names)

    def facts(self) -> Iterator[dict[str, Any]]:
        """What is known of each recording that has rows.

        Raises:
            InvalidInputError: the rows are damaged, or do not say it.
            NotFoundError, StorageError: the store cannot be used.
        """
        for manifest in self._shards():
            for _, batches in self._items(manifest, [FACTS]):
                cells = [cell for one in batches for cell in one.column(0).drop_null().to_pylist()]
                yield self._parsed(cells)

    def recordings(self) -> Iterator[Batches]:
        """The rows of each recording that has some, in this order; raises as `facts`.

        Each must be read to its end, where its digest is compared.
        """
        for manifest in self._shards():
            digests = self._digests(manifest)
            for index, batches in self._items(manifest, self.columns):
                yield self._compared(index, batches, digests.get(index, ""))

    def _shards(self) -> Iterator[ShardManifest]:
        for shard in range(self.planned.shards):
            yield read_head(self.store, self.planned.name, shard)

    def _digests(self, manifest: ShardManifest) -> dict[int, str]:
        """The sha256 of the digest of the rows of each item."""
        records = iter_records(self.store, manifest)
        return {one.index: one.files[0].sha256 for one in records if isinstance(one, SampleRecord)}

    def _compared(self, index: int, batches: Batches, expected: str) -> Batches:
        digest: RowsDigest | None = None
        for batch in batches:
            digest = digest or RowsDigest(batch.schema)
            digest.add(batch)
            yield batch
        if digest is None or hashlib.sha256(digest.body()).hexdigest() != expected:
            raise damaged(self.store, f"item {index} of {self.planned.name}")

    def _items(
        self, manifest: ShardManifest, columns: Sequence[str]
    ) -> Iterator[tuple[int, Batches]]:
        """The rows of each item of a shard."""
        for index, slices in groupby(self._slices(manifest, columns), key=itemgetter(0)):
            yield index, (batch for _, batch in slices)

    def _slices(
        self, manifest: ShardManifest, columns: Sequence[str]
    ) -> Iterator[tuple[int, pa.RecordBatch]]:
        for data in manifest.data:
            with refused(data.key):
                table = open_parquet(StoredFile(self.store, data.key, data.size))
                found = table.schema_arrow.names
                if found != [_INDEX, *self.columns]:
                    why = f"its columns are {', '.join(found)}"
                    raise DamagedArchiveError(f"{data.key} is not of stage {self.stage}", why=why)
                for number in range(table.num_row_groups):
                    group = read_group(table, number, [_INDEX, *columns])
                    for batch in group.to_batches():
                        yield from item_slices(batch)

    def _parsed(self, cells: list[str]) -> dict[str, Any]:
        try:
            (cell,) = cells
            found = orjson.loads(cell)
            str(found["file_path"])
        except (ValueError, TypeError, KeyError):
            raise InvalidInputError(
                f"a recording in {self.store.url} has no facts",
                why=f"the column {FACTS} has {len(cells)} values for it",
                fix="run the stages again from M-desktop-events",
            ) from None
        return dict(found)


def open_stage(run: ObjectStore) -> StageRun:
    """A finished run of M-desktop-events, M-desktop-bins or M-desktop-sequences.

    Args:
        run: the run's own store.

    Raises:
        NotFoundError: it is not finished.
        InvalidInputError: it is another run.
        StorageError, StoreAccessError: the store cannot be used.
    """
    plan = load_plan(run)
    summary = require_finished(run)
    stage = _stage_of(plan)
    if not stage:
        names = ", ".join(one.catalogue_name for one in plan.generators[:5])
        converters = ", ".join(f"M-desktop-{name}" for name in STAGES)
        raise InvalidInputError(
            f"{run.url} is not a run of a stage of desktop recordings",
            why=f"its generators are {names}",
            fix=f"name a run with one of {converters}",
        )
    return StageRun(run, plan.generators[0], summary, stage)


def _stage_of(plan: Plan) -> str:
    names = [one.catalogue_name for one in plan.generators]
    return next((stage for stage in STAGES if names == [f"M-desktop-{stage}"]), "")
