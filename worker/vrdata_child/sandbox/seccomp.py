"""Install a seccomp filter, and answer the calls that it reports.

Source: seccomp(2), seccomp_unotify(2).
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from vrdata_child.sandbox import bpf
from vrdata_child.sandbox.bpf import Rule
from vrdata_child.sandbox.calls import ARCHITECTURES, LAST_KNOWN, MACHINE, call

_SET_MODE_FILTER = 1
_NEW_LISTENER, _WAIT_KILLABLE = 1 << 3, 1 << 5
_CONTINUE = 1
_CALL = "=QIIiIQ6Q"  # struct seccomp_notif
_RECEIVE, _SEND = 0xC0502100, 0xC0182101  # ioctl(2): SECCOMP_IOCTL_NOTIF_RECV, …_SEND
_IS_VALID, _ADD = 0x40082102, 0x40182103


@dataclass(frozen=True, slots=True)
class Call:
    """A system call that waits for an answer.

    Attributes:
        key: names it in the answer.
        task: number of the thread that makes it.
        number: of the call.
        arguments: six.
    """

    key: int
    task: int
    number: int
    arguments: tuple[int, ...]


def install(rules: Sequence[Rule], *, listener: bool) -> int:
    """Install a filter in this thread; it holds for all that it starts, permanently.

    Args:
        rules: of the filter.
        listener: return a descriptor for the calls with action `NOTIFY`.

    Returns:
        The descriptor, or 0.

    Raises:
        OSError: the kernel has no filters, or does not allow a listener.
    """
    program = bpf.assemble(ARCHITECTURES[MACHINE], LAST_KNOWN, bpf.error(errno.ENOSYS), rules)
    body = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("=HxxxxxxQ", len(program) // 8, ctypes.addressof(body))
    filters = ctypes.create_string_buffer(header, len(header))
    for flags in (_NEW_LISTENER | _WAIT_KILLABLE, _NEW_LISTENER) if listener else (0,):
        try:
            return call("seccomp", _SET_MODE_FILTER, flags, filters)
        except OSError as error:
            if error.errno != errno.EINVAL or flags in (0, _NEW_LISTENER):
                raise
    raise OSError(errno.EINVAL, "seccomp: no listener")


def receive(listener: int) -> Call | None:
    """The next call that waits; None when its thread has ended in the meantime.

    Raises:
        OSError: the listener cannot be read.
    """
    packet = bytearray(struct.calcsize(_CALL))
    try:
        fcntl.ioctl(listener, _RECEIVE, packet)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.EINTR):
            return None
        raise
    key, task, _, number, _, _, *arguments = struct.unpack(_CALL, packet)
    return Call(key, task, number, tuple(arguments))


def is_waiting(listener: int, asked: Call) -> bool:
    """Whether the thread still waits, so that its number is still its own."""
    try:
        fcntl.ioctl(listener, _IS_VALID, struct.pack("=Q", asked.key))
    except OSError:
        return False
    return True


def refuse(listener: int, asked: Call, error: int) -> None:
    """Let the call fail with an error number."""
    _answer(listener, struct.pack("=QqiI", asked.key, 0, -error, 0))


def allow(listener: int, asked: Call) -> None:
    """Let the kernel make the call."""
    _answer(listener, struct.pack("=QqiI", asked.key, 0, 0, _CONTINUE))


def succeed(listener: int, asked: Call) -> None:
    """Let the call return 0, after the guard has made it."""
    _answer(listener, struct.pack("=QqiI", asked.key, 0, 0, 0))


def give(listener: int, asked: Call, own: int, number: int, *, closes: bool) -> None:
    """Put a descriptor of this process into the thread's process, under a number.

    Args:
        listener: of the filter.
        asked: the call that waits.
        own: the descriptor.
        number: of the new descriptor; an open one is replaced.
        closes: it is closed on exec.

    Raises:
        OSError: the thread has ended, or its table of descriptors is full.
    """
    flags = os.O_CLOEXEC if closes else 0
    fcntl.ioctl(listener, _ADD, struct.pack("=QIIII", asked.key, 1, own, number, flags))


def _answer(listener: int, answer: bytes) -> None:
    try:
        fcntl.ioctl(listener, _SEND, answer)
    except OSError as error:
        if error.errno != errno.ENOENT:  # the thread has ended
            raise
