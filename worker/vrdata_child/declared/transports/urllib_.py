"""urllib.request: urlopen, urlretrieve and every opener."""

from __future__ import annotations

import io
from http.client import HTTPResponse
from types import ModuleType
from typing import Any

from vrdata_child.declared.answers.http import Answer, request
from vrdata_child.declared.refusing import RefusedError
from vrdata_child.declared.transports.service import Service, body_of


def install(module: ModuleType, service: Service) -> None:
    """Let the handlers of http and https ask a service."""

    def do_open(_handler: Any, _connection: Any, asked: Any, **_options: Any) -> HTTPResponse:
        headers = {**asked.unredirected_hdrs, **asked.headers}
        body = asked.data if isinstance(asked.data, bytes) else None
        method = asked.get_method()
        try:
            answer = service.ask(request(method, asked.full_url, headers, body))
        except RefusedError as refused:
            raise module.URLError(str(refused)) from None
        response = HTTPResponse(_Wire(answer), method=method)  # type: ignore[arg-type]
        response.begin()
        response.url = asked.get_full_url()
        response.msg = response.reason  # type: ignore[assignment]  # as urllib.request does
        return response

    module.AbstractHTTPHandler.do_open = do_open


class _Wire:
    """An answer as the bytes that a socket receives."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def makefile(self, _mode: str) -> io.BufferedReader:
        lines = [f"HTTP/1.1 {self._answer.status} {self._answer.reason}"]
        lines += [f"{name}: {value}" for name, value in self._answer.headers.items()]
        head = "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1", "replace")
        return io.BufferedReader(_Joined(head, body_of(self._answer)))


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
