"""Write the rows of an item: an Arrow IPC stream of record batches, with the declared schema."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vrdata_child.items.staged import INVALID_ITEM
from vrdata_child.sample.invalid import SampleInvalidError

if TYPE_CHECKING:
    import pyarrow as pa

MAX_SHOWN = 100  # characters of a value in a message
BATCH_ROWS = 2000  # that are Python objects at the same time
BATCH_BYTES = 8 * 2**20  # about, of their values
_OBJECT_BYTES = 50  # of a Python object


def write_rows(path: Path, rows: Iterable[Any], schema: pa.Schema) -> int:
    """Write rows, each a mapping of columns, as they come; returns their number.

    A column that a row does not have is null. Memory holds one batch of rows.

    Raises:
        SampleInvalidError: a row has another column, or a value of another type; it names both.
        BaseException: whatever the iteration raises.
    """
    import pyarrow as pa

    names = set(schema.names)
    count = 0
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, schema) as stream:
        for batch in _batches(rows):
            for number, row in enumerate(batch, count):
                _check(number, row, names, schema)
            columns = [_column(field, batch, count) for field in schema]
            stream.write_batch(pa.record_batch(columns, schema=schema))
            count += len(batch)
    return count


def _batches(rows: Iterable[Any]) -> Iterator[list[Any]]:
    """The rows in lists with few rows, or few bytes."""
    batch: list[Any] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += _size(row)
        if len(batch) >= BATCH_ROWS or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _size(value: Any) -> int:
    """About how many bytes a row, or a value of it, has as Python objects."""
    if isinstance(value, str | bytes):
        return len(value) + _OBJECT_BYTES
    if isinstance(value, Mapping):
        return sum(map(_size, value.values()))
    if isinstance(value, list | tuple):
        return sum(map(_size, value))
    return _OBJECT_BYTES


def _check(number: int, row: Any, names: set[str], schema: pa.Schema) -> None:
    if not isinstance(row, Mapping):
        raise _invalid(f"row {number} is {type(row).__name__}, not a dict of columns")
    if not row.keys() <= names:
        other = min(map(str, row.keys() - names))
        columns = ", ".join(schema.names)
        raise _invalid(f"row {number} has the column {other!r}; the schema has {columns}")


def write_columns(path: Path, schema: pa.Schema) -> None:
    """Write the columns of rows, without a row."""
    import pyarrow as pa

    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, schema):
        pass


def _column(field: pa.Field, rows: Sequence[Mapping[str, Any]], first: int) -> pa.Array:
    """A column of some rows; `first` is the number of the first one."""
    import pyarrow as pa

    values = [row.get(field.name) for row in rows]
    empty = None if field.nullable else next(_places(values, None), None)
    if empty is not None:
        raise _invalid(f"row {first + empty}, column {field.name!r}: a value is missing")
    try:
        column = _array(values, field.type)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise _of_value(field, values, first, error) from None
    if isinstance(column, pa.ChunkedArray):
        raise _invalid(f"column {field.name!r} has more than 2 GiB; use a large_ type")
    return column


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """The values of a column; pyarrow alone would cut 1.5 to 1."""
    import pyarrow as pa

    column = pa.array(values, kind)
    if pa.types.is_integer(kind):
        if any(isinstance(value, float) and not value.is_integer() for value in values):
            raise ValueError("a fraction is not an integer")
    elif pa.types.is_nested(kind) and "int" in str(kind):
        with contextlib.suppress(pa.ArrowNotImplementedError):  # no such cast
            pa.array(values).cast(kind)
    return column


def _of_value(
    field: pa.Field, values: Sequence[Any], first: int, error: Exception
) -> SampleInvalidError:
    """The error of the first value that does not fit."""
    import pyarrow as pa

    for number, value in enumerate(values, first):
        try:
            _array([value], field.type)
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            shown = repr(value)
            shown = shown if len(shown) <= MAX_SHOWN else f"{shown[:MAX_SHOWN]}…"
            what = f"{shown} ({type(value).__name__}) is not {field.type}"
            return _invalid(f"row {number}, column {field.name!r}: {what}")
    return _invalid(f"column {field.name!r}: {error}")


def _places(values: Sequence[Any], wanted: Any) -> Iterator[int]:
    return (number for number, value in enumerate(values) if value is wanted)


def _invalid(why: str) -> SampleInvalidError:
    return SampleInvalidError(INVALID_ITEM, why)
