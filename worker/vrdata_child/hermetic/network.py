"""No network for a generator: its Python code gets the errors of a machine that is offline.

The names and addresses of this machine have the same answers everywhere.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from collections.abc import Callable
from typing import Any

from vrdata_child.hermetic.machine import HOST
from vrdata_child.sandbox.policy import described

EVENTS = frozenset(
    {
        *("socket.__new__", "socket.connect", "socket.getaddrinfo"),
        *("socket.gethostbyaddr", "socket.gethostbyname", "socket.getnameinfo"),
    }
)
CONNECT = "connect to a socket of another program"
LOOPBACK = "127.0.0.1"
_STREAM, _TYPE_MASK = 1, 0xF  # socket(2)
_CONNECTED = frozenset({_STREAM, 5})  # SOCK_STREAM, SOCK_SEQPACKET


def install() -> None:
    """Let the name of this machine have one address, without asking the system."""
    getaddrinfo = socket.getaddrinfo

    def of_this_machine(host: Any, *args: Any, **options: Any) -> Any:
        return getaddrinfo(LOOPBACK if host in (HOST, HOST.encode()) else host, *args, **options)

    socket.getaddrinfo = of_this_machine


def refusal(
    event: str, args: tuple[Any, ...], can_connect: Callable[[str], bool]
) -> tuple[str, OSError] | None:
    """What an audit event of `socket` tries in vain and the error for it; None = it may.

    Args:
        event: one of EVENTS.
        args: its arguments.
        can_connect: whether a socket file is one of the block's own.
    """
    match event:
        case "socket.__new__":
            return _new(int(args[1]), int(args[2]), int(args[3]))
        case "socket.connect":
            return _connect(args[0], args[1], can_connect)
        case "socket.getnameinfo":
            return _lookup(args[0][0] if isinstance(args[0], tuple) and args[0] else None)
        case "socket.gethostbyaddr":
            return None if args[0] in (HOST, LOOPBACK) else _lookup(args[0])
        case _:
            return None if _is_own(args[0]) else _lookup(args[0])


def _new(family: int, kind: int, protocol: int) -> tuple[str, OSError] | None:
    if family == -1:  # of an existing descriptor
        return None
    if family == socket.AF_UNIX and kind & _TYPE_MASK in _CONNECTED:
        return None
    what, number = described("socket", (family, kind, protocol))
    return what, OSError(number, os.strerror(number))


def _connect(
    ours: socket.socket, address: Any, can_connect: Callable[[str], bool]
) -> tuple[str, OSError] | None:
    if ours.family != socket.AF_UNIX:
        what, number = described("socket", (int(ours.family), _STREAM, 0))
        return what, OSError(number, os.strerror(number))
    path = os.fsdecode(address) if isinstance(address, str | bytes) else ""
    if not path or path.startswith("\0") or not os.path.exists(path) or can_connect(path):  # noqa: PTH110
        return None  # the kernel or the guard answers
    return CONNECT, OSError(errno.EACCES, os.strerror(errno.EACCES))


def _is_own(host: Any) -> bool:
    """Whether a host is a number, or the name of this machine."""
    name = host.decode("latin-1") if isinstance(host, bytes | bytearray) else host
    if name in (None, "", HOST):
        return True
    try:
        ipaddress.ip_address(str(name).partition("%")[0])
    except ValueError:
        return False
    return True


def _lookup(host: Any) -> tuple[str, OSError]:
    name = host.decode("latin-1") if isinstance(host, bytes | bytearray) else str(host)
    what, _ = described("socket", (socket.AF_INET, _STREAM, 0))
    return f"{what} to look up {name}", socket.gaierror(
        socket.EAI_AGAIN, "Temporary failure in name resolution"
    )
