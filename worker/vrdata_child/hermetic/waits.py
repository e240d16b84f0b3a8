"""Waits of the standard library are real; one that times out advances the virtual clock.

Otherwise a loop that waits in steps ("for five seconds, wait 0.1 s for an answer") would take
thousands of steps: the virtual clock would not see its waits. A wait that ends early, because
something happened, does not advance the clock: how long it took differs between machines.
"""

from __future__ import annotations

import functools
import math
import select
import selectors
import subprocess
import threading
from collections.abc import Callable
from multiprocessing import synchronize
from typing import Any

from vrdata_child.hermetic import caller, clock

# asyncio computes its timeouts from the real clock: rounding up gives equal values every time.
GRAIN = 0.01  # seconds


def install() -> None:
    """Patch the functions that wait with a time limit, in this process."""
    for selector in _selectors():
        _patch(selector, "select", 1, lambda _, events: not events)
    _patch(threading.Condition, "wait", 1, lambda _, notified: not notified)
    _patch(synchronize.Condition, "wait", 1, lambda _, notified: not notified)
    _patch(threading.Thread, "join", 1, lambda thread, _: thread.is_alive())
    setattr(select, "select", _Select(select.select))  # noqa: B010 - mypy compares signatures
    setattr(subprocess.Popen, "wait", _process_wait(subprocess.Popen.wait))  # noqa: B010 - as above


def _selectors() -> list[type]:
    kinds = [kind for kind in vars(selectors).values() if isinstance(kind, type)]
    return [kind for kind in kinds if "select" in vars(kind) and kind is not selectors.BaseSelector]


def _patch(kind: type, name: str, position: int, timed_out: Callable[[Any, Any], bool]) -> None:
    original = getattr(kind, name)

    @functools.wraps(original)
    def wait(*arguments: Any, **named: Any) -> Any:
        result = original(*arguments, **named)
        given = arguments[position] if len(arguments) > position else named.get("timeout")
        if given is not None and timed_out(arguments[0], result):
            _waited(given)
        return result

    setattr(kind, name, wait)


def _process_wait(original: Callable[..., int]) -> Callable[..., int]:
    @functools.wraps(original)
    def wait(self: Any, timeout: float | None = None) -> int:
        try:
            return original(self, timeout)
        except subprocess.TimeoutExpired:
            _waited(timeout or 0)
            raise

    return wait


class _Select(caller.Replacement):
    """select.select, which is also used to sleep."""

    def __call__(self, *arguments: Any) -> Any:
        result = self._original(*arguments)
        if len(arguments) > 3 and arguments[3] is not None and not any(result):
            _waited(arguments[3])
        return result


def _waited(seconds: float) -> None:
    clock.waited(math.ceil(round(seconds / GRAIN, 6)) * GRAIN)
