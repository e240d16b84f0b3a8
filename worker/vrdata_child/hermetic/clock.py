"""A virtual clock: each reading advances it, so that time limits end at the same step everywhere.

A reading advances it by 100 µs. A generator that searches "for ten seconds" gets 100,000 readings
on every machine, more than existing generators use when they succeed. The supervisor limits the
real time.

Dates and the time of day are virtual for everybody, because they are written into content. The
clocks that measure durations are virtual only for the generator's own code: a library that waits
for a process with a time limit measures real time. No type is replaced: `datetime` keeps its
classes, so compiled libraries that derive from them (pandas) work and `isinstance` holds.
"""

from __future__ import annotations

import ctypes
import datetime as dt
import gc
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from vrdata_child.hermetic import caller

EPOCH_NS = 1_577_836_800 * 10**9  # 2020-01-01T00:00:00Z
STEP_NS = 100_000
PACE_NS = 1_000_000  # how far the clock runs ahead before it is compared with the real one

_real_sleep = time.sleep
_real_ns = time.monotonic_ns
_now_ns = EPOCH_NS
_paced_ns = EPOCH_NS  # the virtual and the real time of the last comparison
_paced_real_ns = 0
_block_process = 0
_main_thread = threading.get_ident()


def reset() -> None:
    """Set the clock to the epoch; called at the start of each block, in its process."""
    global _now_ns, _paced_ns, _paced_real_ns  # noqa: PLW0603 - one clock per process
    global _block_process, _main_thread  # noqa: PLW0603 - as above
    _main_thread = threading.get_ident()
    _now_ns = _paced_ns = EPOCH_NS
    _paced_real_ns = _real_ns()
    _block_process = os.getpid()


def read_ns() -> int:
    """The virtual time in nanoseconds, after one step."""
    # A library's own thread must not move the clock.
    if threading.get_ident() == _main_thread or caller.runs_generator():
        _advance(STEP_NS)
    return _now_ns


def waited(seconds: float) -> None:
    """Advance the clock by a wait that has really happened; not for a library's own thread."""
    if seconds > 0 and caller.runs_generator():
        _advance(int(seconds * 1e9))


def others_work() -> bool:
    """Whether other threads or processes of the generator work at the same time."""
    if threading.active_count() > 1 or (_block_process and os.getpid() != _block_process):
        return True
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _advance(nanoseconds: int) -> None:
    """Advance the clock; while others work, it never runs faster than the real one.

    Otherwise a generator that polls for five seconds would give up after milliseconds.
    """
    global _now_ns, _paced_ns, _paced_real_ns  # noqa: PLW0603 - one clock per process
    _now_ns += nanoseconds
    if _now_ns - _paced_ns < PACE_NS:
        return
    real = _real_ns()
    ahead = (_now_ns - _paced_ns) - (real - _paced_real_ns)
    if ahead > 0 and others_work():
        _real_sleep(ahead / 1e9)
        real = _real_ns()
    _paced_ns, _paced_real_ns = _now_ns, real


class _Sleep(caller.Replacement):
    """time.sleep; advances the clock, and really waits for a library or while others work."""

    def __call__(self, seconds: float, /) -> None:
        global _now_ns  # noqa: PLW0603 - one clock per process
        if caller.called_by_generator() and not others_work():
            if seconds < 0:
                raise ValueError("sleep length must be non-negative")
            _now_ns += int(seconds * 1e9)
            return
        _real_sleep(seconds)
        if not caller.called_by_standard_library():  # it polls an unknown number of times
            waited(seconds)


class _WallClock(caller.Replacement):
    """A clock that shows the time of day; virtual for everybody."""

    def __init__(self, original: Callable[[], Any], unit: type[int | float]) -> None:
        super().__init__(original)
        self._unit = unit

    def __call__(self) -> float:
        return read_ns() if self._unit is int else read_ns() / 1e9


class _Stopwatch(caller.Replacement):
    """A clock that measures durations; virtual for the generator's own code."""

    def __init__(self, original: Callable[[], Any], unit: type[int | float]) -> None:
        super().__init__(original)
        self._unit = unit

    def __call__(self) -> float:
        if not caller.called_by_generator():
            return self._original()  # type: ignore[no-any-return]
        return read_ns() if self._unit is int else read_ns() / 1e9


class _ClockById(caller.Replacement):
    """time.clock_gettime and its _ns form, as the clocks above."""

    def __init__(self, original: Callable[[int], Any], unit: type[int | float]) -> None:
        super().__init__(original)
        self._unit = unit

    def __call__(self, clock: int, /) -> float:
        if clock != time.CLOCK_REALTIME and not caller.called_by_generator():
            return self._original(clock)  # type: ignore[no-any-return]
        return read_ns() if self._unit is int else read_ns() / 1e9


class _Broken(caller.Replacement):
    """time.gmtime, localtime, ctime: without an argument, the virtual time."""

    def __call__(self, seconds: float | None = None, /) -> Any:
        return self._original(read_ns() / 1e9 if seconds is None else seconds)


class _Formatted(caller.Replacement):
    """time.strftime and asctime: without a time, the virtual local time."""

    def __init__(self, original: Callable[..., Any], arguments: int) -> None:
        super().__init__(original)
        self._arguments = arguments

    def __call__(self, *given: Any) -> Any:
        now = () if len(given) != self._arguments else (time.localtime(),)
        return self._original(*given, *now)


def install() -> None:
    """Replace the clocks of `time` and `datetime` in this process."""
    units: tuple[tuple[str, type[int | float]], ...] = (("", float), ("_ns", int))
    for suffix, unit in units:
        _replace(f"time{suffix}", _WallClock, unit)
        for name in ("monotonic", "perf_counter", "process_time", "thread_time"):
            _replace(f"{name}{suffix}", _Stopwatch, unit)
        _replace(f"clock_gettime{suffix}", _ClockById, unit)
    for name in ("gmtime", "localtime", "ctime"):
        _replace(name, _Broken)
    _replace("strftime", _Formatted, 1)
    _replace("asctime", _Formatted, 0)
    _replace("sleep", _Sleep)
    for kind, methods in ((dt.datetime, (now, utcnow, today)), (dt.date, (today,))):
        for method in methods:
            _replace_method(kind, method.__name__, classmethod(method))


def _replace(name: str, kind: Callable[..., object], *arguments: object) -> None:
    setattr(time, name, kind(getattr(time, name), *arguments))


def _replace_method(kind: type, name: str, method: object) -> None:
    """Replace a method of a built-in type in place, so that the type stays the same object.

    Only the proxy of such a type has a writable reference to the namespace.
    """
    namespace = gc.get_referents(kind.__dict__)[0]
    namespace[name] = method
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))


def now(cls: type[dt.datetime], tz: dt.tzinfo | None = None) -> dt.datetime:
    """The virtual time, in `tz` or in local time without one."""
    return cls.fromtimestamp(read_ns() / 1e9, tz)


def utcnow(cls: type[dt.datetime]) -> dt.datetime:
    """The virtual time in UTC, without a time zone."""
    return cls.fromtimestamp(read_ns() / 1e9, dt.UTC).replace(tzinfo=None)


def today(cls: type[dt.date]) -> dt.date:
    """The virtual day or, for datetime, the virtual local time."""
    return cls.fromtimestamp(read_ns() / 1e9)
