"""A row group in memory: its episodes are views of a few large arrays. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vrdata.timeseries.table.arrow import list_parts, numbers, valid
from vrdata.timeseries.table.episode import Camera, Episode, Media, Stamps, Steps
from vrdata.timeseries.table.faults import Fault, RowFault
from vrdata.timeseries.table.schema import SERIES, camera_column, stamps_of
from vrdata.timeseries.table.seed import split_seconds

_EPISODE = 2048
"""Bytes of an episode's objects, without its values."""


@dataclass(frozen=True, slots=True)
class _Lists:
    """A column of lists: those of row i are the values from offsets[i] to offsets[i + 1]."""

    present: NDArray[np.bool_]
    offsets: NDArray[np.int64]

    def span(self, row: int, column: str) -> tuple[int, int]:
        """Raises RowFault."""
        if not self.present[row]:
            raise RowFault(Fault(column, "it is null"))
        return int(self.offsets[row]), int(self.offsets[row + 1])


@dataclass(frozen=True, slots=True)
class _Steps:
    """A column of lists of steps; the values of step i begin at starts[i]."""

    lists: _Lists
    starts: NDArray[np.int64]
    values: NDArray[Any]

    def of(self, row: int, column: str) -> Steps:
        """[T, D] values of a row. Raises RowFault."""
        first, stop = self.lists.span(row, column)
        starts = self.starts[first : stop + 1]
        widths = np.diff(starts)
        if not len(widths):
            raise RowFault(Fault(column, "it has no steps"))
        if (widths != widths[0]).any():
            step = int(np.argmax(widths != widths[0]))
            raise RowFault(
                Fault(
                    column,
                    f"dimension mismatch: {widths[step]} values, step 0 has {widths[0]}",
                    step,
                )
            )
        return self.values[starts[0] : starts[-1]].reshape(len(widths), int(widths[0]))


@dataclass(slots=True)
class Group:
    """The episodes of a row group.

    Attributes:
        table: the columns as Arrow keeps them.
        cameras: names of further cameras.
        seconds: the columns whose steps begin with the time, see `vrdata.timeseries.table.seed`.
        checked: the rows without a fault.
    """

    table: pa.Table
    cameras: tuple[str, ...]
    seconds: frozenset[str]
    checked: set[int] = field(default_factory=set)
    _steps: dict[str, _Steps] = field(default_factory=dict)
    _stamps: dict[str, tuple[_Lists, NDArray[Any]]] = field(default_factory=dict)
    _cells: dict[str, pa.Array | None] = field(default_factory=dict)
    _episodes: dict[int, Episode] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return int(self.table.nbytes) + _EPISODE * int(self.table.num_rows)

    def episode(self, row: int) -> Episode:
        """One episode; media that are in the table have a path only. Raises RowFault."""
        found = self._episodes.get(row)
        if found is None:
            found = self._episodes[row] = self._build(row)
        return found

    def width(self, column: str) -> int | None:
        """Values of the first step of a series, without the time; None = there is no step."""
        steps = self._steps_of(column)
        if len(steps.starts) < 2:
            return None
        return int(steps.starts[1] - steps.starts[0]) - (column in self.seconds)

    def _build(self, row: int) -> Episode:
        actions, observations = (self._series(column, row) for column in SERIES)
        text = self._cell("text", row)
        if not isinstance(text, str):
            raise RowFault(Fault("text", "there is no text"))
        first = self._camera("", row)
        return Episode(
            text,
            *actions,
            *observations,
            first.image,
            first.video,
            first.video_start,
            first.video_timestamps,
            {name: self._camera(name, row) for name in self.cameras},
        )

    def _series(self, column: str, row: int) -> tuple[Steps, Stamps]:
        values = self._steps_of(column).of(row, column)
        if column in self.seconds:
            return split_seconds(values, column)
        stamps = self._time(stamps_of(column), row)
        if stamps is None:
            raise RowFault(Fault(stamps_of(column), "it is null"))
        return values, stamps

    def _steps_of(self, column: str) -> _Steps:
        if column not in self._steps:
            self._steps[column] = _steps_of(self._column(column), column)
        return self._steps[column]

    def _camera(self, name: str, row: int) -> Camera:
        start = self._cell(camera_column("video_start", name), row)
        return Camera(
            _media(self._cell(camera_column("image", name), row)),
            _media(self._cell(camera_column("video", name), row)),
            start,
            self._time(camera_column("video_timestamps", name), row),
        )

    def _time(self, column: str, row: int) -> Stamps | None:
        """The timestamps of a row; None = null, or there is no such column."""
        if column not in self._stamps:
            if column not in self.table.column_names:
                return None
            array = self._column(column)
            if pa.types.is_null(array.type):
                return None
            offsets, values = list_parts(array)
            self._stamps[column] = _Lists(valid(array), offsets), _numbers(values, column)
        lists, stamps = self._stamps[column]
        if not lists.present[row]:
            return None
        first, stop = lists.span(row, column)
        return stamps[first:stop]

    def _cell(self, column: str, row: int) -> Any:
        if column not in self._cells:
            known = column in self.table.column_names
            array = self._column(column) if known else None
            self._cells[column] = None if array is None or array.null_count == len(array) else array
        cells = self._cells[column]
        try:
            return None if cells is None else cells[row].as_py()
        except ValueError as error:  # text that is not UTF-8
            raise RowFault(Fault(column, str(error))) from None

    def _column(self, column: str) -> pa.Array:
        chunks = self.table.column(column).combine_chunks()
        return chunks.chunk(0) if isinstance(chunks, pa.ChunkedArray) else chunks


def _steps_of(array: pa.Array, column: str) -> _Steps:
    offsets, steps = list_parts(array)
    starts, values = list_parts(steps)
    return _Steps(_Lists(valid(array), offsets), starts, _floats(_numbers(values, column)))


def _numbers(values: pa.Array, column: str) -> NDArray[Any]:
    try:
        return numbers(values)
    except (TypeError, ValueError) as error:
        raise RowFault(Fault(column, str(error))) from None


def _floats(values: NDArray[Any]) -> NDArray[Any]:
    return values if values.dtype.kind == "f" else values.astype(np.float64)


def _media(cell: Mapping[str, Any] | str | None) -> Media | None:
    if cell is None:
        return None
    if isinstance(cell, str):
        return Media(cell) if cell else None
    return Media(cell.get("path") or "", cell.get("bytes") or b"")
