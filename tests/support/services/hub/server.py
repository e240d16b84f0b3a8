"""A Hugging Face Hub for tests, on the loopback address: datasets, commits, ranges, faults.

It answers the real client: facts, trees in pages, files. As on the Hub, large files are redirected
to a second server (the CDN), which must not receive the token.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from typing import Any

from support.services.hub.faults import Fault
from support.services.hub.handler import Handler, Request
from support.services.hub.repos import Blob, Repository

TOKEN = "hf_testPLANTEDtoken"  # noqa: S105 - the test server's own
PAGE = 1000  # entries of a tree in one answer, as on the Hub


class Hub:
    """The hub and its CDN.

    Attributes:
        repositories: by name.
        tokens: the tokens that it knows.
        requests: all that were answered, in order.
        page: entries of a tree in one answer.
        blobs: uploaded LFS files by sha256.
        closed: organisations in which nobody can create datasets.
    """

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.tokens = {TOKEN}
        self.requests: list[Request] = []
        self.page = PAGE
        self.blobs: dict[str, Blob] = {}
        self.closed: set[str] = set()
        self.leaving = threading.Event()
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._servers = {name: _Server(self, name) for name in ("hub", "cdn")}

    @property
    def endpoint(self) -> str:
        """Its URL, for HF_ENDPOINT."""
        return self._servers["hub"].url

    @property
    def cdn(self) -> str:
        """The URL of its CDN."""
        return self._servers["cdn"].url

    def create(self, name: str, files: Mapping[str, bytes], **settings: Any) -> Repository:
        """Add a dataset with one commit on `main`.

        Args:
            name: `organisation/name`.
            files: of the commit.
            settings: of the repository.
        """
        repository = Repository(name, **settings)
        repository.commit(files)
        self.repositories[name] = repository
        return repository

    def fail(self, fault: Fault, path: str = "", *, times: int | None = None) -> Fault:
        """Let requests fail from now on; the first fault that matches happens.

        Args:
            fault: what happens.
            path: a pattern in the URL's path, instead of the fault's own.
            times: how many requests have it; None = all.
        """
        fault.path, fault.times = path or fault.path, times
        self._faults.append(fault)
        return fault

    def heal(self) -> None:
        """End all faults."""
        self._faults.clear()

    def fault(self, method: str, path: str) -> Fault | None:
        """The fault of a request, which it counts."""
        with self._lock:
            for fault in self._faults:
                if fault.matches(method, path):
                    fault.happened += 1
                    return fault
        return None

    def note(self, request: Request) -> None:
        """Keep an answered request."""
        with self._lock:
            self.requests.append(request)

    def fetched(self, file: str) -> list[Request]:
        """The requests that sent bytes of a file."""
        return [one for one in self.requests if one.file == file and one.sent]

    def sent(self, file: str) -> int:
        """Bytes of a file that were sent."""
        return sum(request.sent for request in self.fetched(file))

    def start(self) -> None:
        """Serve in threads of this process."""
        for server in self._servers.values():
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """End all connections that wait, and the servers."""
        self.leaving.set()
        for server in self._servers.values():
            server.shutdown()
            server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, hub: Hub, role: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.hub = hub
        self.role = role

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients end connections at any time."""


@contextmanager
def running_hub() -> Iterator[Hub]:
    """A hub without datasets, until the end of the block."""
    hub = Hub()
    hub.start()
    try:
        yield hub
    finally:
        hub.stop()
