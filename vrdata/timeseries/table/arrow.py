"""Between Arrow and numpy, without copies: through buffers, as pyarrow may not know numpy. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vrdata.timeseries.table.episode import Media, Stamps, Steps
from vrdata.timeseries.table.schema import MEDIA, STAMPS

_NUMPY = {
    pa.float64(): np.float64,
    pa.float32(): np.float32,
    pa.int64(): np.int64,
    pa.int32(): np.int32,
    pa.timestamp("ns"): np.int64,
}


def numbers(array: pa.Array) -> NDArray[Any]:
    """The values of an array; a null of floats is NaN. Raises TypeError, ValueError."""
    kind = _NUMPY.get(array.type)
    if kind is None:
        raise TypeError(f"{array.type} is not a numeric type that vrdata reads")
    buffer = array.buffers()[1]
    if buffer is None:
        return np.empty(0, kind)
    values = np.frombuffer(buffer, kind, array.offset + len(array))[array.offset :]
    if array.null_count:
        if values.dtype.kind != "f":
            raise ValueError("a number is missing")
        values = np.where(valid(array), values, np.nan).astype(kind)
    return values


def valid(array: pa.Array) -> NDArray[np.bool_]:
    """Which values are not null."""
    if pa.types.is_null(array.type):
        return np.zeros(len(array), bool)
    buffer = array.buffers()[0]
    if buffer is None or not array.null_count:
        return np.ones(len(array), bool)
    bits = np.unpackbits(np.frombuffer(buffer, np.uint8), bitorder="little")
    return bits[array.offset : array.offset + len(array)].astype(bool)


def list_parts(array: pa.Array) -> tuple[NDArray[np.int64], pa.Array]:
    """The n + 1 offsets of n lists, and the values that they point into."""
    kind = array.type
    if pa.types.is_fixed_size_list(kind):
        first = array.offset * kind.list_size
        stop = first + len(array) * kind.list_size
        return np.arange(first, stop + 1, kind.list_size, dtype=np.int64), array.values
    width = np.int64 if pa.types.is_large_list(kind) else np.int32
    buffer = array.buffers()[1]
    if buffer is None or not len(array):
        return np.zeros(len(array) + 1, np.int64), array.values
    stop = array.offset + len(array) + 1
    return np.frombuffer(buffer, width, stop)[array.offset :].astype(np.int64), array.values


def steps_array(values: Sequence[Steps], kind: pa.DataType) -> pa.Array:
    """A column of series, of the type that `steps_type` returns."""
    step = kind.value_type
    flat = np.ascontiguousarray(np.concatenate(values), _NUMPY[step.value_type])
    inner = pa.Array.from_buffers(step.value_type, flat.size, [None, pa.py_buffer(flat)])
    steps = pa.Array.from_buffers(step, len(flat), [None], children=[inner])
    return _lists(kind, [len(one) for one in values], steps)


def stamps_array(stamps: Sequence[Stamps | None]) -> pa.Array:
    """A column of timestamps, with nulls."""
    flat = np.concatenate([np.empty(0, np.int64), *(one for one in stamps if one is not None)])
    values = pa.Array.from_buffers(pa.int64(), flat.size, [None, pa.py_buffer(flat)])
    missing = [one is None for one in stamps]
    lengths = [0 if one is None else len(one) for one in stamps]
    return _lists(STAMPS, lengths, values, missing if any(missing) else None)


def seed_array(values: Sequence[Steps], stamps: Sequence[Stamps]) -> pa.Array:
    """A column of lists [seconds, value, …]."""
    rows = [
        np.column_stack([times / 1e9, steps]) for steps, times in zip(values, stamps, strict=True)
    ]
    flat = np.ascontiguousarray(np.concatenate(rows), np.float64)
    numbers_ = pa.Array.from_buffers(pa.float64(), flat.size, [None, pa.py_buffer(flat)])
    steps_ = _lists(pa.list_(pa.float64()), [flat.shape[1]] * len(flat), numbers_)
    return _lists(pa.list_(steps_.type), [len(row) for row in rows], steps_)


def media_array(media: Sequence[Media | None]) -> pa.Array:
    """A column of images or videos, with nulls."""
    rows = [
        None if one is None else {"bytes": one.data or None, "path": one.path or None}
        for one in media
    ]
    return pa.array(rows, MEDIA)


def _lists(
    kind: pa.DataType, lengths: list[int], values: pa.Array, missing: list[bool] | None = None
) -> pa.Array:
    offsets = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    bits = None
    if missing is not None:
        bits = pa.py_buffer(np.packbits(~np.array(missing), bitorder="little"))
    return pa.Array.from_buffers(
        kind, len(lengths), [bits, pa.py_buffer(offsets)], children=[values]
    )
