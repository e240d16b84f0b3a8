"""httpx and httpx2, and with them huggingface_hub from version 1 on."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterator
from types import ModuleType
from typing import Any

from vrdata_child.declared.answers.http import request
from vrdata_child.declared.refusing import RefusedError
from vrdata_child.declared.transports.service import Service, body_of

_PART = 1024 * 1024


def install(module: ModuleType, service: Service) -> None:
    """Let the transports of httpx ask a service."""
    httpx: Any = module

    body_type = _body_type(httpx)

    def answer(asked: Any, body: bytes) -> Any:
        try:
            found = service.ask(request(asked.method, str(asked.url), asked.headers, body))
        except RefusedError as refused:
            # Not a ConnectError: libraries retry it, or say that the machine is offline.
            raise httpx.TransportError(str(refused), request=asked) from None
        return httpx.Response(
            found.status,
            headers=dict(found.headers),
            stream=body_type(body_of(found)),
            request=asked,
        )

    def handle_request(_transport: Any, asked: Any) -> Any:
        return answer(asked, asked.read() if asked.method == "POST" else b"")

    async def handle_async_request(_transport: Any, asked: Any) -> Any:
        return answer(asked, await asked.aread() if asked.method == "POST" else b"")

    httpx.HTTPTransport.handle_request = handle_request
    httpx.AsyncHTTPTransport.handle_async_request = handle_async_request


def _body_type(httpx: Any) -> Any:
    """A class of streams for both kinds of clients."""

    class Body(httpx.SyncByteStream, httpx.AsyncByteStream):  # type: ignore[misc]
        """The bytes of an answer."""

        def __init__(self, file: io.BufferedIOBase) -> None:
            self._file = file

        def __iter__(self) -> Iterator[bytes]:
            while part := self._file.read(_PART):
                yield part

        async def __aiter__(self) -> AsyncIterator[bytes]:
            while part := self._file.read(_PART):
                yield part

        def close(self) -> None:
            self._file.close()

        async def aclose(self) -> None:
            self._file.close()

    return Body
