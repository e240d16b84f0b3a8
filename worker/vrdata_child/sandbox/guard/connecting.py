"""Connect Unix sockets on behalf of a block, to sockets of the same block only.

Landlock does not restrict which socket file a process connects to, and a filter cannot read the
address. The guard reads it, opens the socket file, checks where it is, and connects the block's own
socket to exactly that file.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterable, Sequence
from pathlib import Path

from vrdata_child.sandbox.calls import call

_MAX_ADDRESS = 110  # struct sockaddr_un, unix(7)


class RefusedError(Exception):
    """The address is outside the block; `args[0]` is the number of the error."""


def connect(task: int, descriptor: int, pointer: int, length: int, folders: Sequence[str]) -> None:
    """Connect a descriptor of another process.

    Args:
        task: the thread that connects.
        descriptor: its socket.
        pointer: where the address is in its memory.
        length: of the address, in bytes.
        folders: that its block writes to.

    Raises:
        RefusedError: the address is outside the block.
        OSError: the connection fails.
    """
    address = _read(task, pointer, min(length, _MAX_ADDRESS))
    if int.from_bytes(address[:2], "little") != socket.AF_UNIX:
        raise OSError(errno.EINVAL, "not a Unix address")
    name = address[2:]
    if name[:1] == b"\0":
        raise RefusedError(errno.EACCES)
    path = os.fsdecode(name.partition(b"\0")[0])
    target = os.open(f"/proc/{task}/cwd/{path}" if path[:1] != "/" else path, os.O_PATH)
    try:
        real = str(Path(f"/proc/self/fd/{target}").readlink())
        if not any(real.startswith(f"{os.path.realpath(folder)}/") for folder in folders):
            raise RefusedError(errno.EACCES)
        with _borrowed(task, descriptor) as borrowed:
            borrowed.connect(f"/proc/self/fd/{target}")
    finally:
        os.close(target)


def connect_abstract(task: int, descriptor: int, name: bytes, processes: Iterable[int]) -> None:
    """Connect to an abstract socket that one of these processes listens on.

    Raises:
        RefusedError: none of them does.
        OSError: the connection fails.
    """
    if not _listening(name) & _held(processes):
        raise RefusedError(errno.EACCES)
    with _borrowed(task, descriptor) as borrowed:
        borrowed.connect(b"\0" + name)


def abstract_name(task: int, pointer: int, length: int) -> bytes | None:
    """The name of an abstract address in the memory of a thread; None for other addresses."""
    address = _read(task, pointer, min(length, _MAX_ADDRESS))
    return address[3:] if address[2:3] == b"\0" and len(address) > 3 else None


def _read(task: int, pointer: int, length: int) -> bytes:
    memory = os.open(f"/proc/{task}/mem", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.pread(memory, length, pointer)
    finally:
        os.close(memory)


def _borrowed(task: int, descriptor: int) -> socket.socket:
    process = Path(f"/proc/{task}/status").read_text(errors="replace").partition("Tgid:")[2]
    handle = os.pidfd_open(int(process.split()[0]))
    try:
        return socket.socket(fileno=call("pidfd_getfd", handle, descriptor, 0))
    finally:
        os.close(handle)


def _listening(name: bytes) -> set[str]:
    """Inodes of the abstract sockets with a name (proc(5), net/unix)."""
    wanted = "@" + name.decode("utf-8", "surrogateescape").replace("\0", "@")
    lines = Path("/proc/net/unix").read_text(errors="surrogateescape").splitlines()[1:]
    columns = [line.split(maxsplit=7) for line in lines]
    return {fields[6] for fields in columns if len(fields) == 8 and fields[7] == wanted}


def _held(processes: Iterable[int]) -> set[str]:
    """Inodes of the sockets that processes have open."""
    found = set()
    for process in processes:
        try:
            for entry in os.scandir(f"/proc/{process}/fd"):
                target = str(Path(entry.path).readlink())
                if target.startswith("socket:["):
                    found.add(target[8:-1])
        except OSError:
            continue
    return found
