"""Attempts to reach other machines and other programs."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator

from .attempt import CLOSED, FORBIDDEN, OFFLINE, UNKNOWN, Attempt, World
from .raw import LAST, Step, make

_INTERNET = "open a network connection"
_UNIX, _STREAM, _DATAGRAM, _RAW = 1, 1, 2, 3
_OUTSIDE = "192.0.2.1"  # RFC 5737


def attempts(world: World) -> Iterator[Attempt]:
    """Every attempt on the network and on sockets."""
    yield from _internet(world)
    yield from _families()
    yield from _unix(world)
    yield Attempt(
        "io_uring",
        (FORBIDDEN, UNKNOWN),
        lambda: make(_io_uring()),
        _io_uring(),
        named="use io_uring",
    )


def _internet(world: World) -> Iterator[Attempt]:
    local = _address(2, world.port, "127.0.0.1")
    yield Attempt(
        "TCP to loopback",
        (OFFLINE,),
        lambda: socket.create_connection(("127.0.0.1", world.port), 5),
        (("socket", 2, _STREAM, 0), ("connect", LAST, local, 16)),
        f"curl -sS --noproxy '*' -m 5 http://127.0.0.1:{world.port}",
        _INTERNET,
    )
    yield Attempt(
        "TCP to another address",
        (OFFLINE,),
        lambda: socket.create_connection((_OUTSIDE, 80), 2),
        (("socket", 2, _STREAM, 0), ("connect", LAST, _address(2, 80, _OUTSIDE), 16)),
        f"curl -sS -m 2 http://{_OUTSIDE}",
        _INTERNET,
    )
    yield Attempt(
        "TCP over IPv6",
        (OFFLINE,),
        lambda: socket.create_connection(("::1", world.port), 5),
        (("socket", 10, _STREAM, 0),),
        f"curl -sS -m 2 'http://[::1]:{world.port}'",
        _INTERNET,
    )
    yield Attempt(
        "DNS",
        ("EAI_AGAIN", "EAI_NONAME", OFFLINE),
        lambda: socket.getaddrinfo("example.org", 80),
        (("socket", 2, _DATAGRAM, 17),),
        "getent hosts example.org",
        _INTERNET,
    )
    yield Attempt(
        "a server on TCP",
        (OFFLINE,),
        lambda: socket.create_server(("127.0.0.1", 0)),
        (("socket", 2, _STREAM, 0), ("bind", LAST, _address(2, 0, "127.0.0.1"), 16)),
        named=_INTERNET,
    )
    yield Attempt(
        "ICMP",
        (OFFLINE,),
        lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1),
        (("socket", 2, _RAW, 1),),
        "ping -c 1 -W 1 127.0.0.1",
        _INTERNET,
    )


def _families() -> Iterator[Attempt]:
    kinds = {"netlink": 16, "packet": 17, "Bluetooth": 31, "kernel crypto": 38, "vsock": 40}
    for name, family in kinds.items():
        kind = _RAW if name in ("netlink", "packet") else 5 if family == 38 else _STREAM
        yield _of_family(name, family, kind)
    for name, family in (("MPTCP", 2), ("CAN", 29), ("XDP", 44), ("TIPC", 30), ("RDS", 21)):
        if name == "MPTCP":
            yield Attempt(
                "MPTCP",
                (OFFLINE,),
                lambda: socket.socket(2, _STREAM, 262),
                (("socket", 2, _STREAM, 262),),
                named=_INTERNET,
            )
        else:
            yield _of_family(name, family, _RAW)


def _of_family(name: str, family: int, kind: int) -> Attempt:
    return Attempt(
        f"a socket of family {name}",
        (FORBIDDEN,),
        lambda: socket.socket(family, kind, 0),
        (("socket", family, kind, 0),),
        named="open a socket",
    )


def _unix(world: World) -> Iterator[Attempt]:
    def connect(address: str) -> None:
        with socket.socket(socket.AF_UNIX) as opened:
            opened.settimeout(5)
            opened.connect(address)

    def raw(address: bytes) -> tuple[Step, ...]:
        packed = struct.pack("=H", _UNIX) + address
        return ("socket", _UNIX, _STREAM, 0), ("connect", LAST, packed, len(packed))

    refusals = (CLOSED, FORBIDDEN, *(() if os.path.exists(world.socket) else ("ENOENT",)))
    yield Attempt(
        "a Unix socket of another program",
        refusals,
        lambda: connect(world.socket),
        raw(os.fsencode(world.socket) + b"\0"),
        f"curl -sS -m 5 --unix-socket {world.socket} http://x",
        "connect to a socket of another program",
    )
    yield Attempt(
        "an abstract socket of another program",
        (CLOSED, FORBIDDEN),
        lambda: connect(f"\0{world.abstract}"),
        raw(b"\0" + world.abstract.encode()),
        f"curl -sS -m 5 --abstract-unix-socket {world.abstract} http://x",
        "connect to a socket of another program",
    )
    yield Attempt(
        "a Unix datagram socket",
        (FORBIDDEN,),
        lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM),
        (("socket", _UNIX, _DATAGRAM, 0),),
        named="open a socket (Unix datagram)",
    )
    yield Attempt(
        "a link to a Unix socket of another program",
        refusals,
        lambda: connect(_linked(world)),
        raw(os.fsencode(f"{world.block}/link.sock") + b"\0"),
        f"curl -sS -m 5 --unix-socket {world.block}/link.sock http://x",
        "connect to a socket of another program",
    )


def _linked(world: World) -> str:
    link = f"{world.block}/link.sock"
    if not os.path.lexists(link):
        os.symlink(world.socket, link)
    return link


def _address(family: int, port: int, host: str) -> bytes:
    return struct.pack("=H", family) + struct.pack("!H", port) + socket.inet_aton(host) + bytes(8)


def _io_uring() -> tuple[Step, ...]:
    return (("io_uring_setup", 1, bytes(120)),)
