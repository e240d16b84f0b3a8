"""The digest of an item's rows: equal for equal values, however they are cut and stored.

For each column, the streams below are hashed one by one, from the first row to the last:

- `valid`: one byte for each value, 1 or 0 = null;
- `lengths`: 8 bytes, little-endian, for each text, binary or list that is not null;
- `values`: the values that are not null: numbers and times little-endian, true as byte 1.

The values of a list, and the fields of a struct, are streams of the lists and structs that are not
null. So nothing depends on batches, slices, row groups, or on bytes behind a null.
"""

from __future__ import annotations

import hashlib
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vrdata.model import canonical_json


class UnsupportedTypeError(ValueError):
    """A column has a type that has no canonical form; the message is the type."""


class RowsDigest:
    """Takes the rows of one item, in any number of batches; memory does not grow with them.

    Args:
        schema: the columns.

    Raises:
        UnsupportedTypeError: a column's type is not supported.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._columns = [_Column(field.type) for field in schema]
        self._rows = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Add rows; the batch has the columns of the schema."""
        self._rows += batch.num_rows
        for column, array in zip(self._columns, batch.columns, strict=True):
            column.add(array)

    def body(self) -> bytes:
        """The digest as JSON: number of rows, and name, type and streams of each column."""
        return canonical_json(
            {
                "columns": [
                    {"name": field.name, "type": str(field.type), "streams": column.streams()}
                    for field, column in zip(self._schema, self._columns, strict=True)
                ],
                "rows": self._rows,
            }
        )


class _Stream:
    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._size = 0

    def add(self, data: Any) -> None:
        with memoryview(data) as view:
            self._digest.update(view)
            self._size += view.nbytes

    def facts(self) -> list[Any]:
        return [self._size, self._digest.hexdigest()]


class _Column:
    """The streams of one type, and of the types inside it."""

    def __init__(self, kind: pa.DataType) -> None:
        self._kind = kind
        self._valid, self._lengths, self._values = _Stream(), _Stream(), _Stream()
        self._inner = [_Column(inner) for inner in _inner_types(kind)]

    def streams(self) -> list[Any]:
        own = [self._valid.facts(), self._lengths.facts(), self._values.facts()]
        return own + [inner.streams() for inner in self._inner]

    def add(self, array: pa.Array) -> None:
        if not len(array):
            return
        if array.null_count:
            self._valid.add(_fixed(array.is_valid().cast(pa.uint8())))
            array = array.drop_null()
        else:
            self._valid.add(b"\x01" * len(array))
        if not len(array) or pa.types.is_null(self._kind):
            return
        if pa.types.is_map(self._kind):
            array = array.cast(_entries(self._kind))
        for inner, part in zip(self._inner, self._parts(array), strict=True):
            inner.add(part)

    def _parts(self, array: pa.Array) -> list[pa.Array]:
        """The arrays of the inner types, without nulls of this one; adds its own values."""
        kind = array.type
        if pa.types.is_struct(kind):
            return list(array.flatten())
        if pa.types.is_fixed_size_list(kind):
            return [array.flatten()]
        if _is_list(kind):
            self._lengths.add(_fixed(pc.list_value_length(array).cast(pa.int64())))
            return [array.flatten()]
        if _is_binary(kind):
            self._lengths.add(_fixed(pc.binary_length(array).cast(pa.int64())))
            self._values.add(_joined(array))
        elif pa.types.is_boolean(kind):
            self._values.add(_fixed(array.cast(pa.uint8())))
        else:
            self._values.add(_fixed(array))
        return []


def _inner_types(kind: pa.DataType) -> list[pa.DataType]:
    if pa.types.is_map(kind):
        return [pa.struct([kind.key_field, kind.item_field])]
    if pa.types.is_struct(kind):
        return [field.type for field in kind]
    if _is_list(kind) or pa.types.is_fixed_size_list(kind):
        return [kind.value_type]
    types = pa.types
    plain = types.is_null(kind) or types.is_boolean(kind) or _is_binary(kind)
    if plain or _is_fixed(kind):
        return []
    raise UnsupportedTypeError(str(kind))


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind))


def _is_binary(kind: pa.DataType) -> bool:
    types = pa.types
    text = types.is_string(kind) or types.is_large_string(kind)
    return bool(text or types.is_binary(kind) or types.is_large_binary(kind))


def _is_fixed(kind: pa.DataType) -> bool:
    types = pa.types
    number = types.is_integer(kind) or types.is_floating(kind)
    time = types.is_timestamp(kind) or types.is_time(kind) or types.is_duration(kind)
    other = types.is_date32(kind) or types.is_fixed_size_binary(kind)
    return bool(number or time or other or types.is_decimal128(kind) or types.is_decimal256(kind))


def _entries(kind: pa.DataType) -> pa.DataType:
    return pa.list_(pa.struct([kind.key_field, kind.item_field]))


def _fixed(array: pa.Array) -> Any:
    """The bytes of values of a fixed width, without those before and after a slice."""
    width = array.type.bit_width // 8
    return array.buffers()[1].slice(array.offset * width, len(array) * width)


def _joined(array: pa.Array) -> Any:
    """The bytes of all texts, one after another; there are no nulls."""
    offsets, data = array.buffers()[1:]
    large = pa.types.is_large_string(array.type) or pa.types.is_large_binary(array.type)
    width = 8 if large else 4
    first, last = (
        int.from_bytes(offsets.slice(at * width, width).to_pybytes(), "little")
        for at in (array.offset, array.offset + len(array))
    )
    return data.slice(first, last - first) if data is not None else b""
