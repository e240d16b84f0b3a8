"""Chunks of MCAP files: their header, and their records without compression. Pure.

Source: the MCAP specification, https://mcap.dev/spec#chunk-op0x06.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass

MAX_CHUNK_BYTES = 512 * 2**20
"""The largest chunk that is read, without compression; writers make chunks of about 1 MiB."""

_SIZES = struct.Struct("<QQQII")  # first and last time, size, checksum, length of the compression
_LENGTH = struct.Struct("<Q")
COMPRESSIONS = (b"", b"lz4", b"zstd")


class DamagedChunkError(Exception):
    """A chunk that cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class ChunkHeader:
    """What stands before the records of a chunk.

    Attributes:
        size: bytes of the records without compression.
        checksum: CRC-32 of them; 0 = none.
        compression: one of `COMPRESSIONS`.
        begin: where the records begin in the body of the chunk.
        length: bytes of the whole body, as the header says.
    """

    size: int
    checksum: int
    compression: bytes
    begin: int
    length: int


def chunk_header(body: bytes) -> ChunkHeader:
    """The header at the start of a chunk's body, which can be cut after it.

    Raises:
        DamagedChunkError: it is cut, or not the header of a chunk.
    """
    try:
        _, _, size, checksum, name = _SIZES.unpack_from(body)
        compression = bytes(body[_SIZES.size : _SIZES.size + name])
        (records,) = _LENGTH.unpack_from(body, _SIZES.size + name)
    except struct.error:
        raise DamagedChunkError("the header of a chunk is cut") from None
    if compression not in COMPRESSIONS:
        raise DamagedChunkError("the compression of a chunk is unknown")
    begin = _SIZES.size + name + _LENGTH.size
    return ChunkHeader(size, checksum, compression, begin, begin + records)


def chunk_records(body: bytes) -> bytes:
    """The records of a chunk; of a cut chunk, those before the cut.

    Raises:
        DamagedChunkError: nothing in it can be trusted.
    """
    header = chunk_header(body)
    if header.size > MAX_CHUNK_BYTES:
        raise DamagedChunkError(f"a chunk has more than {MAX_CHUNK_BYTES} bytes")
    data = _decompressed(header, body[header.begin : header.length])
    if len(body) < header.length:
        return data[: header.size]
    if len(data) != header.size:
        raise DamagedChunkError("a chunk has another size than its header says")
    if header.checksum and zlib.crc32(data) != header.checksum:
        raise DamagedChunkError("the checksum of a chunk differs")
    return data


def _decompressed(header: ChunkHeader, data: bytes) -> bytes:
    """At most one byte more than the header announces."""
    import lz4.frame  # noqa: PLC0415 - of the extra; only needed for chunks
    import zstandard  # noqa: PLC0415

    most = header.size + 1
    try:
        match header.compression:
            case b"zstd":
                return zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)).read(most)
            case b"lz4":
                plain: bytes = lz4.frame.LZ4FrameDecompressor().decompress(data, max_length=most)
                return plain
    except (zstandard.ZstdError, RuntimeError, EOFError) as error:
        raise DamagedChunkError(f"a chunk cannot be decompressed: {error}") from error
    return data
