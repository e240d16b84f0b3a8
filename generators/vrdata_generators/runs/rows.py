"""The rows of an item whose source is a finished run: all rows that one item of the run gave."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from vrdata_generators.api import Item

if TYPE_CHECKING:
    import pyarrow as pa

_BUFFER_BYTES = 2**20  # read at a time of each column
_BATCH_BYTES = 4 * 2**20  # decoded at a time, at least one row
_MAX_BATCH_ROWS = 2000
_INDEX = "index"  # the column with the number of the item
_FACTS = b"vrdata"  # the metadata with the items of each row group


def batches_of(item: Item, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The rows of an item, in order; memory holds a few MiB of them.

    Args:
        item: its source is the folder of a run, and its key `FILE#ITEM`.
        columns: to read, in this order.

    Raises:
        ValueError: the item is of another source, or a column is missing.
        pyarrow.ArrowException, OSError: the file is damaged.
    """
    import pyarrow.compute as pc  # noqa: PLC0415 - an environment without tables has no pyarrow
    import pyarrow.parquet as pq  # noqa: PLC0415

    name, _, number = item.key.rpartition("#")
    if name not in item.files or not number.isdecimal():
        raise ValueError(
            f"{item.key} is not an item of a run: name the folder of a finished run in source.url, "
            "and no source.include"
        )
    table = pq.ParquetFile(
        item.files[name],
        page_checksum_verification=True,
        buffer_size=_BUFFER_BYTES,
        pre_buffer=False,
    )
    if missing := [one for one in columns if one not in table.schema_arrow.names]:
        found = ", ".join(table.schema_arrow.names[1:])
        raise ValueError(f"the rows of the run have no column {missing[0]}; they have {found}")
    groups = _groups(table.metadata.metadata or {}, int(number))
    size = max((_batch_rows(table.metadata.row_group(one)) for one in groups[:1]), default=1)
    for batch in table.iter_batches(
        size, row_groups=groups, columns=[_INDEX, *columns], use_threads=False
    ):
        own = batch.filter(pc.equal(batch.column(_INDEX), int(number)))
        if own.num_rows:
            yield own.select(list(columns))


def rows_of(item: Item, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """The rows as Python values in the order of the columns; see `batches_of`."""
    for batch in batches_of(item, columns):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _groups(metadata: dict[bytes, bytes], number: int) -> list[int]:
    """The row groups that have rows of an item."""
    noted = json.loads(metadata.get(_FACTS, b"{}")).get("groups", ())
    return [at for at, (first, last) in enumerate(noted) if first <= number <= last]


def _batch_rows(group: Any) -> int:
    row_bytes: int = max(1, group.total_byte_size // max(1, group.num_rows))
    return max(1, min(_MAX_BATCH_ROWS, _BATCH_BYTES // row_bytes))
