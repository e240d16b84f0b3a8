"""Sample what the Python code of a process does, by the CPU time that it uses.

A timer sends SIGPROF after each 10 ms of CPU time. Python runs a signal handler only between two
bytecodes, so after a long call of a library it runs late: a sample counts the CPU time of its
thread since the last one. While a library has released the interpreter (array arithmetic, video
encoding), a second thread takes the sample, at the line that waits.
"""

from __future__ import annotations

import _thread
import json
import os
import resource
import select
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from dis import opmap
from itertools import islice
from pathlib import Path
from time import clock_gettime_ns, pthread_getcpuclockid  # before they are replaced
from types import CodeType, FrameType
from typing import Any

NAME = "profile.json"
INTERVAL = 0.01  # seconds of CPU time
MAX_FRAMES = 80  # the innermost ones of a stack
MAX_KINDS = 20_000  # different stacks in memory
MAX_STACKS = 4000  # that are written
MAX_TEXT = 300  # characters of a name
_LATE_NS = int(INTERVAL * 1e9)
_BYTES = 4096
_RESUME = opmap.get("RESUME", -1)

_Stack = tuple[int, ...]  # code and instruction of each frame, the innermost first


class Sampler:
    """Samples all threads of this process that run Python code; used in the main thread."""

    def __init__(self) -> None:
        self._nanoseconds: dict[_Stack, int] = {}
        self._codes: dict[int, CodeType] = {}  # by id; kept, so that no other one gets it
        self._used: dict[int, int] = {}  # CPU time of each thread at its last sample
        self._samples = 0
        self._ended = _thread.allocate_lock()

    def begin(self) -> None:
        """Start the timer and the second thread."""
        self._pipe = reading, writing = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._process = os.getpid()
        self._main = _thread.get_ident()
        self._before = _usage()
        self._used = {self._main: _cpu_of(self._main)}
        self._handler = signal.signal(signal.SIGPROF, self._on_signal)
        signal.siginterrupt(signal.SIGPROF, False)
        self._wakeup = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        self._ended.acquire()
        self._second = _thread.start_new_thread(self._watch, (reading,))
        signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)

    def end(self) -> bool:
        """Stop both; False = nothing to stop, because this process is a copy of the sampled one."""
        if os.getpid() != self._process:
            return False
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.set_wakeup_fd(self._wakeup)
        signal.signal(signal.SIGPROF, self._handler)
        os.close(self._pipe[1])
        self._ended.acquire()  # the second thread has ended
        os.close(self._pipe[0])
        own, others = (now - then for now, then in zip(_usage(), self._before, strict=True))
        self.facts = {"cpuSeconds": own, "otherSeconds": others, "samples": self._samples}
        return True

    def described(self) -> dict[str, Any]:
        """The sampled stacks, those with most CPU time first, as JSON values."""
        places = _Places()
        order = sorted(self._nanoseconds.items(), key=lambda one: -one[1])
        stacks = [
            [used, [places.of(*pair) for pair in self._pairs(stack)]]
            for stack, used in order[:MAX_STACKS]
        ]
        return self.facts | {"names": list(places.names), "stacks": stacks}

    def _on_signal(self, _number: int, frame: FrameType | None) -> None:
        with suppress(RecursionError):  # not one of the generator
            if self._is_new() or _cpu_of(self._main) - self._used[self._main] >= _LATE_NS:
                self._take(frame)

    def _watch(self, reading: int) -> None:
        """Take the samples that the main thread cannot take, until the pipe is closed."""
        poller = select.poll()
        poller.register(reading, select.POLLIN)
        while poller.poll()[0][1] & select.POLLIN:
            if self._is_new():
                self._take(None)
        self._ended.release()

    def _is_new(self) -> bool:
        """Whether nobody has taken a sample since the last signal."""
        try:
            return bool(os.read(self._pipe[0], _BYTES))
        except OSError:
            return False

    def _take(self, frame: FrameType | None) -> None:
        """Sample each thread; `frame`: of the main thread, if it was interrupted."""
        self._samples += 1
        for thread, found in sys._current_frames().items():  # noqa: SLF001 - documented
            if thread == self._second:
                continue
            try:
                used = _cpu_of(thread)
            except OSError:  # it has ended
                continue
            passed = used - self._used.get(thread, 0)
            self._used[thread] = used
            if passed > 0:
                top = frame if frame is not None and thread == self._main else found
                self._add(self._stack(top), passed)

    def _add(self, stack: _Stack, passed: int) -> None:
        if stack not in self._nanoseconds and len(self._nanoseconds) >= MAX_KINDS:
            stack = ()
        self._nanoseconds[stack] = self._nanoseconds.get(stack, 0) + passed

    def _stack(self, frame: FrameType | None) -> _Stack:
        stack: list[int] = []
        while frame is not None and len(stack) < 2 * MAX_FRAMES:
            code = frame.f_code
            key = id(code)
            if key not in _OWN_CODES:
                self._codes.setdefault(key, code)
                stack += key, frame.f_lasti
            frame = frame.f_back
        return tuple(stack)

    def _pairs(self, stack: _Stack) -> Iterator[tuple[CodeType, int]]:
        for number, (key, at) in enumerate(zip(stack[::2], stack[1::2], strict=True)):
            code = self._codes[key]
            # A function that has not begun yet: the time passed in its caller.
            if number or at < 0 or code.co_code[at] != _RESUME or code.co_code[at + 1] & 3:
                yield code, at


@dataclass
class _Places:
    """Where instructions are; each name is written once."""

    names: dict[str, int] = field(default_factory=dict)
    known: dict[tuple[int, int], list[int]] = field(default_factory=dict)

    def of(self, code: CodeType, at: int) -> list[int]:
        """File and function (numbers of names), line, last line, column, last column."""
        key = id(code), at
        if key not in self.known:
            line, *others = next(islice(code.co_positions(), max(0, at // 2), None), (None,) * 4)
            names = [self._number(text) for text in (code.co_filename, code.co_name)]
            self.known[key] = [*names, line or code.co_firstlineno, *(one or 0 for one in others)]
        return self.known[key]

    def _number(self, text: str) -> int:
        short = text[-MAX_TEXT:].encode("utf-8", "replace").decode()
        return self.names.setdefault(short, len(self.names))


_OWN_CODES = frozenset(
    id(function.__code__)
    for function in (Sampler._on_signal, Sampler._is_new, Sampler._take)  # noqa: SLF001
)


def _cpu_of(thread: int) -> int:
    """CPU time of a thread that exists, in nanoseconds."""
    return clock_gettime_ns(pthread_getcpuclockid(thread))


def _usage() -> tuple[float, float]:
    """CPU seconds of this process, and of its processes that have ended."""
    own, others = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime, others.ru_utime + others.ru_stime


_start: dict[str, Any] = {}


def sampled_import(*, enabled: bool) -> AbstractContextManager[None]:
    """Sample the import of a generator in the template; its blocks write the result."""

    def keep(sampler: Sampler) -> None:
        _start.update(sampler.described(), cpuSeconds=sum(_usage()))

    return _sampled(keep) if enabled else nullcontext()


def sampled_block(folder: Path, *, enabled: bool) -> AbstractContextManager[None]:
    """Sample a block and write the result to a file in its folder."""

    def write(sampler: Sampler) -> None:
        text = json.dumps({"start": _start, "block": sampler.described()})
        with suppress(OSError):  # for example a full disk
            (folder / NAME).write_text(text)

    return _sampled(write) if enabled else nullcontext()


@contextmanager
def _sampled(use: Callable[[Sampler], None]) -> Iterator[None]:
    """Sample what the process does meanwhile; a copy of it uses no result."""
    sampler = Sampler()
    sampler.begin()
    try:
        yield
    finally:
        if sampler.end():
            use(sampler)
