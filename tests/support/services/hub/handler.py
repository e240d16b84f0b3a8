"""The HTTP side of the tests' hub: ranges, faults, and the record of each request."""

from __future__ import annotations

import re
import socket
from contextlib import suppress
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from support.services.hub.answers import Answer, Asked
from support.services.hub.faults import Fault
from support.services.hub.routes import answer

if TYPE_CHECKING:
    from support.services.hub.server import Hub

HANG_SECONDS = 30.0  # longer than any client of a test waits
_PAGE = b"<!DOCTYPE html><html><body>Please log in to the network.</body></html>"


@dataclass(frozen=True)
class Request:
    """A request that was answered.

    Attributes:
        server: `hub` or `cdn`.
        method: `GET`, `HEAD`, `POST`, `PUT`.
        path: of the URL, without the query.
        file: the path in the repository, for requests of files.
        range: the header Range, or "".
        status: of the answer; 0 = the connection ended.
        sent: bytes of the answer's body.
        token: it had the header Authorization.
    """

    server: str
    method: str
    path: str
    file: str
    range: str
    status: int
    sent: int
    token: bool


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for the client

    def log_message(self, *_: object) -> None:
        """Log nothing."""

    def _serve(self) -> None:
        hub: Hub = self.server.hub  # type: ignore[attr-defined]
        role: str = self.server.role  # type: ignore[attr-defined]
        url = urlsplit(self.path)
        path = unquote(url.path)
        asked = Asked(
            self.command,
            url.path,
            {name: values[-1] for name, values in parse_qs(url.query).items()},
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(int(self.headers.get("Content-Length") or 0)),
        )
        found = answer(hub, role, asked)
        fault = hub.fault(self.command, path)
        if fault is not None:
            found = _changed(found, fault, self.path)
        if found.ranged and not (fault and fault.kind == "whole"):
            found = _part(found, asked.headers.get("range", ""))
        hub.note(  # before the client can go on
            Request(
                role,
                self.command,
                path,
                found.file,
                asked.headers.get("range", ""),
                0 if fault and fault.kind in {"drop", "hang"} else found.status,
                len(found.body) if self.command != "HEAD" else 0,
                "authorization" in asked.headers,
            )
        )
        self._send(hub, found, fault)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - the server's names

    def _send(self, hub: Hub, found: Answer, fault: Fault | None) -> None:
        kind = fault.kind if fault else ""
        if kind == "hang":
            hub.leaving.wait(HANG_SECONDS)
        if kind in {"drop", "hang"}:
            self._break()
            return
        self.send_response_only(found.status)
        headers = {"Content-Length": str(len(found.body)), **found.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        self.wfile.write(found.body[: len(found.body) // 2] if _cut(kind, found) else found.body)
        if _cut(kind, found):
            if kind == "stall":
                self.wfile.flush()
                hub.leaving.wait(HANG_SECONDS)
            self._break()

    def _break(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


def _cut(kind: str, found: Answer) -> bool:
    return kind in {"cut", "stall"} and found.status < 300


def _changed(found: Answer, fault: Fault, url: str) -> Answer:
    """The answer that a fault replaces or damages."""
    answers = {
        "status": Answer(fault.status, fault.body, dict(fault.headers)),
        "page": Answer(200, _PAGE, {"Content-Type": "text/html; charset=utf-8"}),
        "garbage": Answer(200, b'{"unexpected": []}', {"Content-Type": "application/json"}),
        "loop": Answer(302, b"", {"Location": url}),
    }
    if fault.kind in answers:
        return answers[fault.kind]
    if fault.kind == "other bytes" and found.body:
        half = len(found.body) // 2
        flipped = bytes([found.body[half] ^ 1])
        return replace(found, body=found.body[:half] + flipped + found.body[half + 1 :])
    if fault.kind == "other file":
        other = '"' + "f" * 64 + '"'
        return replace(found, headers={**found.headers, "ETag": other, "X-Linked-ETag": other})
    if fault.kind == "other commit":
        return replace(found, headers={**found.headers, "X-Repo-Commit": "f" * 40})
    return found


def _part(found: Answer, wanted: str) -> Answer:
    """The answer to a request with a Range."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", wanted)
    if match is None or found.status != 200:
        return found
    size = len(found.body)
    first, last = match.groups()
    start = int(first) if first else max(size - int(last), 0)
    stop = min(int(last) + 1, size) if first and last else size
    if start >= size:
        return Answer(416, b"", {"Content-Range": f"bytes */{size}"}, found.file)
    headers = {**found.headers, "Content-Range": f"bytes {start}-{stop - 1}/{size}"}
    return replace(found, status=206, body=found.body[start:stop], headers=headers)
