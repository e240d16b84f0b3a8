"""Write tar archives fast, with the same bytes everywhere and with known content offsets.

Format: ustar of POSIX.1-1988, as in IEEE Std 1003.1-2017, `pax`, "ustar Interchange Format". A
name that does not fit gets an extended header of the same standard, "pax Extended Header". Owner,
group and time are 0 and the mode is 0644, so the bytes depend only on names and contents.
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
EXTENDED_NAME = b"././@PaxHeader"  # as Python's tarfile names it


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
            name: member name of any length.
            chunks: the content; memory holds one of them.
            size: its size in bytes, which is written before the content.

        Returns:
            Offset of the content in the archive, and hex sha256 of the content.

        Raises:
            InvalidInputError: the size does not fit the format; nothing is written.
            ValueError: the chunks are not `size` bytes in all; the archive is then damaged.
        """
        headers = header(name, size)
        self._stream.write(headers)
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
        offset = self._position + len(headers)
        self._position = offset + size + padding
        return offset, digest.hexdigest()

    def close(self) -> None:
        """Write the end of the archive, two zero blocks; the stream stays open."""
        self._stream.write(bytes(2 * BLOCK))


def header(name: str, size: int) -> bytes:
    """The headers of a regular file, blocks of 512 bytes. Raises like `TarWriter.add`."""
    if not 0 <= size <= MAX_SIZE:
        raise InvalidInputError(
            f"{name} has {size} bytes", why=f"a file in a tar archive has at most {MAX_SIZE}"
        )
    encoded = name.encode()
    prefix, short = _split(encoded)
    extended = b"" if len(short) <= MAX_NAME else _extended(encoded)
    return extended + _block(short[:MAX_NAME], size, prefix=prefix)


def _extended(name: bytes) -> bytes:
    """An extended header with a name; the header after it has the beginning of the name."""
    record = _record(b"path", name)
    padding = bytes(-len(record) % BLOCK)
    return _block(EXTENDED_NAME, len(record), kind=b"x") + record + padding


def _record(keyword: bytes, value: bytes) -> bytes:
    """`LENGTH KEYWORD=VALUE` and a newline; the decimal length counts its own digits."""
    rest = len(keyword) + len(value) + 3
    length = rest + len(str(rest))
    length = rest + len(str(length))
    return b"%d %b=%b\n" % (length, keyword, value)


def _block(name: bytes, size: int, *, prefix: bytes = b"", kind: bytes = b"0") -> bytes:
    block = bytearray(_blank())
    block[0 : len(name)] = name
    block[345 : 345 + len(prefix)] = prefix
    block[124:136] = b"%011o\0" % size
    if kind != b"0":
        block[100:108] = b"0000000\0"  # an extended header has no mode
    block[156:157] = kind
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


def _split(name: bytes) -> tuple[bytes, bytes]:
    """Prefix and name fields: the shortest prefix that leaves a name of at most 100 bytes.

    A name that cannot be split is returned whole.
    """
    if len(name) <= MAX_NAME:
        return b"", name
    cut = name.find(b"/", len(name) - MAX_NAME - 1)
    if not 1 <= cut <= MAX_PREFIX or cut == len(name) - 1:
        return b"", name
    return name[:cut], name[cut + 1 :]
