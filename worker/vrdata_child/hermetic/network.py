"""No network for a generator: connections and name lookups fail; local sockets still work."""

from __future__ import annotations

import socket
from typing import Any, NoReturn


def install() -> None:
    """Refuse connections of this process, except over Unix sockets."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX:
            _refuse()
        connect(self, address)

    def guarded_ex(self: socket.socket, address: Any) -> int:
        if self.family != socket.AF_UNIX:
            _refuse()
        return connect_ex(self, address)

    def no_names(*_: Any, **__: Any) -> NoReturn:
        _refuse()

    socket.socket.connect = guarded  # type: ignore[method-assign, assignment]
    socket.socket.connect_ex = guarded_ex  # type: ignore[method-assign, assignment]
    socket.getaddrinfo = no_names


def _refuse() -> NoReturn:
    raise PermissionError(
        "generators have no network access: their output must depend only on the seed"
    )
