"""A proxy before a real S3 server, on the loopback address, that damages requests and answers.

Clients sign the proxy's address and the proxy keeps the header `Host`, so signatures stay valid.
"""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from support.services.faults import Asked, Choice, Fault, no_fault

WAIT_SECONDS = 2.0  # of `timed out`
SLOW_SECONDS = 1.0
_HOP = {"connection", "expect", "keep-alive", "transfer-encoding"}  # of one connection only
_ANSWERS: dict[str, tuple[int, str]] = {
    "unavailable": (503, "SlowDown"),
    "failed": (500, "InternalError"),
    "denied": (403, "InvalidAccessKeyId"),
}


@dataclass
class Switches:
    """What a test can change while the proxy runs.

    Attributes:
        choose: the fault of each request.
        down: every connection ends at once, as if no server listened.
        denied: every request is refused: the keys are wrong.
    """

    choose: Choice = no_fault
    down: bool = False
    denied: bool = False
    seen: Counter[tuple[str, str]] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)


class FaultyS3(ThreadingHTTPServer):
    """The proxy.

    Args:
        upstream: URL of the real server.
        address: to listen on, with port 0 for a free one.

    Attributes:
        switches: what is broken.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, upstream: str, address: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        super().__init__(address, _Handler)
        self.upstream = urlsplit(upstream)
        self.switches = Switches()

    @property
    def endpoint(self) -> str:
        """Its URL."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"

    @property
    def faults(self) -> Counter[str]:
        """How often each fault has happened."""
        return self.switches.done

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients end connections at any time."""


@contextmanager
def running_faulty_s3(
    upstream: str, address: tuple[str, int] = ("127.0.0.1", 0)
) -> Iterator[FaultyS3]:
    """Serve in threads of this process."""
    proxy = FaultyS3(upstream, address)
    thread = threading.Thread(target=proxy.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        thread.join(10)
        proxy.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for the client
    server: FaultyS3

    def log_message(self, *_: object) -> None:
        """Log nothing."""

    def _pass_on(self) -> None:
        fault = self._fault()
        if fault == "cut upload" or self.server.switches.down:
            self._break()
            return
        body = self._body()
        if fault == "timed out":
            time.sleep(WAIT_SECONDS)
            self._break()
        elif fault in _ANSWERS:
            self._refuse(*_ANSWERS[fault])
        else:
            if fault == "slow":
                time.sleep(SLOW_SECONDS)
            if fault == "wrong bytes" and body:
                half = len(body) // 2
                body = body[:half] + bytes([body[half] ^ 1]) + body[half + 1 :]
            self._forward(body, fault)

    do_PUT = do_GET = do_HEAD = do_DELETE = do_POST = _pass_on  # noqa: N815 - the server's names

    def _fault(self) -> Fault | None:
        switches = self.server.switches
        path = unquote(urlsplit(self.path).path)
        with switches.lock:
            number = switches.seen[self.command, self.path]
            switches.seen[self.command, self.path] += 1
            fault = switches.choose(Asked(self.command, path, number))
            if switches.denied:
                fault = "denied"
            if fault in {"cut upload", "wrong bytes"} and self.command != "PUT":
                fault = "unavailable"
            if fault:
                switches.done[fault] += 1
        return fault

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _forward(self, body: bytes, fault: Fault | None) -> None:
        upstream = self.server.upstream
        connection = http.client.HTTPConnection(upstream.hostname or "", upstream.port, timeout=60)
        try:
            connection.putrequest(
                self.command, self.path, skip_host=True, skip_accept_encoding=True
            )
            for name, value in self.headers.items():
                if name.lower() not in _HOP | {"content-length"}:
                    connection.putheader(name, value)
            if body or self.command in {"PUT", "POST"}:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            content = answer.read()
        except OSError:
            self._break()
            return
        finally:
            connection.close()
        if fault == "lost answer":
            self._break()
            return
        self._answer(answer, content, cut=fault == "cut answer")

    def _answer(self, answer: http.client.HTTPResponse, content: bytes, *, cut: bool) -> None:
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.headers.items():
            if name.lower() not in _HOP | {"content-length"}:
                self.send_header(name, value)
        if answer.status != 204:
            size = answer.headers.get("Content-Length") if self.command == "HEAD" else None
            self.send_header("Content-Length", size or str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if cut else content)
        if cut:
            self._break()

    def _refuse(self, status: int, code: str) -> None:
        body = f"<Error><Code>{code}</Code><Message>by the proxy</Message></Error>".encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _break(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
