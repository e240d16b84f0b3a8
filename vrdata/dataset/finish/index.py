"""index/{generator}.parquet: one row for each sample, with the place of each of its files.

Equal commit markers and an equal pyarrow give equal bytes. The file's metadata contains the
generator's counts, which tell a complete index from a foreign or damaged one.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from vrdata.dataset import layout
from vrdata.dataset.finish.columns import SCHEMA, Columns
from vrdata.dataset.finish.counts import GeneratorCounter, GeneratorCounts, IndexedSample
from vrdata.dataset.manifest import Record, SampleRecord, ShardManifest
from vrdata.errors import VrdataError
from vrdata.parquet import open_parquet, read_batches
from vrdata.store.port import ObjectStore
from vrdata.store.streaming import StoredFile

ROW_GROUP = 1_000
"""Rows in memory while an index is written, as columns: with pyarrow's copies, about 8 MB."""

BATCH = 200
"""Rows in memory as Python objects, which take ten times as much."""

METADATA = b"vrdata"
"""Key of the file's metadata whose value is a `GeneratorCounts` in JSON."""

# In the order of the file, which is read forwards.
_READ = ["id", "index", "shard", "files.list.element.name", "files.list.element.sha256", "content"]
_REQUEST = 2**20  # bytes
_UNREADABLE = (pa.ArrowException, OSError, KeyError, TypeError, ValueError)


class DamagedIndexError(VrdataError):
    """An index is missing or damaged, or belongs to another plan, generator or version."""

    def __init__(self, store: ObjectStore, generator: str, why: str) -> None:
        super().__init__(
            f"{layout.index_key(generator)} in {store.url} cannot be used",
            why=why,
            fix="run the same command again: it writes the index again",
        )
        self.generator = generator


class IndexWriter:
    """Writes an index to a local file; a context manager.

    Args:
        path: the new file.
        plan_hash: hash of the plan.
        generator: the generator's name.
    """

    def __init__(self, path: Path, plan_hash: str, generator: str) -> None:
        # Page checksums: a changed byte is an error for the reader, not another value.
        self._writer = pq.ParquetWriter(path, SCHEMA, compression="zstd", write_page_checksum=True)
        self._columns = Columns()
        self._tables: list[pa.Table] = []
        self._counter = GeneratorCounter(plan_hash, generator)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self._flush()
            counts = self.counts().model_dump_json(by_alias=True)
            self._writer.add_key_value_metadata({METADATA: counts.encode()})
        self._writer.close()

    def add_shard(self, manifest: ShardManifest) -> None:
        """Count a shard; its records follow with `add`."""
        self._counter.add_shard(manifest)

    def add(self, manifest: ShardManifest, record: Record) -> None:
        """Append a sample of a shard, or count a failed one."""
        self._counter.add(record)
        if isinstance(record, SampleRecord):
            self._columns.add(manifest, record)
            if len(self._columns) >= BATCH or self._rows() >= ROW_GROUP:
                self._gather()
            if self._rows() >= ROW_GROUP:
                self._flush()

    def counts(self) -> GeneratorCounts:
        """The counts of everything added."""
        return self._counter.counts()

    def _rows(self) -> int:
        """Rows that are not written yet."""
        return sum(map(len, self._tables)) + len(self._columns)

    def _gather(self) -> None:
        if len(self._columns):
            self._tables.append(self._columns.table())
            self._columns = Columns()

    def _flush(self) -> None:
        self._gather()
        if self._tables:
            self._writer.write_table(pa.concat_tables(self._tables))
            self._tables.clear()
            pa.default_memory_pool().release_unused()


def read_counts(store: ObjectStore, plan_hash: str, generator: str) -> GeneratorCounts | None:
    """The counts in a generator's index; None without an index. Reads only the file's end.

    Raises:
        DamagedIndexError: the index is damaged, or belongs to another plan or generator.
        StorageError: the store cannot be used.
    """
    stored = _open(store, generator)
    if stored is None:
        return None
    try:
        found = open_parquet(stored).metadata
        counts = GeneratorCounts.model_validate_json((found.metadata or {}).get(METADATA, b""))
        schema = found.schema.to_arrow_schema()
    except ValidationError:
        raise DamagedIndexError(store, generator, "its metadata are of another version") from None
    except _UNREADABLE as error:
        raise DamagedIndexError(store, generator, str(error)) from None
    if not schema.equals(SCHEMA) or found.num_rows != counts.samples:
        raise DamagedIndexError(store, generator, "its columns or rows are wrong")
    if (counts.plan, counts.generator) != (plan_hash, generator):
        raise DamagedIndexError(
            store, generator, f"it belongs to {counts.generator} of plan {counts.plan}"
        )
    return counts


def read_samples(store: ObjectStore, generator: str) -> Iterator[IndexedSample]:
    """The rows of a generator's index, in index order.

    Memory holds one row group's columns, and 1 MiB of the file.

    Raises:
        DamagedIndexError: it cannot be read; rows may have been returned before.
        StorageError: the store cannot be used.
    """
    stored = _open(store, generator)
    if stored is None:
        raise DamagedIndexError(store, generator, "it is missing")
    try:
        index = open_parquet(BufferedReader(stored, _REQUEST))
        for batch in read_batches(index, BATCH, _READ):
            yield from _samples(batch)
    except _UNREADABLE as error:
        raise DamagedIndexError(store, generator, str(error)) from None


def _samples(batch: pa.RecordBatch) -> Iterator[IndexedSample]:
    files = batch.column("files")
    ends = files.offsets.to_pylist()
    first = ends[0]
    flat = files.values[first : ends[-1]]  # `flatten` would import all of pyarrow.compute
    pairs = list(zip(flat.field("name").to_pylist(), flat.field("sha256").to_pylist(), strict=True))
    columns = [batch.column(name).to_pylist() for name in ("id", "index", "shard", "content")]
    for at, (sample_id, index, shard, content) in enumerate(zip(*columns, strict=True)):
        mine = tuple(pairs[ends[at] - first : ends[at + 1] - first])
        yield IndexedSample(sample_id, index, shard, content, mine)


def _open(store: ObjectStore, generator: str) -> StoredFile | None:
    key = layout.index_key(generator)
    # A listing: in a folder, a head request reads the whole file.
    info = next(store.list_after(key), None)
    return StoredFile(store, key, info.size) if info and info.key == key else None
