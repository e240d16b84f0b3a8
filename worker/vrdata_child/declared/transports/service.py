"""What all transports share: ask the declared sources, and record what they refuse."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vrdata_child.declared.answers.http import Answer, Request
from vrdata_child.declared.answers.respond import respond
from vrdata_child.declared.pieces import opened
from vrdata_child.declared.refusing import Recorder, RefusedError
from vrdata_child.declared.sources import Declared, read


@dataclass(frozen=True, slots=True)
class Service:
    """The declared sources of this process.

    Attributes:
        declared: the sources.
        recorder: of refused requests.
    """

    declared: Declared
    recorder: Recorder

    @classmethod
    def of(cls, folder: Path) -> Service:
        """The service of a block. Raises OSError, ValueError, KeyError as `sources.read`."""
        return cls(read(folder), Recorder(folder))

    def ask(self, asked: Request) -> Answer:
        """The answer to a request. Raises RefusedError, which is recorded."""
        try:
            return respond(self.declared, asked)
        except RefusedError as refused:
            self.recorder.add(refused.what)
            raise


def body_of(answer: Answer) -> io.BufferedIOBase:
    """The body of an answer for reading. Raises OSError."""
    if isinstance(answer.body, bytes):
        return io.BytesIO(answer.body)
    return opened(answer.body)


def wire_of(answer: Answer) -> io.BufferedReader:
    """An answer as the bytes that a socket receives. Raises OSError."""
    lines = [f"HTTP/1.1 {answer.status} {answer.reason}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    head = "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1", "replace")
    return io.BufferedReader(_Joined(head, body_of(answer)))


class _Joined(io.RawIOBase):
    """Bytes, then those of a file."""

    def __init__(self, head: bytes, body: io.BufferedIOBase) -> None:
        self._head = head
        self._body = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer).cast("B")
        if not self._head:
            return self._body.readinto(view)
        part, self._head = self._head[: len(view)], self._head[len(view) :]
        view[: len(part)] = part
        return len(part)

    def close(self) -> None:
        self._body.close()
        super().close()
