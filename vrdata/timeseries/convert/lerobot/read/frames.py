"""The frames of episodes from Parquet files, one episode at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vrdata.errors import InvalidInputError
from vrdata.parquet import open_parquet, read_batches
from vrdata.text import count
from vrdata.timeseries.convert.lerobot.read.entries import UNREADABLE, Entry
from vrdata.timeseries.table.arrow import list_parts, numbers

_ROWS = 256  # frames at a time: they can have images


def episode_frames(
    entries: Iterable[Entry], columns: list[str]
) -> Iterator[tuple[Entry, pa.Table]]:
    """The rows of each episode; memory holds one episode and one batch.

    Args:
        entries: in the order of the files.
        columns: to read.

    Raises:
        InvalidInputError: a file is damaged, lacks a column, or does not have the listed episodes.
    """
    for path, listed in groupby(entries, lambda one: one.data):
        found = _file_frames(path, columns)
        for entry in listed:
            index, table = next(found, (-1, None))
            while table is not None and index < entry.index:  # an episode that is not listed
                index, table = next(found, (-1, None))
            if table is None or index != entry.index:
                raise InvalidInputError(f"{path} lacks episode {entry.index}")
            if table.num_rows != entry.length:
                raise InvalidInputError(
                    f"{path}: episode {entry.index} has {count(table.num_rows, 'frame')}",
                    why=f"the list of episodes expects {entry.length}",
                )
            yield entry, table


def matrix(table: pa.Table, column: str, where: str) -> NDArray[Any]:
    """[T, D] numbers of a column.

    Raises:
        InvalidInputError: it has other values, or rows of different lengths.
    """
    array = table[column].combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    try:
        if not _is_list(array.type):
            return numbers(array).reshape(-1, 1)
        offsets, values = list_parts(array)
        widths = np.diff(offsets)
        if len(widths) and (widths != widths[0]).any():
            step = int(np.argmax(widths != widths[0]))
            raise ValueError(f"step {step} has {widths[step]} values, step 0 has {widths[0]}")
        flat = numbers(values)[offsets[0] : offsets[-1]]
        return flat.reshape(len(widths), -1)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"{where}: {column}: {error}") from None


def _is_list(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def _file_frames(path: Path, columns: list[str]) -> Iterator[tuple[int, pa.Table]]:
    """The rows of one episode after the other."""
    kept: list[pa.RecordBatch] = []
    current = -1
    with _damage(path), path.open("rb") as file:
        parquet = open_parquet(file)
        for name in columns:
            if parquet.schema_arrow.names.count(name) != 1:
                raise InvalidInputError(f"{path} does not have one column {name}")
        for batch in read_batches(parquet, _ROWS, columns):
            indices = numbers(batch["episode_index"])
            starts = [0, *(np.flatnonzero(np.diff(indices)) + 1).tolist(), len(indices)]
            for start, stop in pairwise(starts):
                if start == stop:
                    continue
                if kept and int(indices[start]) != current:
                    yield current, pa.Table.from_batches(kept)
                    kept = []
                current = int(indices[start])
                kept.append(batch.slice(start, stop - start))
    if kept:
        yield current, pa.Table.from_batches(kept)


@contextmanager
def _damage(path: Path) -> Iterator[None]:
    try:
        yield
    except InvalidInputError:
        raise
    except UNREADABLE as error:
        why = " ".join(str(error).split())[:300]
        raise InvalidInputError(f"{path} is damaged", why=why) from None
