"""One file of a table: its footer, its row groups, its fingerprint."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vrdata.parquet import open_parquet, read_group
from vrdata.timeseries.table.arrow import list_parts, valid
from vrdata.timeseries.table.faults import TimeSeriesError
from vrdata.timeseries.table.groups import Group
from vrdata.timeseries.table.places import Place
from vrdata.timeseries.table.schema import (
    SERIES,
    STAMPS,
    camera_column,
    cameras_of,
    facts_of,
    stamps_of,
)
from vrdata.timeseries.table.seed import columns_with_seconds

_UNREADABLE = (pa.ArrowException, KeyError, TypeError, ValueError, OverflowError)
_TAIL = 8
_MEDIA = {"image", "video"}
_OF_CAMERA = ("image", "video", "video_start", "video_timestamps")
_STAMPS = (STAMPS, pa.list_(pa.timestamp("ns")), pa.null())
_TEXTS = {pa.string(), pa.large_string(), pa.null()}


class TableFile:
    """A file that is open in this process.

    Args:
        place: the file.

    Attributes:
        place: the file.
        rows: its episodes.
        starts: [groups + 1] the first row of each row group, and the number of rows.
        fingerprint: hex sha256 of its size and footer; files that vrdata wrote have the digest of
            their pages there, so it differs when any value does.
        cameras: names of further cameras.
        names: names of the dimensions by column, if the file has them.

    Raises:
        TimeSeriesError: it is no table of time series, or damaged.
        NotFoundError, StorageError, OSError: it cannot be read.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        with self._refused():
            self.fingerprint = _fingerprint(place)
            self._parquet = open_parquet(place.parquet())
            metadata = self._parquet.metadata
            # Not `ParquetFile.schema`: it and the footer would keep each other in memory. And not
            # `row_group(0).column(n)`: if it is damaged, pyarrow ends the process.
            self._paths = [".".join(parts) for parts in self._parquet.reader.column_paths]
            lengths = [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)]
            facts = facts_of(self._schema)
        self.starts: NDArray[np.int64] = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
        self.rows = int(self.starts[-1])
        self.cameras = cameras_of(self._schema.names)
        self.names = {column: facts.get(column, {}).get("names") for column in SERIES}
        self._seconds = columns_with_seconds(self._schema.names)
        self._leaves = self._checked_leaves()

    @property
    def _schema(self) -> pa.Schema:
        return self._parquet.schema_arrow

    @property
    def groups(self) -> int:
        """The number of row groups."""
        return len(self.starts) - 1

    def dimensions(self, column: str) -> int | None:
        """Values of a step of a series; None = the schema does not say."""
        step = self._schema.field(column).type.value_type
        return step.list_size if pa.types.is_fixed_size_list(step) else None

    def group(self, number: int, columns: Sequence[str] | None = None) -> Group:
        """A row group without the bytes of media.

        Args:
            number: from 0.
            columns: only these; None = all.
        """
        leaves = [leaf for leaf in self._leaves if columns is None or leaf.split(".")[0] in columns]
        return Group(self._read(number, leaves), self.cameras, self._seconds)

    def steps(self, column: str) -> Iterator[NDArray[np.int64]]:
        """The number of steps of each episode, one row group after the other."""
        counted = column if column in self._seconds else stamps_of(column)
        for number in range(self.groups):
            for chunk in self._read(number, [self._leaf(counted)]).column(0).chunks:
                yield np.diff(list_parts(chunk)[0])

    def present(self, column: str) -> Iterator[tuple[int, NDArray[np.bool_]]]:
        """Of each row group, its first row, and which rows have a value in a column."""
        leaf = next((one for one in self._leaves if one in {column, f"{column}.path"}), None)
        for number in range(self.groups if leaf else 0):
            chunks = self._read(number, [leaf or ""]).column(0).chunks
            found = np.concatenate([valid(chunk) for chunk in chunks])
            yield int(self.starts[number]), found

    def media(self, number: int, column: str) -> pa.ChunkedArray:
        """The bytes of the media of a row group, null where there is only a path."""
        leaf = f"{column}.bytes"
        if leaf not in self._paths:
            rows = int(self.starts[number + 1] - self.starts[number])
            return pa.chunked_array([pa.nulls(rows, pa.binary())])
        return pa.chunked_array(
            [chunk.field("bytes") for chunk in self._read(number, [leaf]).column(0).chunks],
            self._schema.field(column).type.field("bytes").type,
        )

    def _read(self, number: int, leaves: Sequence[str]) -> pa.Table:
        with self._refused():
            table = read_group(self._parquet, number, leaves)
            for leaf in leaves:
                if not any(_is_of(leaf, column) for column in table.column_names):
                    raise ValueError(f"row group {number} has no column {leaf}")
            return table

    def _leaf(self, column: str) -> str:
        return next(leaf for leaf in self._leaves if leaf.split(".")[0] == column)

    def _checked_leaves(self) -> list[str]:
        """The columns to read, as Parquet names them. Raises TimeSeriesError."""
        names = self._schema.names
        missing = [column for column in ("text", *SERIES) if column not in names]
        if missing:
            raise TimeSeriesError(
                f"{self.place} has no column {', '.join(missing)}",
                why=f"its columns are {', '.join(names)}",
                fix="a table of time series has text, actions and observations",
            )
        wanted = {"text", *SERIES, *map(stamps_of, SERIES)}
        for camera in ("", *self.cameras):
            wanted |= {camera_column(kind, camera) for kind in _OF_CAMERA}
        twice = sorted(name for name in wanted if names.count(name) > 1)
        if twice:
            raise TimeSeriesError(
                f"{self.place} has more than one column {twice[0]}", fix="remove all but one"
            )
        for column in SERIES:
            self._check_series(column)
        for name in sorted(wanted.intersection(names)):
            self._check_column(name)
            if self.rows and not any(_is_of(path, name) for path in self._paths):
                raise TimeSeriesError(
                    f"{self.place}: row group 0 has no column {name}", fix="it is damaged"
                )
        return [
            path
            for path in self._paths
            if any(_is_of(path, name) for name in wanted) and not path.endswith(".bytes")
        ]

    def _check_series(self, column: str) -> None:
        kind, inner = self._schema.field(column).type, None
        if _is_list(kind) and _is_list(kind.value_type):
            inner = kind.value_type.value_type
        if inner is None or not (pa.types.is_floating(inner) or pa.types.is_integer(inner)):
            raise TimeSeriesError(
                f"{self.place}: {column} has type {kind}",
                fix="a series is a list of steps, and a step is a list of numbers",
            )

    def _check_column(self, column: str) -> None:
        name, kind = column.partition(".")[0], self._schema.field(column).type
        if name in _MEDIA:
            self._check_media(column, kind)
        elif name.endswith("_timestamps") and kind not in _STAMPS:
            raise TimeSeriesError(
                f"{self.place}: {column} has type {kind}",
                fix="timestamps are lists of int64 nanoseconds",
            )
        elif name == "video_start" and not (pa.types.is_integer(kind) or pa.types.is_null(kind)):
            raise TimeSeriesError(
                f"{self.place}: {column} has type {kind}", fix="a start is int64 nanoseconds"
            )

    def _check_media(self, column: str, kind: pa.DataType) -> None:
        parts = {one.name: one.type for one in kind} if pa.types.is_struct(kind) else {"path": kind}
        path, data = parts.get("path"), parts.get("bytes", pa.binary())
        if path not in _TEXTS or data not in {pa.binary(), pa.large_binary(), pa.null()}:
            raise TimeSeriesError(
                f"{self.place}: {column} has type {kind}",
                fix="an image or a video is a path, or a struct of bytes and path",
            )

    @contextmanager
    def _refused(self) -> Iterator[None]:
        try:
            yield
        except TimeSeriesError:
            raise
        except (*_UNREADABLE, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # of the disk; pyarrow's own, about damaged pages, have no number
            why = (str(error).strip() or repr(error)).splitlines()[0]
            raise TimeSeriesError(
                f"{self.place} cannot be read as a Parquet table",
                why=why,
                fix="it is damaged, or another kind of file",
            ) from None


def _is_of(path: str, column: str) -> bool:
    return path == column or path.startswith(f"{column}.")


def _is_list(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def _fingerprint(place: Place) -> str:
    size = place.size()
    with place.open() as stream:
        stream.seek(max(0, size - _TAIL))
        tail = stream.read(_TAIL)
        length = int.from_bytes(tail[:4], "little")
        if size < _TAIL or tail[4:] != b"PAR1" or length + _TAIL > size:
            raise ValueError("it does not end like a Parquet file")
        stream.seek(size - _TAIL - length)
        return hashlib.sha256(size.to_bytes(8, "little") + stream.read(length)).hexdigest()
