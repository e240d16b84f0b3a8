"""The columns of a run's Parquet files."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from vrdata.dataset.finish.summary import DatasetSummary
from vrdata.dataset.formats.parquet.columns import SCHEMA
from vrdata.dataset.formats.parquet.stored import refused
from vrdata.dataset.manifest import ROWS_RECORD
from vrdata.parquet import open_parquet
from vrdata.store.port import ObjectStore
from vrdata.store.streaming import StoredFile
from vrdata.transfer.shards import ShardFile


def columns_of_run(
    run: ObjectStore, summary: DatasetSummary, shards: Iterable[ShardFile]
) -> dict[str, pa.Schema]:
    """The columns of each configuration: those of samples, or of the rows of each generator.

    Reads the footer of one file for each generator that gives rows.

    Args:
        run: the run's own store.
        summary: of the dataset.
        shards: all of them.

    Raises:
        DamagedArchiveError: a footer cannot be read.
        NotFoundError, StorageError: the store lacks an object, or cannot be used.
    """
    if ROWS_RECORD not in summary.file_names:
        return {"default": SCHEMA}
    found = {one.name: SCHEMA for one in summary.generators}
    for shard in shards:
        name = shard.manifest.generator
        for data in shard.manifest.data:
            if data.columns is not None and found[name] is SCHEMA:
                with refused(data.key):
                    found[name] = open_parquet(StoredFile(run, data.key, data.size)).schema_arrow
    return found
