"""The bytes of a compressed table: decompressed as they are read, up to a limit."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, cast

import pyarrow as pa

from vrdata.sources.port import Part
from vrdata.sources.tables.table import Table
from vrdata.text import human_bytes

MAX_DECOMPRESSED_BYTES = 1 << 30
"""Each shard fetches and decompresses the whole file, so that a larger one would be slow."""

MAX_RATIO = 200
"""Text has a tenth of this. Small files can have BOMB_BYTES in any case."""

BOMB_BYTES = 1 << 24

_FAILURES = (EOFError, OSError, ValueError, zlib.error, lzma.LZMAError, pa.ArrowException)
_CHUNK = 1 << 20


def compressed_parts(
    table: Table, compression: str, parts: Callable[[Table], Iterator[Part]]
) -> Iterator[Part]:
    """One part: the whole file, with the rows that `parts` finds in its decompressed bytes.

    Args:
        table: the compressed file.
        compression: gz, bz2 or zst.
        parts: divides the same table without compression.

    Raises:
        InvalidInputError: it is damaged, or is larger than the limits above.
    """
    raw = table.buffered()
    try:
        file = cast("BinaryIO", _Decompressed(table, _opened(compression, raw)))
        inner = Table(file, table.name, table.size, "", table.format, 0, table.limit)
        rows = sum(part.items for part in parts(inner))
    finally:
        raw.detach()
    if rows:
        yield table.part(0, rows, [(0, table.size)])


def _opened(compression: str, raw: io.BufferedReader) -> Any:
    match compression:
        case "gz":
            return gzip.GzipFile(fileobj=raw)
        case "bz2":
            return bz2.BZ2File(raw)
    return pa.CompressedInputStream(pa.PythonFile(raw, "r"), "zstd")


class _Decompressed(io.RawIOBase):
    """The decompressed bytes, once from the start."""

    def __init__(self, table: Table, stream: Any) -> None:
        super().__init__()
        self._table, self._stream, self._received = table, stream, 0
        most = max(BOMB_BYTES, MAX_RATIO * table.size)
        self._limit = min(MAX_DECOMPRESSED_BYTES, most)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """It is at its start."""
        del offset, whence
        return 0

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            found: bytes = self._stream.read(min(len(buffer), _CHUNK))
        except _FAILURES as error:
            self._table.damaged(f"it cannot be decompressed: {error}")
        self._received += len(found)
        if self._received > self._limit:
            self._table.damaged(
                f"it has more than {human_bytes(self._limit)} when it is decompressed",
                fix="decompress it, or convert it to Parquet, and name that file",
            )
        buffer[: len(found)] = found
        return len(found)
