"""The messages of an MCAP file, as far as they can be read; streamed, in the order of the file.

Source: the MCAP specification, https://mcap.dev/spec.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from vrdata.bounded.closing import Closing
from vrdata.desktop.recordings import walk
from vrdata.desktop.recordings.chunks import DamagedChunkError, chunk_records
from vrdata.desktop.recordings.losses import Loss
from vrdata.desktop.recordings.walk import MAGIC, Record, Walk
from vrdata.errors import InvalidInputError

_START = struct.Struct("<BQ")
_MESSAGE = struct.Struct("<HIQQ")  # channel, sequence, log time, publish time
_FOOTER = struct.Struct("<QQI")  # where the summary and its offsets begin, checksum of both
_FOOTER_BYTES = _START.size + _FOOTER.size + len(MAGIC)
_UNCHECKED_BYTES = 4 + len(MAGIC)  # the end of the footer, which its checksum does not cover
_BLOCK = 2**20
MAX_TIME = 2**63 - 1


class NotARecordingError(InvalidInputError):
    """A file is no MCAP file."""


class Channel(NamedTuple):
    """What a channel says of its messages."""

    topic: str
    message_type: str
    encoding: str


class Message(NamedTuple):
    """One message, as stored.

    Attributes:
        log_time: nanoseconds since 1970.
        sequence: the number that the recorder gave it; often 0.
        channel: its channel.
        data: the payload.
    """

    log_time: int
    sequence: int
    channel: Channel
    data: bytes


class Container(Closing):
    """An open MCAP file; a context manager.

    Args:
        path: of the file.

    Attributes:
        losses: what could not be read, complete after the iteration.
        messages: number of messages read.
        announced: number of messages that the file says it has; None = it does not say.

    Raises:
        NotARecordingError: the file does not begin as an MCAP file.
        OSError: it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._file: IO[bytes] = path.open("rb")
        self.losses: list[Loss] = []
        self.messages = 0
        self.announced: int | None = None
        self._schemas: dict[int, str] = {}
        self._channels: dict[int, Channel] = {}
        self._size = self._file.seek(0, io.SEEK_END)
        self._file.seek(0)
        if self._file.read(len(MAGIC)) != MAGIC:
            self.close()
            raise NotARecordingError(
                f"{path} is not a recording",
                why="it is empty" if self._size == 0 else "an MCAP file begins with other bytes",
                fix="record it again, or remove the file",
            )

    def close(self) -> None:
        """See `Closing.close`."""
        self._file.close()

    def __iter__(self) -> Iterator[Message]:
        """All readable messages, in the order of the file. Raises OSError."""
        steps = Walk(self._file, self._size)
        self._read_summary(steps)
        for record in steps:
            yield from self._messages(record)
        self.losses = sorted([*self.losses, *steps.losses], key=lambda loss: loss.start)
        if not self.losses:
            self.losses.extend(self._doubts(steps))

    def _doubts(self, steps: Walk) -> Iterator[Loss]:
        """What is wrong with a file of which all records could be read."""
        if not steps.ended:
            yield Loss(self._size, self._size, "the end of the file is missing")
        elif steps.checksum and self._checksum(0, steps.stop) != steps.checksum:
            yield Loss(0, steps.stop, "the checksum of the file differs: some byte is wrong")
        elif self.announced is not None and self.announced != self.messages:
            why = f"there are {self.messages} messages, but the file says {self.announced}"
            yield Loss(0, steps.stop, why)

    def _checksum(self, start: int, stop: int) -> int:
        """CRC-32 of a part of the file. Raises OSError."""
        self._file.seek(start)
        checksum = 0
        while start < stop and (block := self._file.read(min(stop - start, _BLOCK))):
            checksum, start = zlib.crc32(block, checksum), start + len(block)
        return checksum

    def _read_summary(self, steps: Walk) -> None:
        """Learn the channels from the summary: a damaged chunk can have their descriptions."""
        self._file.seek(max(self._size - _FOOTER_BYTES, 0))
        footer = self._file.read(_FOOTER_BYTES)
        if len(footer) < _FOOTER_BYTES or not footer.endswith(MAGIC) or footer[0] != walk.FOOTER:
            return
        begin, _, checksum = _FOOTER.unpack_from(footer, _START.size)
        if not len(MAGIC) <= begin <= self._size - _FOOTER_BYTES:
            return
        if checksum and self._checksum(begin, self._size - _UNCHECKED_BYTES) != checksum:
            return  # it would describe channels wrongly
        for record in steps.between(begin, self._size - _FOOTER_BYTES):
            if record.opcode in {walk.SCHEMA, walk.CHANNEL}:
                self._describe(record.opcode, record.body)
            elif record.opcode == walk.STATISTICS:
                (self.announced,) = struct.unpack_from("<Q", record.body)

    def _messages(self, record: Record) -> Iterator[Message]:
        if record.opcode != walk.CHUNK:
            yield from self._parsed(record, record.opcode, record.body)
            return
        try:
            records = chunk_records(record.body)
        except DamagedChunkError as error:
            self._lose(record, str(error))
            return
        at = 0
        while at + _START.size <= len(records):
            opcode, length = _START.unpack_from(records, at)
            begin, at = at + _START.size, at + _START.size + length
            if at > len(records):
                break
            yield from self._parsed(record, opcode, records[begin:at])
        if at != len(records) or record.stop == self._size:
            self._lose(record, "the end of a chunk is missing")

    def _parsed(self, record: Record, opcode: int, body: bytes) -> Iterator[Message]:
        """The message of a record; or learn the channel that it describes."""
        if opcode in {walk.SCHEMA, walk.CHANNEL}:
            if not self._describe(opcode, body):
                self._lose(record, "the description of a channel is damaged")
            return
        if opcode != walk.MESSAGE:
            return
        if len(body) < _MESSAGE.size:
            self._lose(record, "a message is cut")
            return
        number, sequence, log_time, _ = _MESSAGE.unpack_from(body)
        channel = self._channels.get(number)
        if channel is None:
            self._lose(record, f"the description of channel {number} is missing")
        elif log_time > MAX_TIME:
            self._lose(record, "a message has an impossible timestamp")
        else:
            self.messages += 1
            yield Message(log_time, sequence, channel, body[_MESSAGE.size :])

    def _describe(self, opcode: int, body: bytes) -> bool:
        """Keep a schema or a channel; False = it cannot be read."""
        try:
            if opcode == walk.SCHEMA:
                (number,), names = struct.unpack_from("<H", body), _texts(body, 2, 1)
                self._schemas[number] = names[0]
            else:
                number, schema = struct.unpack_from("<HH", body)
                topic, encoding = _texts(body, 4, 2)
                self._channels[number] = Channel(topic, self._schemas.get(schema, ""), encoding)
        except (struct.error, UnicodeDecodeError):
            return False
        return True

    def _lose(self, record: Record, why: str) -> None:
        """Note the loss, once for each record of the file and cause."""
        loss = Loss(record.start, record.stop, why)
        if not self.losses or self.losses[-1] != loss:
            self.losses.append(loss)


def _texts(body: bytes, at: int, count: int) -> list[str]:
    """Consecutive texts, each with its length before it."""
    texts = []
    for _ in range(count):
        (length,) = struct.unpack_from("<I", body, at)
        if at + 4 + length > len(body):
            raise struct.error("a text is cut")
        texts.append(body[at + 4 : at + 4 + length].decode())
        at += 4 + length
    return texts
