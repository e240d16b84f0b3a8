"""Format parquet as the other modules see it; it imports pyarrow only when it is used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from vrdata.dataset import layout
from vrdata.dataset.formats.archived import ArchiveFormat
from vrdata.dataset.formats.base import ShardPlace, ShardWriter, SourceFile
from vrdata.dataset.manifest import ROWS_RECORD, DataObject, FileRecord, SampleRecord
from vrdata.model import OutputFormat
from vrdata.store.port import ObjectStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vrdata.dataset.formats.parquet.stored import StoredParquet


class ParquetFormat(ArchiveFormat):
    """A Parquet file for each shard; the row group of a file is found from the file's footer."""

    name: ClassVar[OutputFormat] = "parquet"
    writer_bytes: ClassVar[int] = 160 * 2**20  # pyarrow, and copies of a row group

    def archive_key(self, shard: ShardPlace) -> str:
        """See ArchiveFormat."""
        return layout.shard_parquet_key(shard.generator, shard.shard)

    def path(self, generator: str, sample: SampleRecord, name: str) -> str:
        """See Format: `{id}/{name}`; of the rows of an item, which have no id, `{index}/{name}`."""
        del generator
        if name == ROWS_RECORD:
            return f"{sample.index:08d}/{name}"
        return f"{layout.sample_id(sample.domain, sample.index)}/{name}"

    def locate(self, path: str) -> tuple[int, str]:
        """See Format."""
        folder, _, name = path.partition("/")
        return layout.sample_index(folder), name

    def open_writer(self, scratch: Path, shard: ShardPlace) -> ShardWriter:
        """See Format."""
        from vrdata.dataset.formats.parquet.writer import (  # noqa: PLC0415 - slow to import
            ParquetShardWriter,
        )

        return ParquetShardWriter(scratch / "data.parquet", self.archive_key(shard))

    def open_rows_writer(
        self, scratch: Path, shard: ShardPlace, columns: SourceFile
    ) -> ShardWriter:
        """See Format."""
        from vrdata.dataset.formats.parquet.writer import (  # noqa: PLC0415 - slow to import
            ParquetShardWriter,
        )

        return ParquetShardWriter(scratch / "data.parquet", self.archive_key(shard), columns)

    def open_archive(self, store: ObjectStore, key: str, size: int) -> StoredParquet:
        """See ArchiveFormat."""
        from vrdata.dataset.formats.parquet.stored import (  # noqa: PLC0415 - slow to import
            StoredParquet,
        )

        return StoredParquet(store, key, size)

    def read_file(
        self,
        store: ObjectStore,
        generator: str,
        sample: SampleRecord,
        record: FileRecord,
        data: Sequence[DataObject],
    ) -> bytes:
        """See Format: the footer, and one column of one row group."""
        from vrdata.dataset.formats.parquet.lookup import find_file  # noqa: PLC0415 - slow

        del generator
        return find_file(store, data[0].key, data[0].size, sample.index, record.name)
