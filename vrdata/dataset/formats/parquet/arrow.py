"""Read the rows of an item, which the converter's process wrote, without trusting the file.

Nothing is expanded before its size is known: compressed buffers are refused, and the values of a
dictionary are counted first.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.compute as pc

from vrdata.dataset.formats.base import SourceFile
from vrdata.dataset.formats.untrusted import changed, read_exactly
from vrdata.errors import InvalidInputError

MAX_BATCH = 512 * 2**20
"""Bytes of the largest record batch, which is in memory."""

_ACCEPTED = ("schema", "record batch", "dictionary")
_ONE_THREAD = pa.ipc.IpcReadOptions(use_threads=False)  # why: vrdata/parquet.py


class ArrowRows:
    """The rows of one item: an Arrow IPC stream in a file.

    Args:
        file: the file, as the child reported it.

    Raises:
        FileChangedError: its bytes are not the reported ones.
        InvalidInputError: it is not a stream of valid, plain record batches.
    """

    def __init__(self, file: SourceFile) -> None:
        self._file = file
        self._check_messages()
        self._bytes = _Hashing(file)
        with _refused(file):
            self._reader = pa.ipc.open_stream(self._bytes, options=_ONE_THREAD)
        self.schema: pa.Schema = self._reader.schema

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The valid record batches, with dictionaries replaced by values. Raises as the class."""
        while True:
            with _refused(self._file):
                try:
                    batch = self._reader.read_next_batch()
                except StopIteration:
                    break
                batch.validate(full=True)
                for field, column in zip(batch.schema, batch.columns, strict=True):
                    _check_nulls(field, column)
                batch = plain(batch)
            yield batch
        self._bytes.finish()

    def _check_messages(self) -> None:
        stream = _Hashing(self._file)
        with _refused(self._file):
            messages = pa.ipc.MessageReader.open_stream(stream)
            while True:
                try:
                    message = messages.read_next_message()
                except StopIteration:
                    break
                _check(message)
        stream.finish()


def plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    """A batch with columns that Parquet keeps: values of dictionaries, seconds as milliseconds.

    Raises:
        ValueError: the values of a dictionary are too large, or a time in milliseconds.
    """
    columns = [_values(column) for column in batch.columns]
    fields = [
        field.with_type(column.type) for field, column in zip(batch.schema, columns, strict=True)
    ]
    schema = pa.schema(fields, metadata=batch.schema.metadata)
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _values(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_timestamp(kind) and kind.unit == "s":
        return column.cast(pa.timestamp("ms", kind.tz))
    if kind == pa.time32("s"):
        return column.cast(pa.time32("ms"))
    if not pa.types.is_dictionary(kind):
        return column
    kind = kind.value_type
    if pa.types.is_nested(kind) or pa.types.is_dictionary(kind):
        raise ValueError(f"a dictionary of {kind} is not supported")
    if kind in (pa.string(), pa.binary(), pa.large_string(), pa.large_binary()):
        lengths = pc.binary_length(column.dictionary).cast(pa.int64())
        size = pc.sum(lengths.take(column.indices)).as_py() or 0
        if size > MAX_BATCH:
            raise ValueError(f"the values of a dictionary have {size} bytes, more than {MAX_BATCH}")
    return column.dictionary_decode()


def _check_nulls(field: pa.Field, column: pa.Array) -> None:
    """Parquet does not store a null where the schema says that there is none."""
    kind = column.type
    if column.null_count and not field.nullable:
        raise ValueError(f"{field.name!r} contains null, and its field is not nullable")
    if pa.types.is_struct(kind):
        for inner, part in zip(kind, column.flatten(), strict=True):
            _check_nulls(inner, part)
    elif pa.types.is_map(kind):
        _check_nulls(kind.item_field, column.items)
    elif pa.types.is_nested(kind) and hasattr(column, "flatten"):  # lists
        _check_nulls(kind.value_field, column.flatten())


def _check(message: pa.ipc.Message) -> None:
    if message.type not in _ACCEPTED:
        raise ValueError(f"it contains a {message.type}")
    body = message.body.size if message.body is not None else 0
    if body > MAX_BATCH:
        raise ValueError(f"a record batch has {body} bytes, more than {MAX_BATCH}")
    if message.type != "schema" and _is_compressed(message):
        raise ValueError("its buffers are compressed")


def _is_compressed(message: pa.ipc.Message) -> bool:
    """Whether a record batch has the field `compression`; Arrow, format/Message.fbs.

    Reading the message has verified the FlatBuffers table, so its offsets are valid.
    """
    data = message.metadata.to_pybytes()
    header = _follow(data, _follow(data, 0), 2)
    if message.type == "dictionary":
        header = _follow(data, header, 1)
    return _slot(data, header, 3) != 0


def _follow(data: bytes, table: int, field: int | None = None) -> int:
    """The position of the table that an offset names: in a field, or at the position itself."""
    at = table if field is None else table + _slot(data, table, field)
    return at + int(struct.unpack_from("<I", data, at)[0])


def _slot(data: bytes, table: int, field: int) -> int:
    """Where a field of a FlatBuffers table is, from the table; 0 = it has none."""
    vtable = table - int(struct.unpack_from("<i", data, table)[0])
    at = 4 + 2 * field
    if at >= int(struct.unpack_from("<H", data, vtable)[0]):
        return 0
    return int(struct.unpack_from("<H", data, vtable + at)[0])


@contextmanager
def _refused(file: SourceFile) -> Iterator[None]:
    try:
        yield
    except (
        pa.ArrowException,
        OSError,
        ValueError,
        TypeError,
        struct.error,
        OverflowError,
    ) as error:
        why = next(iter(str(error).splitlines()), repr(error))
        raise InvalidInputError(
            f"{file.name} cannot be used: {why}",
            fix="give rows with the columns of the converter's schema, each as a dict",
        ) from None


class _Hashing:
    """A file's bytes as a stream for pyarrow; the end compares them with the reported digest."""

    closed = False

    def __init__(self, file: SourceFile) -> None:
        self._file = file
        self._chunks = read_exactly(file.path, file.size)
        self._rest = b""
        self._digest = hashlib.sha256()

    def close(self) -> None:
        """Nothing: the file is closed when it has been read."""

    def read(self, size: int = -1) -> bytes:
        """Exactly `size` bytes, fewer at the end."""
        parts, wanted = [], size if size >= 0 else self._file.size
        while wanted and (part := self._rest or self._next()):
            parts.append(part[:wanted])
            self._rest = part[wanted:]
            wanted -= len(parts[-1])
        return b"".join(parts)

    def finish(self) -> None:
        """Read to the end. Raises FileChangedError."""
        while self._next():
            pass
        if self._digest.hexdigest() != self._file.sha256:
            raise changed(self._file.name, "its bytes are not those that were reported")

    def _next(self) -> bytes:
        chunk = next(self._chunks, b"")
        self._digest.update(chunk)
        return chunk
