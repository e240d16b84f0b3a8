"""Connect Unix sockets on behalf of a block, to sockets of the same block only.

Landlock does not restrict which socket file a process connects to, and a filter cannot read the
address. The guard reads it, opens the socket file, checks where it is, and connects the block's own
socket to exactly that file.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vrdata_child.sandbox import seccomp
from vrdata_child.sandbox.calls import call
from vrdata_child.sandbox.seccomp import Call

# nscd(8), nss-systemd(8), nss-resolve(8), sssd(8)
_NAME_SERVICES = tuple(
    f"{place}/{name}"
    for place in ("/run", "/var/run", "/var/lib", "/var/db")
    for name in ("nscd/", "systemd/userdb/", "systemd/resolve/", "sss/pipes/")
)
_OWN = {b"/proc/self": b"", b"/proc/thread-self": b"", b"/dev/fd": b"/fd"}
_MAX_ADDRESS = 110  # struct sockaddr_un, unix(7)


class RefusedError(Exception):
    """The address is outside the block; `args[0]` is the number of the error."""


class BorrowError(Exception):
    """The guard cannot use the sockets of the sandbox."""


@dataclass(frozen=True, slots=True)
class Connecting:
    """A call of connect(2) in the sandbox that waits for the guard.

    Attributes:
        listener: of the guard.
        asked: the call.
    """

    listener: int
    asked: Call

    def abstract_name(self) -> bytes | None:
        """The name of an abstract address; None for other addresses. Raises OSError."""
        address = self._address()
        return address[3:] if address[2:3] == b"\0" and len(address) > 3 else None

    def to_network(self) -> bool:
        """Connect to an address that is not a Unix address; False if it is one.

        Without the network there is no socket for such an address, so this fails.

        Raises:
            BorrowError: the container forbids it.
            OSError: the connection fails.
        """
        address = self._address()
        if int.from_bytes(address[:2], sys.byteorder) == socket.AF_UNIX:
            return False
        if seccomp.is_waiting(self.listener, self.asked):
            try:
                borrowed = _borrowed(self.asked.task, self.asked.arguments[0])
            except PermissionError as error:
                raise BorrowError from error
            with borrowed:
                copy = ctypes.create_string_buffer(address, len(address))
                call("connect", borrowed.fileno(), copy, len(address))
        return True

    def to_file(self, folders: Sequence[str]) -> None:
        """Connect to a socket file below one of these folders, without symbolic links.

        Raises:
            RefusedError: it is outside.
            OSError: the connection fails.
        """
        address = self._address()
        if int.from_bytes(address[:2], sys.byteorder) != socket.AF_UNIX:
            raise OSError(errno.EINVAL, "not a Unix address")
        name = address[2:].partition(b"\0")[0]
        if not name:
            raise RefusedError(errno.EACCES)
        path = os.path.join(f"/proc/{self.asked.task}/cwd", os.fsdecode(name))  # noqa: PTH118
        target = os.open(seen_by(self.asked.task, os.fsencode(path)), os.O_PATH | os.O_CLOEXEC)
        try:
            real = str(Path(f"/proc/self/fd/{target}").readlink())
            if not any(real.startswith(f"{folder}/") for folder in folders):
                if is_name_service(real):
                    raise PermissionError(errno.EACCES, "the C library reads the files instead")
                raise RefusedError(errno.EACCES)
            self._connect(f"/proc/self/fd/{target}")
        finally:
            os.close(target)

    def to_abstract(self, name: bytes, processes: Iterable[int]) -> None:
        """Connect to an abstract socket that one of these processes listens on.

        Raises:
            RefusedError: none of them does.
            OSError: the connection fails.
        """
        if not _listening(name) & _held(processes):
            raise RefusedError(errno.EACCES)
        self._connect(b"\0" + name)

    def _address(self) -> bytes:
        pointer, length = self.asked.arguments[1:3]
        return read_memory(self.asked.task, pointer, min(length, _MAX_ADDRESS))

    def _connect(self, address: str | bytes) -> None:
        """Connect the socket of the caller, or replace it by a connected one."""
        descriptor = self.asked.arguments[0]
        if not seccomp.is_waiting(self.listener, self.asked):
            return
        try:
            borrowed = _borrowed(self.asked.task, descriptor)
        except PermissionError:  # the seccomp profile of the container forbids pidfd_getfd
            own, flags = _like(self.asked.task, descriptor)
            with own:
                own.connect(address)
                closes = bool(flags & os.O_CLOEXEC)
                seccomp.give(self.listener, self.asked, own.fileno(), descriptor, closes=closes)
        else:
            with borrowed:
                borrowed.connect(address)


def is_name_service(path: str) -> bool:
    """Whether the C library connects to a socket for names of users, groups and hosts.

    It does so in most programs and continues without the socket, so this is not counted.
    """
    return path.startswith(_NAME_SERVICES)


def seen_by(task: int, path: bytes) -> bytes:
    """A path as a thread of the sandbox sees it: `/proc/self` is its own process."""
    for start, place in _OWN.items():
        if (path + b"/").startswith(start + b"/"):
            return b"/proc/%d%s%s" % (task, place, path[len(start) :])
    return path


def read_memory(task: int, pointer: int, length: int) -> bytes:
    """Bytes of the memory of a thread; fewer at the end of a mapping. Raises OSError."""
    memory = os.open(f"/proc/{task}/mem", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.pread(memory, length, pointer)
    except (OSError, OverflowError):  # nothing is there, or no address is so large
        raise OSError(errno.EFAULT, "not in memory") from None
    finally:
        os.close(memory)


def _borrowed(task: int, descriptor: int) -> socket.socket:
    process = Path(f"/proc/{task}/status").read_text(errors="replace").partition("Tgid:")[2]
    handle = os.pidfd_open(int(process.split()[0]))
    try:
        return socket.socket(fileno=call("pidfd_getfd", handle, descriptor, 0))
    finally:
        os.close(handle)


def _like(task: int, descriptor: int) -> tuple[socket.socket, int]:
    """A new socket of the same type as another process's, and the flags of that descriptor."""
    place = Path(f"/proc/{task}/fd/{descriptor}").readlink()
    inode = str(place).removeprefix("socket:[").removesuffix("]")
    kind = next((fields[4] for fields in _unix_sockets() if fields[6] == inode), "")
    if not kind:
        raise OSError(errno.ENOTSOCK, "not a Unix socket")
    info = Path(f"/proc/{task}/fdinfo/{descriptor}").read_text()
    flags = int(info.partition("flags:")[2].split()[0], 8)
    own = socket.socket(socket.AF_UNIX, int(kind, 16))
    own.setblocking(not flags & os.O_NONBLOCK)
    return own, flags


def _unix_sockets() -> list[list[str]]:
    """The lines of /proc/net/unix (proc(5)), split into columns."""
    lines = Path("/proc/net/unix").read_text(errors="surrogateescape").splitlines()[1:]
    return [line.split(maxsplit=7) for line in lines]


def _listening(name: bytes) -> set[str]:
    """Inodes of the abstract sockets with a name (proc(5), net/unix)."""
    wanted = "@" + name.decode("utf-8", "surrogateescape").replace("\0", "@")
    return {row[6] for row in _unix_sockets() if row[7:] == [wanted]}


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
