"""Read Parquet files in the calling thread alone.

By default, pyarrow's threads read ahead. Such a thread may be the last to release the Python file
or the bytes that it returned, some time after the rows were delivered. It needs the interpreter's
lock for that; if the interpreter is about to end, CPython before 3.14 ends the thread there, inside
a C++ destructor, and the process aborts after its work is done. So no thread of pyarrow may get a
Python object: vrdata opens and reads Parquet files with these functions alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq


def open_parquet(file: Any) -> pq.ParquetFile:
    """A Parquet file whose pages are compared with their checksums, if it has them.

    Args:
        file: a path, an open binary file, or bytes as a pyarrow buffer.

    Raises:
        pyarrow.ArrowException, OSError: it is damaged, or cannot be read.
    """
    return pq.ParquetFile(file, page_checksum_verification=True, pre_buffer=False)


def read_group(
    parquet: pq.ParquetFile, number: int, columns: Sequence[str] | None = None
) -> pa.Table:
    """One row group, read column by column. Raises as `open_parquet`."""
    return parquet.read_row_group(number, columns=columns, use_threads=False)


def read_batches(
    parquet: pq.ParquetFile, rows: int, columns: Sequence[str]
) -> Iterator[pa.RecordBatch]:
    """All rows in batches of at most `rows`. Raises as `open_parquet`."""
    yield from parquet.iter_batches(rows, columns=columns, use_threads=False)
