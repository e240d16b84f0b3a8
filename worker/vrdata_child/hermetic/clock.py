"""A virtual clock: each reading advances it, so that time limits end at the same step everywhere.

A reading advances it by 100 µs. A generator that searches "for ten seconds" gets 100,000 readings
on every machine, more than existing generators use when they succeed. The supervisor limits the
real time.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from typing import Any

EPOCH_NS = 1_577_836_800 * 10**9  # 2020-01-01T00:00:00Z
STEP_NS = 100_000

_now_ns = EPOCH_NS


def reset() -> None:
    """Set the clock to the epoch; called at the start of each block."""
    global _now_ns  # noqa: PLW0603 - one clock per process
    _now_ns = EPOCH_NS


def read_ns() -> int:
    """The virtual time in nanoseconds, after one step."""
    global _now_ns  # noqa: PLW0603 - one clock per process
    _now_ns += STEP_NS
    return _now_ns


def sleep(seconds: float) -> None:
    """Advance the clock without waiting."""
    global _now_ns  # noqa: PLW0603 - one clock per process
    _now_ns += max(0, int(seconds * 1e9))


def install() -> None:
    """Replace the clocks of `time` and `datetime` in this process."""
    for name in ("time", "monotonic", "perf_counter", "process_time", "thread_time"):
        setattr(time, name, _seconds)
        setattr(time, f"{name}_ns", read_ns)
    setattr(time, "sleep", sleep)  # noqa: B010 - the type checker holds the original signature
    for name in ("gmtime", "localtime", "ctime"):
        setattr(time, name, _with_default(getattr(time, name)))
    original_strftime, localtime = time.strftime, time.localtime
    time.strftime = lambda format, t=None: original_strftime(  # noqa: A006 - the real name
        format, localtime() if t is None else t
    )
    dt.datetime = _VirtualDatetime  # type: ignore[misc]
    dt.date = _VirtualDate  # type: ignore[misc]


def _seconds() -> float:
    return read_ns() / 1e9


def _with_default(original: Callable[[float], Any]) -> Callable[..., Any]:
    def wrapper(seconds: float | None = None) -> Any:
        return original(_seconds() if seconds is None else seconds)

    return wrapper


class _VirtualDatetime(dt.datetime):
    """datetime; now, utcnow and today read the virtual clock."""

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> _VirtualDatetime:
        """The virtual time, in `tz` or in UTC without one (TZ is UTC in a child)."""
        return cls.fromtimestamp(_seconds(), tz)

    @classmethod
    def utcnow(cls) -> _VirtualDatetime:
        """The virtual time in UTC, without a time zone, as the original."""
        return cls.now()

    @classmethod
    def today(cls) -> _VirtualDatetime:
        """As now()."""
        return cls.now()


class _VirtualDate(dt.date):
    """date; today reads the virtual clock."""

    @classmethod
    def today(cls) -> _VirtualDate:
        """The virtual day."""
        return cls.fromtimestamp(_seconds())
