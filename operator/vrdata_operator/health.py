"""Answer the probes of the kubelet: `/healthz` (alive) and `/readyz` (serves runs)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BEAT_SECONDS = 45.0  # without a beat of the event loop, the process hangs


class Health:
    """The state that the probes report. Threads may share it.

    Args:
        clock: returns seconds; only differences count.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._beat = clock()
        self._problem = "it is starting"

    def beat(self) -> None:
        """The event loop runs."""
        self._beat = self._clock()

    def serves(self, problem: str = "") -> None:
        """Whether runs are served.

        Args:
            problem: why not; empty = they are.
        """
        self._problem = problem

    def answer(self, path: str) -> tuple[HTTPStatus, str]:
        """Status and text of an answer."""
        if path not in {"/healthz", "/readyz"}:
            return HTTPStatus.NOT_FOUND, "try /healthz or /readyz"
        silent = self._clock() - self._beat
        if silent > BEAT_SECONDS:
            return (
                HTTPStatus.SERVICE_UNAVAILABLE,
                f"the event loop has been hanging for {silent:.0f} s",
            )
        if path == "/readyz" and self._problem:
            return HTTPStatus.SERVICE_UNAVAILABLE, f"no run is served: {self._problem}"
        return HTTPStatus.OK, "ok"


def start_health_server(health: Health, port: int) -> ThreadingHTTPServer:
    """Answer probes in threads of their own, so that a busy or hanging event loop cannot."""

    class Handler(BaseHTTPRequestHandler):
        """One probe."""

        def do_GET(self) -> None:
            """Answer it."""
            status, text = health.answer(self.path)
            body = f"{text}\n".encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Probes are not logged."""

    server = ThreadingHTTPServer(("", port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server
