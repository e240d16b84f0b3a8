"""The record batches of an Arrow file or stream and the bytes that each one needs.

Both are a sequence of messages: the schema, dictionaries, record batches. The schema, the
dictionaries and one batch, one after the other, are a stream of their own. pyarrow does not tell
where a message is, so the few fields that do are read here, from their flatbuffers
(https://arrow.apache.org/docs/format/Columnar.html, "Serialization and IPC").
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa

from vrdata.sources.port import Part
from vrdata.sources.tables.table import Table

MAGIC = b"ARROW1"
_FILE_START = 8  # the magic number and its padding
_CONTINUATION = 0xFFFFFFFF  # begins a message since format 0.15
_SCHEMA, _DICTIONARY, _BATCH = 1, 2, 3
_BLOCK = struct.Struct("<qixxxxq")  # offset, length of the metadata, length of the body


class Message(NamedTuple):
    """One message.

    Attributes:
        kind: of its header: schema, dictionary, record batch.
        rows: of a record batch.
        dictionary: id of the dictionary; None for other kinds.
        grows: whether the dictionary is added to an earlier one of its id, or replaces it.
        start: its first byte.
        stop: the byte after it.
    """

    kind: int
    rows: int
    dictionary: int | None
    grows: bool
    start: int
    stop: int


def arrow_parts(table: Table) -> Iterator[Part]:
    """One part for each record batch that has rows; see `parts_of_table`."""
    try:
        messages = _of_file(table) if table.read(0, min(6, table.size)) == MAGIC else _of(table, 0)
        yield from _parts(table, messages)
    except (struct.error, IndexError) as error:
        table.damaged(f"a message has invalid metadata: {error}")


def _parts(table: Table, messages: Iterator[Message]) -> Iterator[Part]:
    schema = next(messages, None)
    if schema is None or schema.kind != _SCHEMA:
        table.damaged("it does not begin with a schema")
    table.check_metadata(schema.stop - schema.start, "its schema")
    _check_columns(table, schema)
    dictionaries: list[Message] = []
    row = 0
    for message in messages:
        if message.kind == _DICTIONARY:
            stale = None if message.grows else message.dictionary
            dictionaries = [one for one in dictionaries if one.dictionary != stale]
            dictionaries.append(message)
        elif message.kind == _BATCH:
            needed = [(one.start, one.stop) for one in (schema, *dictionaries, message)]
            if message.rows:
                yield table.part(row, min(table.left(row), message.rows), needed)
            row += message.rows
            if table.left(row) <= 0:
                return


def _check_columns(table: Table, schema: Message) -> None:
    try:
        names = pa.ipc.read_schema(pa.py_buffer(table.read(schema.start, schema.stop))).names
    except (pa.ArrowException, OSError, ValueError) as error:
        table.damaged(f"its schema is invalid: {error}")
    table.check_columns(names)


def _of(table: Table, start: int) -> Iterator[Message]:
    """The messages from a byte on, to the end of the stream."""
    while start < table.size:
        message = _message(table, start)
        if message is None:
            return
        yield message
        start = message.stop


def _of_file(table: Table) -> Iterator[Message]:
    """The messages of a file: its footer tells where dictionaries and batches are."""
    schema = _message(table, _FILE_START)
    if schema is not None:
        yield schema
    tail = table.read(max(0, table.size - 10), table.size)
    if table.size < 20 or tail[4:] != MAGIC:
        table.damaged("it does not end like one, so it is truncated")
    length = int.from_bytes(tail[:4], "little")
    table.check_metadata(length, "its footer")
    footer = table.read(table.size - 10 - length, table.size - 10)
    root = _Flat.root(footer)
    left = table.size
    for field in (2, 3):  # dictionaries, record batches
        for start, metadata, body in root.blocks(field):
            left -= max(metadata, 0) + max(body, 0)
            if left < 0:
                table.damaged("its footer refers to more bytes than it has")
            message = _message(table, start)
            if message is None or message.stop != start + metadata + body:
                table.damaged(f"its footer refers to byte {start}, where no message is")
            yield message


def _message(table: Table, start: int) -> Message | None:
    """The message at a byte; None at the end of the stream."""
    head = table.read(start, min(start + 8, table.size))
    prefix, length = 4, int.from_bytes(head[:4], "little")
    if length == _CONTINUATION:
        prefix, length = 8, int.from_bytes(head[4:8], "little")
    if length == 0:
        return None
    body = start + prefix + length
    if body > table.size:
        table.damaged(f"the message at byte {start} ends outside the file, so it is truncated")
    table.check_metadata(length, f"the message at byte {start}")
    flat = _Flat.root(table.read(start + prefix, body))
    kind, header, size = flat.unsigned(1), flat.table(2), flat.long(3)
    rows = header.long(0) if kind == _BATCH else 0
    dictionary = header.long(0) if kind == _DICTIONARY else None
    grows = bool(header.unsigned(2)) if kind == _DICTIONARY else False
    if size < 0 or rows < 0 or body + size > table.size:
        table.damaged(f"the message at byte {start} ends outside the file, so it is truncated")
    return Message(kind, rows, dictionary, grows, start, body + size)


class _Flat(NamedTuple):
    """A table of a flatbuffer: fields by number, 0 where absent."""

    buffer: bytes
    at: int

    @classmethod
    def root(cls, buffer: bytes) -> _Flat:
        return cls(buffer, struct.unpack_from("<I", buffer)[0])

    def unsigned(self, field: int) -> int:
        at = self._place(field)
        return self.buffer[at] if at else 0

    def long(self, field: int) -> int:
        at = self._place(field)
        return int(struct.unpack_from("<q", self.buffer, at)[0]) if at else 0

    def table(self, field: int) -> _Flat:
        return _Flat(self.buffer, self._target(field))

    def blocks(self, field: int) -> Iterator[tuple[int, int, int]]:
        """A vector of blocks: offset, length of the metadata, length of the body."""
        at = self._target(field)
        count = int(struct.unpack_from("<I", self.buffer, at)[0]) if at else 0
        for number in range(count):
            yield _BLOCK.unpack_from(self.buffer, at + 4 + number * _BLOCK.size)

    def _target(self, field: int) -> int:
        at = self._place(field)
        return at + int(struct.unpack_from("<I", self.buffer, at)[0]) if at else 0

    def _place(self, field: int) -> int:
        """Where the value of a field is; 0 = it is absent."""
        fields = self.at - int(struct.unpack_from("<i", self.buffer, self.at)[0])
        size = int(struct.unpack_from("<H", self.buffer, fields)[0])
        if 4 + 2 * field >= size:
            return 0
        offset = int(struct.unpack_from("<H", self.buffer, fields + 4 + 2 * field)[0])
        return self.at + offset if offset else 0
