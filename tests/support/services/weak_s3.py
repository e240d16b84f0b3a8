"""A small S3 server that misbehaves on purpose: it ignores conditions, refuses or disconnects.

Only for tests that a correct server cannot serve; all others use the real one.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest


class WeakS3(ThreadingHTTPServer):
    """Objects in memory; every bucket name is valid.

    Attributes:
        objects: bodies by path (`/bucket/key`).
        requests: `METHOD path` of every request.
        refusals: errors for the next requests: (status, error code).
        read_only: refuse every PUT.
        broken_bodies: how many GET responses to cut in the middle.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.metadata: dict[str, str] = {}
        self.requests: list[str] = []
        self.refusals: list[tuple[int, str]] = []
        self.read_only = False
        self.broken_bodies = 0
        self.lock = threading.Lock()

    @property
    def endpoint(self) -> str:
        """Its URL."""
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def running_weak_s3() -> Iterator[WeakS3]:
    """Serve in a thread of this process."""
    server = WeakS3()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


@pytest.fixture
def weak_s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[WeakS3]:
    """A server that ignores If-None-Match; the AWS variables of this process have credentials."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    with running_weak_s3() as server:
        yield server


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: WeakS3

    def log_message(self, *_: object) -> None:
        """Log nothing."""

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self._refused():
            return
        if self.server.read_only:
            self._error(403, "AccessDenied")
            return
        with self.server.lock:
            self.server.objects[self._path] = body
            self.server.metadata[self._path] = self.headers.get("x-amz-meta-sha256", "")
        self._answer(200)

    def do_GET(self) -> None:
        if self._refused():
            return
        query = parse_qs(urlsplit(self.path).query)
        if "list-type" in query:
            self._list(query)
        elif self._path not in self.server.objects:
            self._error(404, "NoSuchKey")
        else:
            self._send_object(self.server.objects[self._path])

    def do_HEAD(self) -> None:
        if self._refused():
            return
        known = self._path in self.server.objects or self._path.count("/") == 1
        self.send_response(200 if known else 404)
        self.send_header("Content-Length", str(len(self.server.objects.get(self._path, b""))))
        if self.server.metadata.get(self._path):
            self.send_header("x-amz-meta-sha256", self.server.metadata[self._path])
        self.end_headers()

    def do_DELETE(self) -> None:
        if self._refused():
            return
        self.server.objects.pop(self._path, None)
        self._answer(204)

    @property
    def _path(self) -> str:
        return unquote(urlsplit(self.path).path)

    def _refused(self) -> bool:
        with self.server.lock:
            self.server.requests.append(f"{self.command} {self._path}")
            refusal = self.server.refusals.pop(0) if self.server.refusals else None
        if refusal:
            self._error(*refusal)
        return refusal is not None

    def _send_object(self, body: bytes) -> None:
        with self.server.lock:
            broken = self.server.broken_bodies > 0
            self.server.broken_bodies -= broken
        wanted = self.headers.get("Range", "")
        if wanted:
            first, last = wanted.removeprefix("bytes=").split("-")
            body = body[int(first) : int(last) + 1]
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{hashlib.md5(body).hexdigest()}"')  # noqa: S324 - S3's ETag
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if broken else body)
        self.close_connection = broken

    def _list(self, query: dict[str, list[str]]) -> None:
        bucket = self._path.strip("/")
        prefix, after = query.get("prefix", [""])[0], query.get("start-after", [""])[0]
        keys = sorted(path.removeprefix(f"/{bucket}/") for path in self.server.objects)
        # Like some real servers, list the start key too.
        wanted = [key for key in keys if key.startswith(prefix) and key >= after]
        rows = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>"
            f"{len(self.server.objects[f'/{bucket}/{key}'])}</Size></Contents>"
            for key in wanted
        )
        self._answer(
            200,
            f"<ListBucketResult><Name>{bucket}</Name><IsTruncated>false</IsTruncated>{rows}"
            "</ListBucketResult>".encode(),
        )

    def _error(self, status: int, code: str) -> None:
        body = f"<Error><Code>{code}</Code><Message>refused by the test</Message></Error>"
        self._answer(status, b"" if self.command == "HEAD" else body.encode())

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
