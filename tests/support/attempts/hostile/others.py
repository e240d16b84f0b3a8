"""Attempts on other processes."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

from .attempt import CLOSED, FORBIDDEN, UNKNOWN, Attempt, World
from .raw import AT_FDCWD, LAST, Step, make

_FILES = ("environ", "mem", "maps")
_LINKS = ("root", "cwd", "fd/0", "exe")
_REACHED, _TRACED = "reach into another process", "trace another process"
_SIGNALLED = "signal another process"
_SLOWED = "slow down or limit another process"
_SEIZE = 0x4206


def attempts(world: World) -> Iterator[Attempt]:
    """Every attempt on other processes."""
    processes = {
        "process 1": 1,
        "the supervisor": world.supervisor,
        "the guard": world.guard,
        "the template": world.template,
        "another block": world.other,
    }
    for name, process in processes.items():
        if process:
            yield from _looks(name, process)
            yield from _calls(name, process)
            yield from _signals(name, process)
    yield _signal("signal every process", -1, _SIGNALLED)
    yield from _slowing("the supervisor", world.supervisor)
    yield from _slowing("process 1", 1)
    yield _slowing_all()


def _looks(name: str, process: int) -> Iterator[Attempt]:
    for file in _FILES:
        path = f"/proc/{process}/{file}"
        yield Attempt(
            f"{file} of {name}",
            (CLOSED, FORBIDDEN),
            lambda path=path: Path(path).open("rb").read(1),
            (("openat", AT_FDCWD, path.encode(), os.O_RDONLY, 0),),
            f"cat {path}",
        )
    for link in _LINKS:
        path = f"/proc/{process}/{link}"
        yield Attempt(
            f"{link} of {name}",
            (CLOSED, FORBIDDEN),
            lambda path=path: os.readlink(path),
            (("readlinkat", AT_FDCWD, path.encode(), bytes(100), 100),),
            f"readlink {path}",
        )


def _calls(name: str, process: int) -> Iterator[Attempt]:
    vector = bytes(16)
    calls: dict[str, tuple[tuple[Step, ...], str]] = {
        "ptrace": ((("ptrace", _SEIZE, process, 0, 0),), _TRACED),
        "process_vm_readv": (
            (("process_vm_readv", process, vector, 1, vector, 1, 0),),
            _REACHED,
        ),
        "pidfd_getfd": (
            (("pidfd_open", process, 0), ("pidfd_getfd", LAST, 0, 0)),
            _REACHED,
        ),
        "kcmp": ((("kcmp", process, os.getpid(), 0, 0, 0),), _TRACED),
    }
    for call, (steps, named) in calls.items():
        yield Attempt(
            f"{call} of {name}",
            (FORBIDDEN,),
            lambda steps=steps: make(steps),
            steps,
            named=named,
        )


def _signals(name: str, process: int) -> Iterator[Attempt]:
    # The filter knows these; Landlock refuses the others without a report.
    named = _SIGNALLED if name in ("the supervisor", "the guard") else ""
    yield _signal(f"signal {name}", process, named)

    def by_descriptor() -> None:
        descriptor = os.pidfd_open(process)
        signal.pidfd_send_signal(descriptor, signal.SIGCONT)

    yield Attempt(
        f"signal {name} by a descriptor",
        (FORBIDDEN, UNKNOWN),
        by_descriptor,
        (
            ("pidfd_open", process, 0),
            ("pidfd_send_signal", LAST, int(signal.SIGCONT), 0, 0),
        ),
    )
    for call, given in (("tkill", (process,)), ("tgkill", (process, process))):
        steps = ((call, *given, int(signal.SIGCONT)),)
        yield Attempt(
            f"{call} of {name}",
            (FORBIDDEN,),
            lambda steps=steps: make(steps),
            steps,
            named=named,
        )


def _signal(name: str, process: int, named: str) -> Attempt:
    """SIGCONT changes nothing if it is allowed; a kernel decides all signals alike."""
    return Attempt(
        name,
        (FORBIDDEN,),
        lambda: os.kill(process, signal.SIGCONT),
        (("kill", process, int(signal.SIGCONT)),),
        f"kill -CONT {process}",
        named,
    )


def _slowing(name: str, process: int) -> Iterator[Attempt]:
    yield Attempt(
        f"limits of {name}",
        (FORBIDDEN,),
        lambda: resource.prlimit(process, resource.RLIMIT_NOFILE),
        (("prlimit64", process, 7, 0, bytes(16)),),
        f"prlimit --pid {process} --nofile=1",
        _SLOWED,
    )
    yield Attempt(
        f"processors of {name}",
        (FORBIDDEN,),
        lambda: os.sched_setaffinity(process, {0, 1}),
        (("sched_setaffinity", process, 8, b"\x03" + bytes(7)),),
        f"taskset -p 1 {process}",
        _SLOWED,
    )
    yield Attempt(
        f"priority of {name}",
        (FORBIDDEN,),
        lambda: os.setpriority(os.PRIO_PROCESS, process, 19),
        (("setpriority", 0, process, 19),),
        f"renice -n 19 -p {process}",
        _SLOWED,
    )


def _slowing_all() -> Attempt:
    return Attempt(
        "priority of every process of the user",
        (FORBIDDEN,),
        lambda: os.setpriority(os.PRIO_USER, os.getuid(), 19),
        (("setpriority", 2, os.getuid(), 19),),
        f"renice -n 19 -u {os.getuid()}",
        _SLOWED,
    )
