"""Put the events of one recording into bins of equal length. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from vrdata.desktop.recordings.event import Event

NANOSECONDS = 10**9
STATE_TOPIC = "screen"
ACTION_TOPICS = ("keyboard", "mouse")
DEFAULT_TOPICS = ("screen", "keyboard", "mouse")
MAX_BINS = 10_000_000
"""The most bins of a recording: 11 days at 10 bins a second. More come from a wrong clock."""


class TooManyBinsError(ValueError):
    """The timestamps of a recording are too far apart."""


class Bin(NamedTuple):
    """What happened in one interval.

    Attributes:
        bin_idx: from 0.
        timestamp_ns: the first nanosecond of the interval.
        state: the last screen event until its end, as stored; None = there was none yet.
        actions: its keyboard and mouse events, in order.
    """

    bin_idx: int
    timestamp_ns: int
    state: bytes | None
    actions: tuple[Event, ...]


@dataclass(frozen=True)
class Grid:
    """The edges of bins; exact, whatever the rate.

    Attributes:
        origin: time of the first event, nanoseconds.
        rate: bins a second.
    """

    origin: int
    rate: Fraction

    def index(self, timestamp_ns: int) -> int:
        """The bin of a time: the edge belongs to the bin that it begins."""
        rate = self.rate
        return (timestamp_ns - self.origin) * rate.numerator // (NANOSECONDS * rate.denominator)

    def start(self, index: int) -> int:
        """The first nanosecond of a bin."""
        return self.origin - (-index * NANOSECONDS * self.rate.denominator // self.rate.numerator)


def bins(events: Iterable[Event], rate: Fraction) -> Iterator[Bin]:
    """All bins from the first event to the last, also empty ones.

    Args:
        events: of one recording, in the order of time. Topics that begin with `screen` are states,
            with `keyboard` or `mouse` actions; others only extend the time.
        rate: bins a second.

    Raises:
        TooManyBinsError: more than `MAX_BINS`.
    """
    grid: Grid | None = None
    index, state, actions = 0, None, list[Event]()
    for event in events:
        if grid is None:
            grid = Grid(event.timestamp_ns, rate)
        found = grid.index(event.timestamp_ns)
        if found >= MAX_BINS:
            raise TooManyBinsError(f"{found + 1} bins at {rate} a second, more than {MAX_BINS}")
        while index < found:
            yield Bin(index, grid.start(index), state, tuple(actions))
            index += 1
            actions.clear()
        if event.topic.startswith(STATE_TOPIC):
            state = event.msg
        elif event.topic.startswith(ACTION_TOPICS):
            actions.append(event)
    if grid is not None:
        yield Bin(index, grid.start(index), state, tuple(actions))
