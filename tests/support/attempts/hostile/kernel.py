"""Attempts on the kernel: namespaces, mounts, privileges, other numbers of system calls."""

from __future__ import annotations

import ctypes
import os
import platform
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

from .attempt import FORBIDDEN, UNKNOWN, Attempt, World
from .raw import AT_FDCWD, LAST, Step, by_interrupt, make

_libc = ctypes.CDLL(None, use_errno=True)
_ADMINISTERED = "administer the machine"
_NEW_USER, _NEW_NET, _CHILD = 0x10000000, 0x40000000, 17  # CLONE_NEW*, SIGCHLD
_X32 = 0x40000000


def attempts(world: World) -> Iterator[Attempt]:
    """Every attempt on the kernel."""
    yield from _namespaces(world)
    yield from _privileges()
    yield from _tools()
    yield from _machine()
    yield from _shared(world)
    yield from _numbers()


def _namespaces(world: World) -> Iterator[Attempt]:
    created = "create a namespace"
    yield Attempt(
        "unshare(user, net)",
        (FORBIDDEN,),
        lambda: _function("unshare", _NEW_USER | _NEW_NET),
        (("unshare", _NEW_USER | _NEW_NET),),
        "unshare -Urn true",
        created,
    )
    yield _raw("clone(new user)", (FORBIDDEN,), _clone(_NEW_USER | _CHILD), created)
    yield _raw("clone3", (UNKNOWN,), (("clone3", bytes(88), 88),))
    yield Attempt(
        "setns",
        (FORBIDDEN,),
        lambda: _set_namespace("/proc/self/ns/net"),
        (("openat", AT_FDCWD, b"/proc/self/ns/net", 0, 0), ("setns", LAST, 0)),
        "nsenter -t 1 -n true",
        "enter a namespace",
    )
    yield Attempt(
        "mount",
        (FORBIDDEN,),
        lambda: _function("mount", b"none", os.fsencode(world.block), b"tmpfs", 0, None),
        (("mount", b"none", os.fsencode(world.block), b"tmpfs", 0, 0),),
        f"mount -t tmpfs none {world.block}",
        "change or read mounts",
    )
    yield Attempt(
        "chroot",
        (FORBIDDEN,),
        lambda: os.chroot(world.block),
        (("chroot", os.fsencode(world.block)),),
        f"chroot {world.block} /bin/true",
        "change or read mounts",
    )


def _privileges() -> Iterator[Attempt]:
    other = 0 if os.getuid() else 1000
    yield Attempt(
        "become another user",
        (FORBIDDEN, "EINVAL"),  # a namespace that does not have that user
        lambda: os.setuid(other),
        (("setuid", other),),
        "su -c true nobody" if other else "su -c true",
    )
    yield Attempt("gain a capability", (FORBIDDEN,), _capability)


def _tools() -> Iterator[Attempt]:
    debugging, keyring = "use a debugging call", "use a kernel keyring"
    yield _raw("keyctl", (FORBIDDEN,), (("keyctl", 0, -3, 1),), keyring)
    yield _raw(
        "add_key", (FORBIDDEN,), (("add_key", b"user\0", b"vrdata\0", b"x", 1, -3),), keyring
    )
    yield _raw("bpf", (FORBIDDEN,), (("bpf", 0, bytes(72), 72),), debugging)
    yield _raw(
        "perf_event_open", (FORBIDDEN,), (("perf_event_open", bytes(128), 0, -1, -1, 0),), debugging
    )
    yield _raw("userfaultfd", (FORBIDDEN,), (("userfaultfd", 1),), debugging)
    yield _raw(
        "fanotify_init", (FORBIDDEN,), (("fanotify_init", 0x200, 0),), "watch the file system"
    )


def _machine() -> Iterator[Attempt]:
    """With arguments that change nothing where the kernel allows the call."""
    yield _raw("load a kernel module", (FORBIDDEN,), (("finit_module", -1, b"", 0),), _ADMINISTERED)
    yield _raw("kexec", (FORBIDDEN,), (("kexec_load", 0, 1 << 20, 0, 0),), _ADMINISTERED)
    yield _raw("reboot", (FORBIDDEN,), (("reboot", 0, 0, 0, 0),), _ADMINISTERED)
    same = socket.gethostname()
    yield Attempt(
        "set the host name",
        (FORBIDDEN,),
        lambda: socket.sethostname(same),
        (("sethostname", same.encode(), len(same)),),
        f"hostname {same}",
        _ADMINISTERED,
    )
    yield Attempt(
        "set the clock",
        (FORBIDDEN,),
        lambda: time.clock_settime(time.CLOCK_REALTIME, time.time()),
        (("settimeofday", 0, 0),),
        "date -s @$(date +%s)",
        _ADMINISTERED,
    )


def _shared(world: World) -> Iterator[Attempt]:
    """What programs of one user share without a file."""
    named = "share memory or messages with other programs"
    yield _raw("System V shared memory", (FORBIDDEN,), (("shmget", 0x7672, 4096, 0o1600),), named)
    yield _raw(
        "a POSIX message queue", (FORBIDDEN,), (("mq_open", b"vrdata", 0o102, 0o600, 0),), named
    )
    signal_of_files = ("fcntl", LAST, 8, world.supervisor)  # F_SETOWN
    yield _raw(
        "let a file signal another process",
        (FORBIDDEN,),
        (("openat", AT_FDCWD, b"/dev/null", 0, 0), signal_of_files),
        "let a file signal another process",
    )


def _numbers() -> Iterator[Attempt]:
    yield _raw("an unknown system call", (UNKNOWN,), ((1000, 0),))
    yield _raw("a negative system call", (UNKNOWN,), ((-5, 0),))
    if platform.machine() == "x86_64":
        yield _raw("socket of x32", (UNKNOWN,), ((_X32 + 41, 2, 1, 0),))
        yield _raw("ptrace of x32", (UNKNOWN,), ((_X32 + 521, 0, 0, 0, 0),))
        yield Attempt("socket of 32-bit x86", (UNKNOWN, "SIGSEGV"), lambda: _interrupted(359, 2))


def _raw(name: str, errors: tuple[str, ...], steps: tuple[Step, ...], named: str = "") -> Attempt:
    return Attempt(name, errors, lambda: make(steps), steps, named=named)


def _clone(flags: int) -> tuple[Step, ...]:
    return (("clone", flags, 0, 0, 0, 0),)


def _function(name: str, *arguments: object) -> None:
    """A function of libc."""
    if getattr(_libc, name)(*arguments) == -1:
        raise OSError(ctypes.get_errno(), name)


def _set_namespace(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        _function("setns", descriptor, 0)
    finally:
        os.close(descriptor)


def _capability() -> None:
    """Whether a program that belongs to root, or has file capabilities, gives any."""
    code = "print(open('/proc/self/status').read())"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True
    )
    facts = dict(line.split(":\t", 1) for line in done.stdout.splitlines() if ":\t" in line)
    if not int(facts["CapEff"], 16) and int(facts["NoNewPrivs"]):
        raise PermissionError(1, "no capabilities")


def _interrupted(number: int, first: int) -> object:
    """In a process of its own: a kernel without 32-bit calls ends it."""
    child = os.fork()
    if child == 0:
        code = 0
        try:
            by_interrupt(number, first)
        except OSError as error:
            code = error.errno or 1
        os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code < 0:
        raise InterruptedError(-code, "signal")
    if code:
        raise OSError(code, os.strerror(code))
    return None
