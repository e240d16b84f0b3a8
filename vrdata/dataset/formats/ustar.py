"""Write tar archives fast, with the same bytes everywhere and with known content offsets.

Format: ustar of POSIX.1-1988, as in IEEE Std 1003.1-2017, `pax`, "ustar Interchange Format".
Owner, group and time are 0 and the mode is 0644, so the bytes depend only on names and contents.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from typing import Protocol

from vrdata.errors import InvalidInputError

BLOCK = 512
MAX_SIZE = 8**11 - 1  # eleven octal digits
MAX_NAME = 100
MAX_PREFIX = 155


class Sink(Protocol):
    """The stream that an archive is written to."""

    def write(self, data: bytes, /) -> object:
        """Write all of `data`."""
        ...


class TarWriter:
    """Appends regular files to a stream; never seeks."""

    def __init__(self, stream: Sink) -> None:
        self._stream = stream
        self._position = 0

    def add(self, name: str, chunks: Iterable[bytes], size: int) -> tuple[int, str]:
        """Append a file.

        Args:
            name: member name, at most 100 bytes, or 255 when a slash splits it.
            chunks: the content; memory holds one of them.
            size: its size in bytes, which is written before the content.

        Returns:
            Offset of the content in the archive, and hex sha256 of the content.

        Raises:
            InvalidInputError: the name or the size does not fit the format; nothing is written.
            ValueError: the chunks are not `size` bytes in all; the archive is then damaged.
        """
        self._stream.write(header(name, size))
        digest = hashlib.sha256()
        written = 0
        for chunk in chunks:
            digest.update(chunk)
            self._stream.write(chunk)
            written += len(chunk)
        if written != size:
            raise ValueError(f"{name}: {written} bytes instead of {size}")
        padding = -size % BLOCK
        self._stream.write(bytes(padding))
        offset = self._position + BLOCK
        self._position = offset + size + padding
        return offset, digest.hexdigest()

    def close(self) -> None:
        """Write the end of the archive, two zero blocks; the stream stays open."""
        self._stream.write(bytes(2 * BLOCK))


def header(name: str, size: int) -> bytes:
    """The 512-byte header of a regular file. Raises InvalidInputError like `TarWriter.add`."""
    if not 0 <= size <= MAX_SIZE:
        raise InvalidInputError(
            f"{name} has {size} bytes", why=f"a file in a tar archive has at most {MAX_SIZE}"
        )
    prefix, short = _split(name)
    block = bytearray(_blank())
    block[0 : len(short)] = short
    block[345 : 345 + len(prefix)] = prefix
    block[124:136] = b"%011o\0" % size
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


@cache
def _blank() -> bytes:
    block = bytearray(BLOCK)
    block[100:108] = b"0000644\0"  # mode
    block[108:124] = b"0000000\0" * 2  # owner and group
    block[136:148] = b"%011o\0" % 0  # time
    block[148:156] = b" " * 8  # the checksum counts its own field as spaces
    block[156:157] = b"0"  # a regular file
    block[257:265] = b"ustar\x0000"
    return bytes(block)


def _split(name: str) -> tuple[bytes, bytes]:
    """Prefix and name fields: the shortest prefix that leaves a name of at most 100 bytes."""
    encoded = name.encode()
    if len(encoded) <= MAX_NAME:
        return b"", encoded
    cut = encoded.find(b"/", len(encoded) - MAX_NAME - 1)
    if not 1 <= cut <= MAX_PREFIX or cut == len(encoded) - 1:
        raise InvalidInputError(
            f"the name {name} does not fit a tar archive",
            why=f"it has {len(encoded)} bytes; a part after a slash has at most {MAX_NAME}",
            fix="give the generator a shorter name",
        )
    return encoded[:cut], encoded[cut + 1 :]
