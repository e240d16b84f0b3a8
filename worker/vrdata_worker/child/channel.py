"""A socket on which the kernel names the sender of each packet."""

from __future__ import annotations

import json
import select
import socket
import struct
from typing import Any

MAX_PACKET = 256 * 1024
_CREDENTIALS = struct.Struct("=iII")  # struct ucred, unix(7): process, user, group


class Channel:
    """The supervisor's end of the child protocol (docs/child-protocol.md)."""

    def __init__(self) -> None:
        self._ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)

    def send(self, packet: dict[str, Any]) -> None:
        """Send a packet. Raises OSError when the other side is closed."""
        self._ours.send(json.dumps(packet).encode())

    def receive(self, timeout: float) -> tuple[int, bytes] | None:
        """The next packet and the process that sent it; None after `timeout` seconds.

        What is longer than MAX_PACKET is cut off; descriptors that come with it are closed.
        """
        readable, _, _ = select.select([self._ours], [], [], timeout)
        if not readable:
            return None
        try:
            body, ancillary, _, _ = self._ours.recvmsg(
                MAX_PACKET, socket.CMSG_SPACE(_CREDENTIALS.size)
            )
        except ConnectionError:
            return None
        sender = next(
            (
                _CREDENTIALS.unpack(data)[0]
                for level, kind, data in ancillary
                if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS
            ),
            0,
        )
        return (sender, body) if body else None

    def close(self) -> None:
        """Close both ends."""
        self._ours.close()
        self.theirs.close()
