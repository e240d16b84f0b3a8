"""When the screen of a script is captured: a frame for each change, so the rate varies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

from vrdata.desktop.demo.desk import Act, Desk

REFRESH = 60
"""Refreshes of the screen per second; frames are captured at refreshes only."""
_EVERY, _JITTER = 3, 1  # refreshes between looks at the screen: 20 per second, not exact
_STILL = 10**9
_SECOND = 10**9


class Capture(NamedTuple):
    """A frame: nanoseconds since the recording began, and what the desktop shows."""

    pts: int
    desk: Desk


def captures(start: Desk, acts: Sequence[Act], end: int, draw: Random) -> Iterator[Capture]:
    """The frames of a script: one when the screen has changed, or has not for a second.

    Args:
        start: the desktop before the first act.
        acts: in the order of time.
        end: nanoseconds.
        draw: random numbers.
    """
    desk, rest = start, iter(acts)
    act = next(rest, None)
    last: Capture | None = None
    refresh = 1
    while (now := refresh * _SECOND // REFRESH) < end:
        while act is not None and act.at <= now:
            desk, act = desk.after(act), next(rest, None)
        if last is None or desk != last.desk or now - last.pts >= _STILL:
            last = Capture(now, desk)
            yield last
        refresh += _EVERY + draw.randint(-_JITTER, _JITTER)
