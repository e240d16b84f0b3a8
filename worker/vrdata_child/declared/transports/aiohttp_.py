"""aiohttp, and with it fsspec, s3fs and aiobotocore."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import ModuleType
from typing import Any

from vrdata_child.declared.answers.http import Answer, request
from vrdata_child.declared.refusing import RefusedError
from vrdata_child.declared.transports.service import Service, wire_of

_PART = 256 * 1024
_WAIT_SECONDS = 3600.0  # for a client that does not read


def install(module: ModuleType, service: Service) -> None:
    """Let the connectors of aiohttp ask a service."""
    aiohttp: Any = module

    async def create_connection(connector: Any, asked: Any, *_others: Any, **_more: Any) -> Any:
        try:
            answer = service.ask(request(asked.method, str(asked.url), asked.headers))
        except RefusedError as refused:
            # Not a ClientConnectionError: libraries retry it.
            raise aiohttp.ClientError(str(refused)) from None
        ours, theirs = socket.socketpair()
        threading.Thread(target=_send, args=(theirs, answer), daemon=True).start()
        loop, factory = connector._loop, connector._factory  # noqa: SLF001 - as the original
        _, protocol = await loop.create_connection(factory, sock=ours)
        return protocol

    aiohttp.TCPConnector._create_connection = create_connection  # noqa: SLF001 - as above


def _send(connection: socket.socket, answer: Answer) -> None:
    """Send an answer; each connection has one, and ends when the client has read it."""
    with connection, contextlib.suppress(OSError), wire_of(answer) as file:
        connection.settimeout(_WAIT_SECONDS)
        while part := file.read(_PART):
            connection.sendall(part)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(_PART):
            pass
