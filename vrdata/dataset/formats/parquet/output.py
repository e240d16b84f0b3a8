"""Write a Parquet file whose bytes depend only on its rows and on the version of pyarrow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from vrdata.model import canonical_json

GROUP_BYTES = 8 * 2**20
"""Bytes of a row group at which it is written; a larger row has a group of its own."""

SAMPLES = 100
"""Samples of a row group: what Hugging Face's viewer and writer use for images and videos."""

ROWS = 100_000
"""Rows of a row group, of a converter that gives rows."""

METADATA = b"vrdata"
"""Key of the file's metadata: JSON with the indexes of each row group."""


class ParquetOutput:
    """A new local Parquet file.

    Args:
        path: the file.
        schema: its columns.
        compressed: the columns to compress; None = all.
    """

    def __init__(
        self, path: Path, schema: pa.Schema, compressed: Sequence[str] | None = None
    ) -> None:
        compression = "zstd" if compressed is None else dict.fromkeys(compressed, "zstd")
        self._groups: list[tuple[int, int]] = []
        self._writer = pq.ParquetWriter(
            path,
            schema,
            version="2.6",
            compression=compression,
            # Dictionaries would be of use for few columns, and take all NaN values for one.
            use_dictionary=False,
            write_statistics=["id", "index", "domain"] if compressed is not None else True,
            # Values are checked for a new page one by one, so that pages of images stay small.
            write_batch_size=1 if compressed is not None else 1024,
            write_page_checksum=True,
        )

    def write_group(self, batches: Sequence[pa.RecordBatch], first: int, last: int) -> None:
        """Write one row group, which has the items or samples from `first` to `last`."""
        self._groups.append((first, last))
        table = pa.Table.from_batches(batches)
        self._writer.write_table(table, row_group_size=max(1, table.num_rows))

    def finish(self, **facts: Any) -> None:
        """Write the end of the file, with facts and the indexes of each row group."""
        noted = canonical_json({"groups": self._groups} | facts)
        self._writer.add_key_value_metadata({METADATA: noted})
        self._writer.close()
