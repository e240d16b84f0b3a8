"""Read a piece of a source: from its staged file, or from the supervisor by range."""

from __future__ import annotations

import io
import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHUNK = 4 * 1024 * 1024  # bytes of one request
TIMEOUT_SECONDS = 300.0  # the supervisor may fetch the bytes from the source
_BUFFER = 1024 * 1024
_MAX_LINE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes `[start, stop)` of a file.

    Attributes:
        number: of the source.
        name: of the file below the source.
        path: of the staged file, or "" if a socket serves it.
        socket: path of that socket, or "".
    """

    number: int
    name: str
    start: int
    stop: int
    path: str = ""
    socket: str = ""


def opened(piece: Piece) -> io.BufferedReader:
    """A piece for reading.

    Raises:
        OSError: it cannot be opened; a read raises it if the supervisor cannot fetch the bytes.
    """
    raw: _Raw = _Staged(piece) if piece.path else _Ranges(piece)
    return io.BufferedReader(raw, max(1, min(_BUFFER, piece.stop - piece.start)))


class _Raw(io.RawIOBase):
    """The bytes of a piece, in order."""

    def __init__(self, piece: Piece) -> None:
        self._piece = piece
        self._at = piece.start

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer).cast("B")
        stop = min(self._piece.stop, self._at + min(len(view), CHUNK))
        if stop <= self._at:
            return 0
        body = self._read(self._at, stop)
        if not body:
            raise OSError(f"{self._piece.name} ends at byte {self._at} of its source")
        view[: len(body)] = body
        self._at += len(body)
        return len(body)

    def _read(self, start: int, stop: int) -> bytes:
        raise NotImplementedError


class _Staged(_Raw):
    def __init__(self, piece: Piece) -> None:
        super().__init__(piece)
        self._file = os.open(piece.path, os.O_RDONLY | os.O_CLOEXEC)

    def _read(self, start: int, stop: int) -> bytes:
        return os.pread(self._file, stop - start, start)

    def close(self) -> None:
        if not self.closed:
            os.close(self._file)
        super().close()


class _Ranges(_Raw):
    def __init__(self, piece: Piece) -> None:
        super().__init__(piece)
        self._socket = _connected(piece.socket)
        self._answers = self._socket.makefile("rb")

    def _read(self, start: int, stop: int) -> bytes:
        wanted = {"source": self._piece.number, "name": self._piece.name}
        line = json.dumps(wanted | {"start": start, "stop": stop}).encode() + b"\n"
        self._socket.sendall(line)
        answer = json.loads(self._answers.readline(_MAX_LINE) or b'{"error": "no answer"}')
        if "error" in answer:
            raise OSError(f"{self._piece.name} cannot be read from its source: {answer['error']}")
        body = self._answers.read(min(int(answer["bytes"]), stop - start))
        if len(body) < int(answer["bytes"]):
            raise OSError(f"{self._piece.name} cannot be read from its source: too few bytes")
        return body

    def close(self) -> None:
        if not self.closed:
            self._answers.close()
            self._socket.close()
        super().close()


def _connected(path: str) -> socket.socket:
    """A connection; the address of a socket has at most 107 bytes, so the folder is open."""
    folder = os.open(Path(path).parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(TIMEOUT_SECONDS)
        connection.connect(f"/proc/self/fd/{folder}/{Path(path).name}")
    except BaseException:
        connection.close()
        raise
    finally:
        os.close(folder)
    return connection
