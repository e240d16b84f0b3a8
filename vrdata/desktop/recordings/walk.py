"""Walk over the records of an MCAP file; after damage, go on with the next intact record."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from vrdata.desktop.recordings.chunks import DamagedChunkError, chunk_header
from vrdata.desktop.recordings.losses import Loss

MAGIC = b"\x89MCAP0\r\n"
HEADER, FOOTER, SCHEMA, CHANNEL, MESSAGE, CHUNK = range(1, 7)
STATISTICS, DATA_END = 0x0B, 0x0F
_READ = {SCHEMA, CHANNEL, MESSAGE, CHUNK, STATISTICS}
# The fewest bytes that the body of a record has; a record with fewer is none.
_SHORTEST = {
    HEADER: 8, FOOTER: 20, SCHEMA: 14, CHANNEL: 16, MESSAGE: 22, CHUNK: 40, 0x07: 14, 0x08: 60,
    0x09: 36, 0x0A: 44, STATISTICS: 46, 0x0C: 8, 0x0D: 24, 0x0E: 17, DATA_END: 4,
}  # fmt: skip

_START = struct.Struct("<BQ")  # opcode, length of the body
_CHECKSUM = struct.Struct("<I")
MAX_RECORD_BYTES = 2**30
_CHAIN = 3  # consecutive records that prove that reading is in step again
_WINDOW = 2**20
_CANDIDATE = re.compile(rb"[\x01-\x0f].{4}\x00{4}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the file.

    Attributes:
        opcode: its type; only the types of `_READ` are returned.
        start: its first byte in the file.
        stop: the first byte after it, or after the part of it that exists.
        body: without opcode and length; cut at the end of the file.
    """

    opcode: int
    start: int
    stop: int
    body: bytes


class Walk:
    """The records between two places of a file.

    Args:
        file: open for reading.
        size: bytes of it.

    Attributes:
        losses: what was passed over, complete after the iteration.
        ended: whether the record that ends the data was found.
        checksum: CRC-32 of all bytes before that record; 0 = it has none.
        stop: its first byte.
    """

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._size = size
        self.losses: list[Loss] = []
        self.ended = False
        self.checksum = self.stop = 0

    def __iter__(self) -> Iterator[Record]:
        """All readable records of the data section. Raises OSError."""
        at = len(MAGIC)
        while at < self._size:
            opcode, stop = self._record_at(at)
            if stop == 0 and opcode == CHUNK and (cut := self._cut_chunk(at)):
                yield cut
                return
            if stop == 0:
                again = self._in_step_after(at + 1)
                self.losses.append(Loss(at, again, _why(again, self._size)))
                at = again
                continue
            if opcode in {DATA_END, FOOTER}:
                self.ended, self.stop = True, at
                if opcode == DATA_END:
                    (self.checksum,) = _CHECKSUM.unpack(
                        self._read(at + _START.size, at + _START.size + _CHECKSUM.size)
                    )
                return
            if opcode in _READ:
                yield Record(opcode, at, stop, self._read(at + _START.size, stop))
            at = stop

    def between(self, start: int, stop: int) -> Iterator[Record]:
        """The records of a section, until the first that is damaged. Raises OSError."""
        at = start
        while at < stop:
            opcode, after = self._record_at(at)
            if after == 0:
                return
            if opcode in _READ:
                yield Record(opcode, at, after, self._read(at + _START.size, after))
            at = after

    def _record_at(self, at: int) -> tuple[int, int]:
        """Opcode of the record at a place, and the place after it; 0 = there is no whole record."""
        head = self._read(at, at + _START.size)
        if len(head) < _START.size:
            return 0, 0
        opcode, length = _START.unpack(head)
        stop = at + _START.size + length
        if opcode == 0 or stop > self._size or length < _SHORTEST.get(opcode, 0):
            return opcode, 0
        if opcode in _READ and length > MAX_RECORD_BYTES:
            return opcode, 0
        if opcode == CHUNK and self._header_length(at) != length:
            return opcode, 0
        return opcode, stop

    def _header_length(self, at: int) -> int:
        """The length of a chunk's body, as its header says; -1 = there is no header."""
        begin = at + _START.size
        try:
            return chunk_header(self._read(begin, min(begin + 64, self._size))).length
        except DamagedChunkError:
            return -1

    def _cut_chunk(self, at: int) -> Record | None:
        """The chunk at a place, if the file ends within it."""
        _, length = _START.unpack(self._read(at, at + _START.size))
        begin = at + _START.size
        if self._header_length(at) != length or self._size - begin > MAX_RECORD_BYTES:
            return None
        if begin + length <= self._size:
            return None
        return Record(CHUNK, at, self._size, self._read(begin, self._size))

    def _in_step_after(self, at: int) -> int:
        """The first place from which records follow each other, or the end of the file."""
        while at < self._size:
            window = self._read(at, min(at + _WINDOW, self._size))
            for found in _CANDIDATE.finditer(window):
                if self._is_chain(at + found.start()):
                    return at + found.start()
            at += max(len(window) - _START.size + 1, 1)
        return self._size

    def _is_chain(self, at: int) -> bool:
        for _ in range(_CHAIN):
            opcode, stop = self._record_at(at)
            if opcode == CHUNK and (stop or self._cut_chunk(at)):
                return True  # it has its length twice
            if stop == 0 or opcode not in _SHORTEST:
                return False
            if opcode == FOOTER or stop == self._size:
                return True
            at = stop
        return True

    def _read(self, start: int, stop: int) -> bytes:
        self._file.seek(start)
        return self._file.read(stop - start)


def _why(again: int, size: int) -> str:
    return "the file is cut or damaged up to its end" if again == size else "damaged records"
