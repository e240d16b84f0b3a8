"""http.client, for code that uses its connections without a library."""

from __future__ import annotations

import io
from http.client import HTTPException, parse_headers
from types import ModuleType
from typing import Any

from vrdata_child.declared.answers.http import request
from vrdata_child.declared.refusing import RefusedError
from vrdata_child.declared.transports.service import Service, wire_of


def install(module: ModuleType, service: Service) -> None:
    """Let the connections of http.client ask a service."""
    client: Any = module

    def connect(connection: Any, scheme: str) -> None:
        port = "" if connection.port == connection.default_port else f":{connection.port}"
        host = getattr(connection, "_tunnel_host", None) or f"{connection.host}{port}"
        connection.sock = _Socket(service, f"{scheme}://{host}")

    client.HTTPConnection.connect = lambda connection: connect(connection, "http")
    if hasattr(client, "HTTPSConnection"):
        client.HTTPSConnection.connect = lambda connection: connect(connection, "https")


class _Socket:
    """What a connection sends its request to, and reads the answer from."""

    def __init__(self, service: Service, server: str) -> None:
        self._service = service
        self._server = server
        self._sent = b""

    def sendall(self, data: Any) -> None:
        self._sent += bytes(data)

    def makefile(self, _mode: str, *_buffering: Any) -> io.BufferedReader:
        sent = io.BytesIO(self._sent)
        method, target, _ = sent.readline().decode("latin-1").split(" ", 2)
        headers = dict(parse_headers(sent).items())
        url = target if "://" in target else self._server + target
        try:
            return wire_of(self._service.ask(request(method, url, headers, sent.read())))
        except RefusedError as refused:
            raise HTTPException(str(refused)) from None

    def settimeout(self, _seconds: float | None) -> None:
        """Answers do not wait for a network."""

    def setsockopt(self, *_options: Any) -> None:
        """There is no such option."""

    def close(self) -> None:
        """Nothing is open."""
