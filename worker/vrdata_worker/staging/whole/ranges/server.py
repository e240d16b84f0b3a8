"""Answer the range requests of one block, on a Unix socket in its folder."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from vrdata.contract.reasons import FailureReason
from vrdata.sources.port import Part
from vrdata_worker.failures import ShardFailedError
from vrdata_worker.staging.whole.ranges.chunks import Piece, RangeReader
from vrdata_worker.staging.whole.ranges.request import (
    MAX_LINE,
    MalformedRequestError,
    RangeRequest,
    answer,
    parse,
    refusal,
)
from vrdata_worker.untrusted.folders import entered

NAME = "sources.sock"
CONNECTIONS = 8  # at the same time; others wait
LINE_SECONDS = 10.0  # for the next byte of a line that has begun
SEND_SECONDS = 60.0  # without a byte that the block reads
_SLICE = 0.5


class RangeServer:
    """Serves one process of a block until it is closed.

    Args:
        folder: of the process; absolute, without links.
        readers: by the number of their source.
        failed: called with the reason why a range cannot be read, from any thread.

    Raises:
        OSError: the socket cannot be created.
    """

    def __init__(
        self,
        folder: Path,
        readers: Mapping[int, RangeReader],
        failed: Callable[[ShardFailedError], None],
    ) -> None:
        self._readers = readers
        self._failed = failed
        self._stopped = threading.Event()
        self._slots = threading.Semaphore(CONNECTIONS)
        self._connections: set[socket.socket] = set()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with entered(folder) as place:  # its path can be too long for an address
                self._listener.bind(str(place / NAME))
            self._listener.listen(CONNECTIONS)
            self._listener.settimeout(_SLICE)
        except BaseException:
            self._listener.close()
            raise
        threading.Thread(target=self._accept, name="ranges", daemon=True).start()

    def close(self) -> None:
        """End all connections; a request to the source that is under way ends later."""
        self._stopped.set()
        for one in (self._listener, *self._connections):
            with contextlib.suppress(OSError):  # it is closed
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with self._listener:
            while not self._stopped.is_set():
                if not self._slots.acquire(timeout=_SLICE):
                    continue
                try:
                    connection, _ = self._listener.accept()
                except OSError:  # a time-out
                    self._slots.release()
                    continue
                self._connections = {*self._connections, connection}  # others read it
                threading.Thread(
                    target=self._serve, args=(connection,), name="range", daemon=True
                ).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, contextlib.suppress(OSError, MalformedRequestError):
                while not self._stopped.is_set() and (line := _line(connection)):
                    if not self._answer(connection, parse(line)):
                        return
        finally:
            self._connections = self._connections - {connection}
            self._slots.release()

    def _answer(self, connection: socket.socket, request: RangeRequest) -> bool:
        """Answer a request; whether the connection can have another one."""
        connection.settimeout(SEND_SECONDS)
        reader = self._readers.get(request.source)
        size = reader.size_of(request.name) if reader is not None else None
        if reader is None or size is None:
            connection.sendall(refusal("the source has no such file"))
            return True
        if request.stop > size:
            connection.sendall(refusal(f"the file has {size} bytes"))
            return True
        if request.start == request.stop:
            connection.sendall(answer(0))
            return True
        return self._send(connection, reader, request)

    def _send(self, connection: socket.socket, reader: RangeReader, request: RangeRequest) -> bool:
        begun = False
        for chunk in reader.chunks(request.name, request.start, request.stop):
            with ExitStack() as stack:
                try:
                    piece = stack.enter_context(self._opened(reader, chunk, request))
                except ShardFailedError as error:
                    if error.failure.reason is not FailureReason.PREEMPTED:
                        self._failed(error)
                    if not begun:
                        connection.sendall(refusal(error.failure.message))
                    return not begun
                if not begun:
                    connection.sendall(answer(request.stop - request.start))
                begun = True
                with piece.path.open("rb") as file:
                    connection.sendfile(file, piece.start, piece.size)
        return True

    def _opened(
        self, reader: RangeReader, chunk: Part, request: RangeRequest
    ) -> contextlib.AbstractContextManager[Piece]:
        return reader.opened(chunk, request.start, request.stop, self._stopped.is_set)


def _line(connection: socket.socket) -> bytes:
    """The next line; b"" = the connection has ended.

    Raises:
        MalformedRequestError: it is too long.
        OSError: it does not end.
    """
    line = b""
    connection.settimeout(None)
    while not line.endswith(b"\n"):
        more = _until_newline(connection)
        if not more:
            return b""
        line += more
        if len(line) > MAX_LINE:
            raise MalformedRequestError("a long line")
        connection.settimeout(LINE_SECONDS)
    return line


def _until_newline(connection: socket.socket) -> bytes:
    """Some bytes up to the next newline, and none after it."""
    seen = connection.recv(MAX_LINE, socket.MSG_PEEK)
    end = seen.find(b"\n")
    return connection.recv(end + 1 if end >= 0 else len(seen)) if seen else b""
