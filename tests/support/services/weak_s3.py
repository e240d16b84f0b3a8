"""A small S3 server that misbehaves on purpose: it ignores conditions, refuses or disconnects.

Only for tests that a correct server cannot serve; all others use the real one.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest


@dataclass
class Behaviour:
    """What the server lacks; the default has all of it except create-only writes.

    Attributes:
        create_only: honour If-None-Match; False ignores it.
        refused_headers: answers to requests with a header that starts with this name, in lower
            case: status, error code.
        refused_requests: answers to requests by method, or to `LIST` and `LIST 2`.
        ranges: `short` sends one byte of a range; `plain` sends a range with status 200; `ignored`
            sends the whole object.
        keeps_metadata: store x-amz-meta-*.
        old_listing: answer ListObjectsV2 as ListObjects, without continuation tokens.
        page: keys of one page of a listing.
        virtual_only: refuse requests with the bucket in the path.
        redirect: answer every request with this status and Location.
    """

    create_only: bool = False
    refused_headers: dict[str, tuple[int, str]] | None = None
    refused_requests: dict[str, tuple[int, str]] | None = None
    ranges: Literal["honoured", "short", "plain", "ignored"] = "honoured"
    keeps_metadata: bool = True
    old_listing: bool = False
    page: int = 1000
    virtual_only: bool = False
    redirect: tuple[int, str] | None = None


class WeakS3(ThreadingHTTPServer):
    """Objects in memory; every bucket name is valid.

    Attributes:
        objects: bodies by path (`/bucket/key`).
        requests: `METHOD path` of every request.
        refusals: errors for the next requests: (status, error code).
        read_only: refuse every PUT.
        broken_bodies: how many GET responses to cut in the middle.
        behaviour: what it lacks.
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
        self.behaviour = Behaviour()
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
    disable_nagle_algorithm = True  # else each answer waits 40 ms for the client
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
        if self._path.count("/") == 1:  # the bucket, or a setting of it
            self._answer(200)
            return
        with self.server.lock:
            conditional = self.behaviour.create_only and self.headers.get("If-None-Match") == "*"
            taken = conditional and self._path in self.server.objects
            if not taken:
                self.server.objects[self._path] = body
                if self.behaviour.keeps_metadata:
                    self.server.metadata[self._path] = self.headers.get("x-amz-meta-sha256", "")
        if taken:
            self._error(412, "PreconditionFailed")
        else:
            self._answer(200)

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        is_list = self._path.strip("/").count("/") == 0
        if self._refused(("LIST 2" if "list-type" in query else "LIST") if is_list else "GET"):
            return
        if is_list:
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
        self._send_metadata()
        self.end_headers()

    def do_DELETE(self) -> None:
        if self._refused():
            return
        self.server.objects.pop(self._path, None)
        self._answer(204)

    @property
    def behaviour(self) -> Behaviour:
        return self.server.behaviour

    @property
    def _path(self) -> str:
        """`/bucket/key`, wherever the request names the bucket."""
        path = unquote(urlsplit(self.path).path)
        host = self.headers.get("Host", "").partition(":")[0]
        return f"/{host.partition('.')[0]}{path}" if host.count(".") == 2 else path

    def _refused(self, operation: str = "") -> bool:
        with self.server.lock:
            self.server.requests.append(f"{self.command} {self._path}")
            refusal = self.server.refusals.pop(0) if self.server.refusals else None
        refusal = refusal or self._lacking(operation or self.command)
        if refusal:
            self._error(*refusal)
        return refusal is not None

    def _lacking(self, operation: str) -> tuple[int, str] | None:
        if self.behaviour.redirect:
            return self.behaviour.redirect[0], ""
        if self.behaviour.virtual_only and self.headers["Host"].count(".") < 2:
            return 403, "SecondLevelDomainForbidden"
        refused = (self.behaviour.refused_requests or {}).get(operation)
        for name, answer in (self.behaviour.refused_headers or {}).items():
            if any(header.lower().startswith(name) for header in self.headers):
                refused = answer
        return refused

    def _send_object(self, body: bytes) -> None:
        with self.server.lock:
            broken = self.server.broken_bodies > 0
            self.server.broken_bodies -= broken
        wanted, size, ranges = self.headers.get("Range", ""), len(body), self.behaviour.ranges
        ranged = bool(wanted) and ranges != "ignored"
        first, last = 0, size - 1
        if ranged:
            first, last = (int(part) for part in wanted.removeprefix("bytes=").split("-"))
            last = first if ranges == "short" else min(last, size - 1)
            if first >= size:
                self._error(416, "InvalidRange")
                return
            body = body[first : last + 1]
        self.send_response(206 if ranged and ranges != "plain" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{hashlib.md5(body).hexdigest()}"')  # noqa: S324 - S3's ETag
        if ranged:
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self._send_metadata()
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if broken else body)
        self.close_connection = broken

    def _send_metadata(self) -> None:
        if self.server.metadata.get(self._path):
            self.send_header("x-amz-meta-sha256", self.server.metadata[self._path])

    def _list(self, query: dict[str, list[str]]) -> None:
        bucket, second = self._path.strip("/"), "list-type" in query
        # ListObjects does not know `start-after` or tokens.
        names = ("start-after", "continuation-token")
        if not second or self.behaviour.old_listing:
            names = ("marker", "")
        prefix = query.get("prefix", [""])[0]
        after = max(query.get(name, [""])[0] for name in names)
        keys = sorted(path.removeprefix(f"/{bucket}/") for path in self.server.objects)
        # Like some real servers, list the start key too; the marker of a page is never repeated.
        found = [key for key in keys if key.startswith(prefix) and key >= after]
        if found[:1] == [after] and len(found) > self.behaviour.page:
            found = found[1:]
        wanted = found[: self.behaviour.page]
        rows = "".join(
            f"<Contents><Key>{quote(key)}</Key><Size>"
            f"{len(self.server.objects[f'/{bucket}/{key}'])}</Size></Contents>"
            for key in wanted
        )
        more = len(found) > len(wanted)
        token = f"<NextContinuationToken>{escape(max(wanted, default=''))}</NextContinuationToken>"
        self._answer(
            200,
            f"<ListBucketResult><Name>{bucket}</Name><EncodingType>url</EncodingType>"
            f"<IsTruncated>{str(more).lower()}</IsTruncated>"
            f"{token if more and second and not self.behaviour.old_listing else ''}{rows}"
            "</ListBucketResult>".encode(),
        )

    def _error(self, status: int, code: str) -> None:
        body = f"<Error><Code>{code}</Code><Message>refused by the test</Message></Error>"
        self._answer(status, b"" if self.command == "HEAD" else body.encode())

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        if self.behaviour.redirect:
            self.send_header("Location", self.behaviour.redirect[1])
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
