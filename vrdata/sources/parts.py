"""The list of a source's parts as a Parquet file; its digest does not depend on the file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import IO, Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from vrdata.api.selection import INDEX_LIMIT
from vrdata.dataset import layout
from vrdata.errors import InvalidInputError
from vrdata.model import canonical_json
from vrdata.parquet import open_parquet, read_group
from vrdata.sources.port import Part, PartFile
from vrdata.store.port import ObjectNotFoundError, ObjectStore
from vrdata.store.streaming import StoredFile

GROUP_PARTS = 1_000  # parts of one row group: a worker reads the groups of its shard only
_BATCH_PARTS = 100  # parts in memory as Python objects
_DIGEST = b"vrdata.list"
_FILE = pa.struct(
    [
        ("name", pa.string()),
        ("size", pa.int64()),
        ("digest", pa.string()),
        ("ranges", pa.list_(pa.list_(pa.int64()))),
    ]
)
SCHEMA = pa.schema(
    [
        ("first", pa.int64()),
        ("items", pa.int64()),
        ("format", pa.string()),
        ("group", pa.int32()),
        ("row", pa.int64()),
        ("files", pa.list_(_FILE)),
    ]
)


class PartList(NamedTuple):
    """A list that was written.

    Attributes:
        items: number of items.
        parts: number of parts.
        digest: `sha256:…`; it does not depend on the file.
    """

    items: int
    parts: int
    digest: str


def write_parts(parts: Iterable[Part], file: IO[bytes]) -> PartList:
    """Write the list.

    Args:
        parts: in the order of their items, without gaps.

    Raises:
        ValueError: there is a gap.
        InvalidInputError: there are more than INDEX_LIMIT items.
    """
    digest, items, count = hashlib.sha256(), 0, 0
    with pq.ParquetWriter(file, SCHEMA, compression="zstd") as writer:
        rows: list[dict[str, Any]] = []
        batches: list[pa.RecordBatch] = []
        for part in parts:
            if part.first != items:
                raise ValueError(f"the part of item {part.first} follows item {items - 1}")
            items, count = items + part.items, count + 1
            if items > INDEX_LIMIT:  # a damaged or hostile table can declare any number of rows
                raise _too_many(part, items)
            rows.append(_row(part))
            digest.update(canonical_json(rows[-1]) + b"\n")
            if len(rows) == _BATCH_PARTS:
                batches.append(pa.RecordBatch.from_pylist(rows, SCHEMA))
                rows.clear()
            if len(batches) * _BATCH_PARTS == GROUP_PARTS:
                writer.write_table(pa.Table.from_batches(batches, SCHEMA))
                batches.clear()
        batches.append(pa.RecordBatch.from_pylist(rows, SCHEMA))
        writer.write_table(pa.Table.from_batches(batches, SCHEMA))
        name = f"sha256:{digest.hexdigest()}"
        writer.add_key_value_metadata({_DIGEST: name})
    return PartList(items, count, name)


def _too_many(part: Part, items: int) -> InvalidInputError:
    return InvalidInputError(
        f"{part.files[0].name}: the source has {items} items up to this file",
        why=f"a source has at most {INDEX_LIMIT} items",
        fix="if the files are intact, set source.limit or --limit",
    )


def cut_parts(parts: Iterable[Part], limit: int | None) -> Iterator[Part]:
    """The parts of the first items; nothing after them is taken from `parts`.

    Args:
        parts: in the order of their items.
        limit: the most items; None = all.
    """
    for part in parts:
        left = part.items if limit is None else limit - part.first
        yield part if left >= part.items else replace(part, items=left)
        if limit is not None and left <= part.items:
            return


def list_digest(file: Any) -> str:
    """The digest that `write_parts` returned; "" if the file does not have it.

    Args:
        file: as for `read_parts`.

    Raises:
        pyarrow.ArrowInvalid: it is damaged.
    """
    metadata = open_parquet(file).metadata.metadata or {}
    return str(metadata.get(_DIGEST, b"").decode())


def read_parts(file: Any, start: int, stop: int) -> Iterator[Part]:
    """The parts with items of `[start, stop)`, in order.

    Args:
        file: what `write_parts` wrote: an open binary file, or its bytes as a pyarrow buffer.
        start: index of the first item.
        stop: the index after the last one.

    Raises:
        pyarrow.ArrowInvalid: it is damaged.
    """
    table = open_parquet(file)
    columns = [table.metadata.row_group(n).column(0) for n in range(table.metadata.num_row_groups)]
    firsts = [column.statistics.min for column in columns if column.statistics is not None]
    for group, (first, after) in enumerate(pairwise([*firsts, stop])):
        if first >= stop:
            return
        if after <= start:
            continue
        rows = read_group(table, group)
        begun = pc.less(rows["first"], stop)
        ended = pc.less_equal(pc.add(rows["first"], rows["items"]), start)
        wanted = rows.filter(pc.and_not(begun, ended))
        for batch in wanted.to_batches(max_chunksize=_BATCH_PARTS):
            yield from map(_part, batch.to_pylist())


def stored_parts(store: ObjectStore, generator: str, start: int, stop: int) -> Iterator[Part]:
    """As `read_parts`, from the list that a run has stored; memory does not grow with its length.

    Args:
        store: the run's store.
        generator: the converter's name.
        start: index of the first item.
        stop: the index after the last one.

    Raises:
        ObjectNotFoundError: the list is missing.
        pyarrow.ArrowInvalid: it is damaged.
        StorageError, StoreAccessError: the store cannot be used.
    """
    key = layout.items_key(generator)
    # A listing: in a folder, a head request reads the whole file.
    info = next(store.list_after(key), None)
    if info is None or info.key != key:
        raise ObjectNotFoundError(f"there is no {key} in {store.url}")
    yield from read_parts(StoredFile(store, key, info.size), start, stop)


def _row(part: Part) -> dict[str, Any]:
    files = [
        {
            "name": file.name,
            "size": file.size,
            "digest": file.digest,
            "ranges": [list(one) for one in file.ranges],
        }
        for file in part.files
    ]
    return {
        "first": part.first,
        "items": part.items,
        "format": part.format,
        "group": part.group,
        "row": part.row,
        "files": files,
    }


def _part(row: dict[str, Any]) -> Part:
    files = tuple(
        PartFile(
            file["name"],
            file["size"],
            file["digest"],
            tuple((start, stop) for start, stop in file["ranges"]),
        )
        for file in row["files"]
    )
    return Part(row["first"], row["items"], files, row["format"], row["group"], row["row"])
